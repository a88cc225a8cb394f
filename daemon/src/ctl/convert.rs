//! `convert`: a built-in parser in the sandbox, WSJF on standard output.

use std::path::PathBuf;

use clap::Args;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::value::RawValue;
use stationd_actors::clock;
use stationd_actors::converter::beside;
use stationd_converters::Format;
use stationd_sandbox::{JobSpec, PolicyMode, Program, TrustedKeys};

use super::context::Context;
use super::error::CtlError;
use super::job::{self, Job, open_input};
use super::limits::LimitArguments;
use super::output;
use super::table::{Align, Table, cut, wrap};
use super::verdict::Verdict;
use super::words::visible;

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
    /// Print where each member of each report came from, instead of the reports
    #[arg(long)]
    explain: bool,
    #[command(flatten)]
    limits: LimitArguments,
}

/// One member of a report, as the parser explains it.
#[derive(Debug, Deserialize)]
struct Explained {
    path: String,
    value: serde_json::Value,
    from: Option<String>,
}

/// An explanation is about so many times as long as the reports.
const EXPLANATION_FACTOR: u64 = 8;

/// Values are shown so far on every terminal; the members of deep steps leave less in eighty columns.
const VALUE_LEAST: usize = 24;

/// And no further in a pipe: attachments are values, too. The report has the whole.
const VALUE_MOST: usize = 60;

/// Writes one report as it is, many as an array. Nothing is filled in but the offsets of local times: that is the daemon's
/// part. What was decided where the file says nothing goes to standard error.
pub(super) fn run(context: &Context, arguments: Arguments) -> Result<(), CtlError> {
    check(arguments.format, &arguments.options)?;
    let zone = zone(&arguments.options)?;
    let mut limits = arguments.limits.limits();
    if arguments.explain {
        limits.output_bytes *= EXPLANATION_FACTOR;
    }
    let program = Program::Builtin {
        format: arguments.format,
    };
    let folder = beside::folder(&program, &arguments.file);
    let input = open_input(&arguments.file)?;
    let input =
        beside::input(input.into(), &arguments.file, folder.as_deref()).map_err(|cause| CtlError::Input {
            path: folder.unwrap_or_else(|| arguments.file.clone()),
            cause,
        })?;
    let spec = JobSpec {
        program,
        arguments: arguments.options,
        name: arguments.file.file_name().unwrap_or_default().to_owned(),
        limits: limits.clone(),
        readable: Vec::new(),
        explain: arguments.explain,
    };
    let ran = job::run(Job {
        spec,
        input,
        scratch: None,
        policy: PolicyMode::Require,
        keys: TrustedKeys::default(),
    });
    let verdict = Verdict::new(ran, &limits, &zone);
    if context.json() {
        output::write_json(&verdict)?;
    } else if arguments.format == Format::Wsjf && verdict.has_converted() && arguments.explain {
        output::write(
            "a report of this format passes through whole: each member is as it stands in the file\n",
        )?;
    } else if let Some(explanation) = &verdict.explanation {
        write_explanation(context, explanation)?;
    } else if verdict.has_converted() {
        write_reports(&verdict)?;
        if !verdict.reason.is_empty() {
            let decided = format!("decided: {}", visible(&verdict.reason));
            output::complain(wrap(&decided, context.output.width(), 2));
        }
    } else {
        output::complain(format_args!(
            "stationctl: {}",
            verdict.render(context.output).trim_end()
        ));
    }
    match verdict.result() {
        Ok(()) if verdict.has_converted() => Ok(()),
        Ok(()) => Err(CtlError::BadInput),
        failed => failed,
    }
}

/// Says everything that is wrong with the arguments at once, as `stationd --check` does.
fn check(format: Format, options: &str) -> Result<(), CtlError> {
    let options = serde_json::from_str(options).map_err(|error| CtlError::Usage(error.to_string()))?;
    let faults = stationd_converters::check_arguments(format, &options);
    if faults.is_empty() {
        return Ok(());
    }
    let faults = faults.iter().map(|fault| {
        format!(
            "arguments: {}: {}",
            visible(&fault.argument),
            visible(&fault.problem.to_string())
        )
    });
    Err(CtlError::Usage(faults.collect::<Vec<_>>().join("\n")))
}

/// The zone of local times: that of the arguments, else the machine's.
fn zone(options: &str) -> Result<TimeZone, CtlError> {
    let named =
        stationd_converters::time_zone(options).map_err(|error| CtlError::Usage(error.to_string()))?;
    let Some(name) = named else {
        return Ok(clock::zone());
    };
    TimeZone::get(&name).map_err(|_| {
        CtlError::Usage(format!(
            "arguments: time_zone: `{}` is not in this machine's time zone database; write it as Europe/Oslo",
            visible(&name)
        ))
    })
}

fn write_reports(verdict: &Verdict) -> Result<(), CtlError> {
    match verdict.reports.as_slice() {
        [report] => output::write(format_args!("{}\n", report.get())),
        reports => output::write_json(&reports),
    }
}

/// A table for each report.
fn write_explanation(context: &Context, explanation: &RawValue) -> Result<(), CtlError> {
    let reports: Vec<Vec<Explained>> =
        serde_json::from_str(explanation.get()).map_err(|error| CtlError::Answer(error.to_string()))?;
    for (at, members) in reports.into_iter().enumerate() {
        let mut table = Table::new([
            ("MEMBER", Align::Left),
            ("VALUE", Align::CutTo(VALUE_LEAST)),
            ("FROM", Align::Left),
        ]);
        for member in members {
            let from = member.from.unwrap_or_else(|| "(made or computed)".to_owned());
            let value = cut(&visible(&member.value.to_string()), VALUE_MOST);
            table.row([member.path.into(), value.into(), visible(&from).into()]);
        }
        let gap = if at == 0 { "" } else { "\n" };
        output::write(format_args!("{gap}{}", table.render(context.output)))?;
    }
    Ok(())
}

/// Checks that `text` is a JSON object.
pub(super) fn json_object(text: &str) -> Result<String, serde_json::Error> {
    serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).map(|_| text.to_owned())
}
