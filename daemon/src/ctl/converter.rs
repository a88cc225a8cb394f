//! `converter …`: the converters of the settings, and trying one out.

mod check;
mod formats;
mod list;
mod new;
mod run;
mod sign;
mod switch;
mod test;

use clap::Subcommand;

use super::context::Context;
use super::error::CtlError;
use crate::settings::Settings;

/// What to do with converters.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the converters of the settings with their figures
    List,
    /// List the built-in formats
    Formats,
    /// Check a converter without running it: settings, program, libraries, rights, signature, folders
    Check(check::Arguments),
    /// Run a converter of the settings in the real sandbox; nothing is queued
    Test(test::Arguments),
    /// The same, and list every file that the converter may not open; slower
    Explain(test::Arguments),
    /// Run a converter in the real sandbox, without settings or daemon; nothing is queued
    Run(Box<run::Arguments>),
    /// Sign a converter for `trusted_keys`, with a minisign key
    Sign(sign::Arguments),
    /// Write a converter to begin with, a sample file for it, and settings to try it with
    New(new::Arguments),
    /// Take up files of a converter again
    Enable(switch::Arguments),
    /// Leave the files of a converter where they are, until `enable` or the next start
    Disable(switch::Arguments),
}

pub(super) fn run(context: &Context, command: Command) -> Result<(), CtlError> {
    match command {
        Command::List => list::run(context),
        Command::Formats => formats::run(context),
        Command::Check(arguments) => check::run(context, &arguments),
        Command::Test(arguments) => test::run(context, &arguments, false),
        Command::Explain(arguments) => test::run(context, &arguments, true),
        Command::Run(arguments) => run::run(context, *arguments),
        Command::Sign(arguments) => sign::run(context, &arguments),
        Command::New(arguments) => new::run(context, &arguments),
        Command::Enable(arguments) => switch::run(context, &arguments, true),
        Command::Disable(arguments) => switch::run(context, &arguments, false),
    }
}

/// A name that no converter has.
fn unknown(settings: &Settings, name: &str) -> CtlError {
    let names: Vec<_> = settings
        .converters
        .iter()
        .map(|converter| converter.name.as_str())
        .collect();
    CtlError::Usage(format!(
        "no converter `{name}` in the settings; there are: {}",
        names.join(", ")
    ))
}
