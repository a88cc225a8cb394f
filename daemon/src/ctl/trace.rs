//! `trace`: the whole way of a unit.

use std::ffi::OsString;
use std::path::Path;

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::json;
use stationd_actors::model::{EntryState, Outcome, ServerState, Shown};

use super::config;
use super::context::Context;
use super::error::CtlError;
use super::left_out::{self, LeftOut};
use super::output::{self, Output, Tone};
use super::silent;
use super::table::wrap;
use super::words::{bytes, count, local, visible};
use crate::control::{FailurePart, JobPart, Status, TracedPart, TracedReportPart};

/// Whose way.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Serial number of the unit, name or path of its file (as it is, or as the journal shows it), or report id
    #[arg(value_name = "SERIAL|FILE|REPORT_ID")]
    of: OsString,
    /// At most so many files, the newest first
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
}

/// The daemon's answer.
#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    found_by: Option<String>,
    traced: Vec<TracedPart>,
    /// A file that nobody saw since its converter does not take it; not the daemon's answer but found here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left_out: Option<LeftOut>,
}

/// Exit code 1 when nothing is known of it.
pub(super) fn run(context: &Context, arguments: &Arguments) -> Result<(), CtlError> {
    let asked = Path::new(&arguments.of);
    // What is no text goes as the journal shows it.
    let of = asked
        .to_str()
        .map_or_else(|| Shown(asked).to_string(), str::to_owned);
    let question = json!({ "of": of, "limit": arguments.limit });
    let mut client = context.client()?;
    let mut answer: Answer = client.ask("trace", &question)?;
    if answer.traced.is_empty() {
        // Settings that cannot be read are another command's to tell.
        if let Ok(mut settings) = config::load(context) {
            // The status, which the answer names, tells of those.
            let _silent = silent::leave_out(&mut settings);
            answer.left_out =
                left_out::find(&settings, asked).or_else(|| left_out::find(&settings, &Shown::read(&of)?));
        }
    }
    if context.json() {
        output::write_json(&answer)?;
    } else {
        let waits = answer.traced.iter().flat_map(|traced| &traced.reports);
        let status = if waits.clone().any(waits_for_the_server) {
            client.ask("status", &json!({}))?
        } else {
            Status::default()
        };
        output::write(render(&of, &answer, &status, context.output))?;
    }
    if answer.traced.is_empty() {
        return Err(CtlError::No);
    }
    Ok(())
}

fn waits_for_the_server(report: &TracedReportPart) -> bool {
    let entry = report.entry.as_ref();
    report.receipt.is_none() && entry.is_some_and(|entry| entry.state == EntryState::Ready)
}

/// What keeps every report from the server; none when nothing does.
fn what_keeps_all(status: &Status) -> Option<String> {
    let server = &status.server;
    if status.paused {
        return Some("until work goes on: stationctl resume".to_owned());
    }
    match (server.state, &server.down_since) {
        (ServerState::Parked, _) => Some(format!(
            "for the server, which refuses us: {}; stationctl doctor says what to do",
            server.last_error
        )),
        (ServerState::Failing, Some(since)) => Some(format!(
            "for the server, which fails since {}: {}; it is sent when the server works",
            local(since),
            server.last_error
        )),
        (ServerState::Unreachable, Some(since)) => Some(format!(
            "for the server, not reachable since {}: {}; it is sent when the server answers",
            local(since),
            server.last_error
        )),
        _ => None,
    }
}

