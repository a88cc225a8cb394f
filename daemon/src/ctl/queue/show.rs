//! `queue show`: one entry with its report.

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;
use stationd_actors::model::EntryState;

use crate::control::EntryPart;
use crate::ctl::context::Context;
use crate::ctl::error::CtlError;
use crate::ctl::one_line::on_one_line;
use crate::ctl::output;
use crate::ctl::words::{bytes, local, visible};

/// Which entry.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Number of the entry, as `queue list` shows it
    #[arg(value_parser = super::entry)]
    entry: u64,
    /// Write the report alone, exactly as it is sent
    #[arg(long)]
    report: bool,
}

/// The daemon's answer.
#[derive(Debug, Deserialize)]
struct Answer {
    entry: EntryPart,
    document: String,
}

/// What programs get: the report as JSON, not as text.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    entry: &'a EntryPart,
    report: &'a RawValue,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> Result<(), CtlError> {
    let question = json!({ "entry": arguments.entry });
    let answer: Answer = context.client()?.ask("queue.show", &question)?;
    if arguments.report {
        return output::write_bytes(answer.document.as_bytes());
    }
    if context.json() {
        let document = on_one_line(&answer.document);
        let report = serde_json::from_str(&document).map_err(|error| CtlError::Answer(error.to_string()))?;
        return output::write_json(&Shown {
            entry: &answer.entry,
            report,
        });
    }
    output::write(render(&answer.entry))
}

fn state(state: EntryState) -> &'static str {
    match state {
        EntryState::Ready => "waits for its turn",
        EntryState::Leased => "on its way to the server",
        EntryState::Dead => "refused for good; correct the cause, then: stationctl queue retry",
    }
}

fn render(entry: &EntryPart) -> String {
    let failure = entry
        .last
        .as_ref()
        .map(|failure| format!("{}: {}", local(&failure.at), failure.words));
    [
        ("entry", Some(entry.id.to_string())),
        (
            "unit",
            Some(format!("{} (part {})", entry.serial, entry.part_number)),
        ),
        ("report", Some(entry.report_id.to_string())),
        ("size", Some(bytes(entry.document_bytes))),
        (
            "converter",
            Some(format!(
                "{}, priority {}",
                entry.converter,
                u8::from(entry.priority)
            )),
        ),
        ("job", Some(entry.job.clone())),
        ("trace", Some(entry.trace.clone())),
        ("queued", Some(local(&entry.queued))),
        ("state", Some(state(entry.state).to_owned())),
        ("next try", entry.not_before.as_deref().map(local)),
        ("tries", Some(entry.attempts.to_string())),
        ("failure", failure),
        (
            "document",
            Some(format!("stationctl queue show {} --report", entry.id)),
        ),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some(format!("{name:<12}{}\n", visible(&value?))))
    .collect()
}
