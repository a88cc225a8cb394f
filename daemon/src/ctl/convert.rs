//! `convert`: a built-in parser in the sandbox, WSJF on standard output.

use std::path::PathBuf;

use clap::Args;
use stationd_converters::Format;
use stationd_sandbox::{JobSpec, Limits, PolicyMode, Program, TrustedKeys};

use super::context::Context;
use super::error::CtlError;
use super::job::{self, Job, open_input};
use super::output;
use super::verdict::Verdict;

/// What to convert.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Built-in format, as `converter formats` lists them
    format: Format,
    /// The file
    file: PathBuf,
    /// The converter's arguments, a JSON object
    #[arg(long = "arguments", value_name = "JSON", default_value = "{}", value_parser = json_object)]
    options: String,
}

/// Writes one report as it is, many as an array. Nothing is filled in: that is the daemon's part.
pub(super) fn run(context: &Context, arguments: Arguments) -> Result<(), CtlError> {
    let limits = Limits::default();
    let input = open_input(&arguments.file)?;
    let spec = JobSpec {
        program: Program::Builtin {
            format: arguments.format,
        },
        arguments: arguments.options,
        name: arguments.file.file_name().unwrap_or_default().to_owned(),
        limits: limits.clone(),
        readable: Vec::new(),
        explain: false,
    };
    let ran = job::run(Job {
        spec,
        input,
        scratch: None,
        policy: PolicyMode::Require,
        keys: TrustedKeys::default(),
    });
    let verdict = Verdict::new(ran, &limits);
    if context.json() {
        output::write_json(&verdict)?;
    } else if verdict.has_converted() {
        write_reports(&verdict)?;
    } else {
        output::complain(format_args!(
            "stationctl: {}",
            verdict.render(context.output).trim_end()
        ));
    }
    match verdict.result() {
        Ok(()) if verdict.has_converted() => Ok(()),
        Ok(()) | Err(CtlError::No) => Err(CtlError::BadInput),
        failed => failed,
    }
}

fn write_reports(verdict: &Verdict) -> Result<(), CtlError> {
    match verdict.reports.as_slice() {
        [report] => output::write(format_args!("{}\n", report.get())),
        reports => output::write_json(&reports),
    }
}

/// Checks that `text` is a JSON object.
pub(super) fn json_object(text: &str) -> Result<String, serde_json::Error> {
    serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).map(|_| text.to_owned())
}