/// `status` says what those wait for that wait.
fn render(of: &str, answer: &Answer, status: &Status, output: Output) -> String {
    if answer.traced.is_empty() {
        let lines = [
            format!(
                "nothing is known of {}: no report, serial number or file of that name",
                visible(of)
            ),
            match &answer.left_out {
                Some(LeftOut {
                    path,
                    converter,
                    reason,
                }) => format!(
                    "{} lies in the drop folder of converter {converter}, which does not take it; {reason}; correct the \
                     settings, then: systemctl reload stationd",
                    Shown(path)
                ),
                None => {
                    "a file that is still in its drop folder: stationctl status says why it waits".to_owned()
                }
            },
        ];
        return lines.map(|line| wrap(&line, output.width(), 2) + "\n").concat();
    }
    let mut story = Story {
        output,
        kept: what_keeps_all(status),
        text: String::new(),
    };
    for traced in &answer.traced {
        if let Some(job) = &traced.job {
            story.job(job);
        }
        for report in &traced.reports {
            story.report(report);
        }
        story.text.push('\n');
    }
    story.text.truncate(story.text.trim_end_matches('\n').len() + 1);
    story.text
}

/// The lines so far.
struct Story {
    output: Output,
    /// What keeps every report from the server.
    kept: Option<String>,
    text: String,
}

/// Columns of date and time, and of the word after it.
const MOMENT: usize = 21;
const WORD: usize = 11;

impl Story {
    fn line(&mut self, at: &str, word: &str, tone: Tone, words: &str) {
        let indent = MOMENT + WORD;
        let words = wrap(words, self.output.width(), indent);
        let word = self.output.paint(tone, &format!("{word:<WORD$}"));
        let line = format!("{:<MOMENT$}{word}{words}", local(at));
        self.text.push_str(line.trim_end_matches(' '));
        self.text.push('\n');
    }

    fn job(&mut self, job: &JobPart) {
        let title = self.output.paint(Tone::Strong, &visible(&job.path));
        self.text.extend([title.as_str(), "\n"]);
        let seen = format!(
            "{}, sha256 {:.16}, trace {}",
            bytes(job.source_size),
            job.source_sha256,
            job.trace
        );
        self.line(&job.seen, "seen", Tone::Plain, &seen);
        let tone = match job.end.as_str() {
            "converted" => Tone::Good,
            "failed" | "rejected" => Tone::Bad,
            _ => Tone::Warn,
        };
        let mut how = format!("by {} ({}), {} ms CPU", job.converter, job.program, job.cpu_ms);
        if !job.confinement.is_empty() {
            how.extend([", confinement ", &job.confinement]);
        }
        if !job.reason.is_empty() {
            how.push_str(": ");
            how.push_str(&job.reason);
        }
        self.line(&job.ended, &job.end, tone, &how);
        for denied in &job.denied {
            self.line(&job.ended, "refused", Tone::Bad, denied);
        }
        if tone == Tone::Bad {
            let next = format!(
                "the file lies in the error folder, with a .reason.json beside it; to try it without consequences: \
                 stationctl converter test {} FILE",
                job.converter
            );
            self.line("", "next", Tone::Plain, &next);
        }
    }

    fn report(&mut self, report: &TracedReportPart) {
        if let Some(entry) = &report.entry {
            let what = format!(
                "entry {}, unit {}, report {}",
                entry.id, entry.serial, entry.report_id
            );
            self.line(&entry.queued, "queued", Tone::Plain, &what);
        } else if let Some(receipt) = &report.receipt {
            let what = format!(
                "entry {}, unit {}, report {}",
                receipt.entry, receipt.serial, receipt.report_id
            );
            self.line(&receipt.queued, "queued", Tone::Plain, &what);
        }
        for failure in &report.failures {
            self.failure(failure);
        }
        if let Some(receipt) = &report.receipt {
            let (word, tone) = match receipt.outcome {
                Outcome::Delivered => ("delivered", Tone::Good),
                Outcome::Dropped => ("dropped", Tone::Bad),
                Outcome::Evicted => ("evicted", Tone::Bad),
            };
            let mut words = Vec::new();
            match receipt.attempts {
                0 => words.push("without a try".to_owned()),
                // Tries that failed for no fault of the report do not count: it need not be the first.
                1 => {}
                tries => words.push(format!("after {tries} tries")),
            }
            if !receipt.server_id.is_empty() {
                words.push(format!("receipt {}", receipt.server_id));
            }
            self.line(&receipt.at, word, tone, &words.join(", "));
        } else if let Some(entry) = &report.entry {
            let tries = match entry.attempts {
                0 => String::new(),
                tries => format!("; {} so far", count(tries.into(), "try", "tries")),
            };
            let (at, word, words) = match (entry.state, &self.kept) {
                (EntryState::Ready, Some(kept)) => ("", "waiting", format!("{kept}{tries}")),
                (EntryState::Ready, None) => match &entry.not_before {
                    Some(at) => (at.as_str(), "waiting", format!("for the next try then{tries}")),
                    None => (
                        "",
                        "waiting",
                        format!("for its turn; the server is not in trouble{tries}"),
                    ),
                },
                (EntryState::Leased, _) => ("", "sending", "on its way now".to_owned()),
                (EntryState::Dead, _) => (
                    "",
                    "refused",
                    format!(
                        "for good; correct the cause, then: stationctl queue retry {}",
                        entry.id
                    ),
                ),
            };
            self.line(at, word, Tone::Warn, &words);
        }
    }

