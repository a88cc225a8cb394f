//! From the command line to the exit code.

use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;

use super::arguments::{Arguments, Command};
use super::context::Context;
use super::error::CtlError;
use super::output::{self, Output};
use super::{
    completions, config, control, convert, converter, doctor, health, log_level, manual, metrics, queue,
    receiver, replay, status, trace, version,
};
use crate::causes::joined;
use crate::exit::Exit;

/// Runs stationctl with the arguments of this process.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version come as errors too; where they cannot be written there is nobody to tell.
            let answer = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            let _unheard = if !answer && std::env::args_os().any(|word| word == "--json") {
                output::write_json(&usage(&error).to_json()).is_err()
            } else {
                error.print().is_err()
            };
            return if answer {
                ExitCode::SUCCESS
            } else {
                Exit::Usage.into()
            };
        }
    };
    let context = Context::new(arguments.global, Output::of_process());
    match run(&context, arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&context, &error);
            ExitCode::from(error.exit_code())
        }
    }
}

/// What is wrong with the command line, without the usage that is for people.
fn usage(error: &clap::Error) -> CtlError {
    let text = error.render().to_string();
    let said = text
        .split("\n\n")
        .next()
        .and_then(|text| text.strip_prefix("error: "));
    let words: Vec<_> = said
        .or(error.kind().as_str())
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    CtlError::Usage(words.join(" "))
}

fn run(context: &Context, command: Command) -> Result<(), CtlError> {
    match command {
        Command::Status(arguments) => status::run(context, &arguments),
        Command::Trace(arguments) => trace::run(context, &arguments),
        Command::Replay(arguments) => replay::run(context, &arguments),
        Command::Queue(command) => queue::run(context, &command),
        Command::Converter(command) => converter::run(context, command),
        Command::Convert(arguments) => convert::run(context, arguments),
        Command::Health => health::run(context),
        Command::Pause => control::order(context, "pause", "paused until: stationctl resume"),
        Command::Resume => control::order(context, "resume", "working again"),
        Command::Rescan => control::order(context, "rescan", "looking through all drop folders"),
        Command::Reload => control::reload(context),
        Command::Config(command) => config::run(context, command),
        Command::Doctor => doctor::run(context),
        Command::Metrics => metrics::run(context),
        Command::LogLevel(arguments) => log_level::run(context, &arguments),
        Command::Version => version::run(context),
        Command::Receiver(arguments) => receiver::run(context, arguments),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Manual(arguments) => manual::run(context, &arguments),
    }
}

/// Says what went wrong and what to do: for people on standard error, for programs on standard output too.
fn tell(context: &Context, error: &CtlError) {
    // These have said it already, or have nobody to say it to.
    if matches!(
        error,
        CtlError::No | CtlError::NotRun(_) | CtlError::BadInput | CtlError::ReaderGone
    ) {
        return;
    }
    if context.json() {
        // The exit code says it as well.
        let _unheard = output::write_json(&error.to_json()).is_err();
        return;
    }
    output::complain(format!("stationctl: {}", joined(error)));
    if let Some(remedy) = error.remedy() {
        output::complain(format!("  {remedy}"));
    }
}

#[cfg(test)]
mod tests;
