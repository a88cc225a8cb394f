//! `config …`: the settings, as the daemon has them or as the files say.

mod check;
mod get;
mod repair;
mod show;
mod upgrade;

use std::path::PathBuf;

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::context::Context;
use super::error::CtlError;
use super::output;
use crate::control::Status;
use crate::settings::{self, Account, LoadOptions, Settings};

/// What to do with the settings.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check the files: a summary, or every fault with file, line, key and what is allowed
    Check,
    /// Show every value in force with its origin, secrets hidden
    Show,
    /// Show one value in force
    Get(get::Arguments),
    /// Write the JSON Schema of a settings file
    Schema,
    /// Upgrade settings of schema 1.0 in their place; the old file is kept as .bak
    Upgrade {
        /// The file; else the one of the daemon
        file: Option<PathBuf>,
    },
    /// Put the backup (.bak) of a damaged settings file in its place; the damaged file is kept
    Repair {
        /// The file; else the one of the daemon
        file: Option<PathBuf>,
    },
}

pub(super) fn run(context: &Context, command: Command) -> Result<(), CtlError> {
    match command {
        Command::Check => check::run(context),
        Command::Show => show::run(context),
        Command::Get(arguments) => get::run(context, &arguments),
        Command::Schema => output::write_json(&settings::schema()),
        Command::Upgrade { file } => upgrade::run(context, &to_change(context, file)?),
        Command::Repair { file } => repair::run(context, &to_change(context, file)?),
    }
}

/// The file that is to be changed, which must be there: what is not is no fault of the settings.
fn to_change(context: &Context, named: Option<PathBuf>) -> Result<PathBuf, CtlError> {
    let path = named.unwrap_or_else(|| file(context));
    match std::fs::metadata(&path) {
        Ok(_) => Ok(path),
        Err(cause) => Err(CtlError::Input { path, cause }),
    }
}

/// A value and where it comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Shown {
    value: Value,
    origin: String,
}

/// Reads and checks the files, with this process's environment.
pub(super) fn load(context: &Context) -> Result<Settings, CtlError> {
    settings::load(&options(context)).map_err(CtlError::Settings)
}

/// Which file [`load`] reads.
pub(super) fn file(context: &Context) -> PathBuf {
    options(context).path().to_owned()
}

/// The file named on the command line, else the one the running daemon reads, else the usual one.
pub(super) fn options(context: &Context) -> LoadOptions {
    let named = context.global.config.clone();
    let ask = || -> Option<Status> { context.client_if_reachable()?.ask("status", &json!({})).ok() };
    let running = if named.is_none() { ask() } else { None };
    let daemon = running
        .as_ref()
        .and_then(|status| Account::of_process(status.pid));
    let of_daemon = running
        .map(|status| status.settings_file)
        .filter(|file| file.exists());
    LoadOptions::of_operator(named.or(of_daemon), daemon)
}

/// The values in force: the daemon's, or those of the files when one is named or no daemon is there.
fn in_force(context: &Context) -> Result<Map<String, Value>, CtlError> {
    let values = if context.global.config.is_some() {
        load(context)?.values.json()
    } else {
        match context.client() {
            Ok(mut client) => client.call("config.show", &json!({}))?,
            Err(CtlError::Unreachable { .. }) => {
                output::complain("stationd is not reachable; this is what the settings file says");
                load(context)?.values.json()
            }
            Err(error) => return Err(error),
        }
    };
    super::client::read_as(values)
}