    fn failure(&mut self, failure: &FailurePart) {
        let words = match failure.status {
            Some(status) => format!("status {status}: {}", failure.words),
            None => failure.words.clone(),
        };
        self.line(&failure.at, "tried", Tone::Warn, &words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Answer {
        serde_json::from_value(json!({"found_by": "serial", "traced": [{
            "job": {"id": "0000000000001234", "trace": "0af7651916cd43dd8448eb211c80319c", "path": "/srv/ict/SN1.csv",
                    "converter": "ict", "program": "builtin:csv", "source_sha256": "9f27c1".repeat(10), "source_size": 4301,
                    "seen": "2026-01-01T10:00:00.000Z", "started": "2026-01-01T10:00:00.100Z",
                    "ended": "2026-01-01T10:00:00.500Z", "cpu_ms": 12, "max_rss_kib": 3000, "end": "converted",
                    "reason": "location \"Hall 3\" (from the settings)"},
            "reports": [{"entry": null, "failures": [{"at": "2026-01-01T10:00:01Z", "status": null,
                         "words": "connection refused"}],
                         "receipt": {"entry": 7, "outcome": "delivered", "report_id": uuid::Uuid::nil(), "server_id": "S-1",
                                     "serial": "SN1", "queued": "2026-01-01T10:00:00.600Z", "at": "2026-01-01T10:02:00Z",
                                     "attempts": 2}}],
        }]}))
        .unwrap()
    }

    #[test]
    fn the_story_has_every_step_in_its_order_and_fits() {
        let text = render("SN1", &answer(), &Status::default(), Output::plain(80));
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        let mut rest = text.as_str();
        for step in [
            "/srv/ict/SN1.csv",
            "seen",
            "converted",
            "location",
            "queued",
            "tried",
            "refused",
            "delivered",
            "S-1",
        ] {
            rest = rest
                .split_once(step)
                .unwrap_or_else(|| panic!("{step} is missing in\n{text}"))
                .1;
        }
    }

    #[test]
    fn a_try_that_does_not_count_makes_none_the_first() {
        let mut answer = answer();
        for report in answer.traced.iter_mut().flat_map(|traced| &mut traced.reports) {
            report.receipt.as_mut().unwrap().attempts = 1;
        }
        let text = render("SN1", &answer, &Status::default(), Output::plain(80));
        assert!(text.contains("delivered  receipt S-1"), "{text}");
    }

    #[test]
    fn a_unit_that_nobody_saw_is_told_so() {
        let nothing = Answer {
            found_by: None,
            traced: Vec::new(),
            left_out: None,
        };
        assert!(
            render("SN9", &nothing, &Status::default(), Output::plain(80))
                .starts_with("nothing is known of SN9")
        );
    }
}
