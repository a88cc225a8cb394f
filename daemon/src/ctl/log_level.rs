//! `log-level`: which lines the daemon writes.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::context::Context;
use super::error::CtlError;

/// Which lines.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The least important ones that are written
    level: Level,
}

/// How important a line is.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Level {
    /// Someone must act, or data was lost
    Error,
    /// Degraded, recovers alone
    Warn,
    /// Start, stop, one line for each finished thing
    Info,
    /// Steps
    Debug,
    /// Everything
    Trace,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> Result<(), CtlError> {
    let level = match arguments.level {
        Level::Error => "error",
        Level::Warn => "warn",
        Level::Info => "info",
        Level::Debug => "debug",
        Level::Trace => "trace",
    };
    let answer: Value = context
        .client()?
        .call("log.set_level", &json!({ "level": level }))?;
    context.show(&answer, |_| {
        format!("level {level} until the next start or reload\n")
    })
}
