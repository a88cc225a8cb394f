//! `converter …`: the converters of the settings, and trying one out.

mod formats;
mod list;
mod run;
mod switch;

use clap::Subcommand;

use super::context::Context;
use super::error::CtlError;

/// What to do with converters.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the converters of the settings with their figures
    List,
    /// List the built-in formats
    Formats,
    /// Run a converter in the real sandbox, without settings or daemon; nothing is queued
    Run(Box<run::Arguments>),
    /// Take up files of a converter again
    Enable(switch::Arguments),
    /// Leave the files of a converter where they are, until `enable` or the next start
    Disable(switch::Arguments),
}

pub(super) fn run(context: &Context, command: Command) -> Result<(), CtlError> {
    match command {
        Command::List => list::run(context),
        Command::Formats => formats::run(context),
        Command::Run(arguments) => run::run(context, *arguments),
        Command::Enable(arguments) => switch::run(context, &arguments, true),
        Command::Disable(arguments) => switch::run(context, &arguments, false),
    }
}
