//! `replay`: archived sources through their converter again.

mod moment;

use std::time::Duration;

use clap::Args;
use serde::Deserialize;
use serde_json::json;

use super::bar::Bar;
use super::client::Client;
use super::context::Context;
use super::error::CtlError;
use super::output::{self, Output, Tone};
use super::words::{count, visible};
use crate::control::{ReplayPart, ReplayResultPart};

/// First wait for news; doubled up to [`LONGEST_WAIT`], which the socket's rate limit has room for.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Which sources, and what to do with them.
#[derive(Debug, Args)]
#[command(
    after_help = "Sources are in the archive when their converter has after = \"archive\". Reports get the ids they had, \
                        so that the server replaces the earlier ones; Ctrl-C ends watching, not the replay."
)]
pub struct Arguments {
    /// Whose sources
    #[arg(long, value_name = "NAME", required_unless_present = "stop")]
    converter: Option<String>,
    /// Those archived since: 2026-11-21, 2026-11-21T08:00, with a zone, or 90m, 36h, 7d ago
    #[arg(long, value_name = "TIME", required_unless_present = "stop")]
    since: Option<String>,
    /// Those archived until, in the same forms [default: now]
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Convert and show what would be sent; queue nothing
    #[arg(long)]
    dry_run: bool,
    /// New ids for reports that have none of their own, so that the server keeps both
    #[arg(long)]
    new_ids: bool,
    /// End the replay that runs
    #[arg(long, conflicts_with_all = ["converter", "since", "until", "dry_run", "new_ids"])]
    stop: bool,
}

#[derive(Debug, Deserialize)]
struct Stopped {
    stopped: bool,
}

/// Exit code 1 when a source gave no report.
pub(super) fn run(context: &Context, arguments: &Arguments) -> Result<(), CtlError> {
    let mut client = context.client()?;
    if arguments.stop {
        let answer: Stopped = client.ask("replay.stop", &json!({}))?;
        let words = if answer.stopped {
            "stopped"
        } else {
            "no replay runs"
        };
        return context.show(&json!({ "stopped": answer.stopped }), |_| format!("{words}\n"));
    }
    let time = |text: &Option<String>| text.as_deref().map(moment::read).transpose();
    let order = json!({
        "converter": arguments.converter,
        "since": time(&arguments.since)?,
        "until": time(&arguments.until)?,
        "dry_run": arguments.dry_run,
        "new_ids": arguments.new_ids,
    });
    client.call("replay", &order)?;
    let replay = follow(context, &mut client, arguments.dry_run)?;
    if context.json() {
        output::write_json(&replay)?;
    } else {
        output::write(summary(&replay))?;
    }
    if replay.failed > 0 {
        return Err(CtlError::No);
    }
    Ok(())
}

/// Waits for the end, and writes what becomes of the sources on the way: each in a dry run, else what failed.
fn follow(context: &Context, client: &mut Client, each: bool) -> Result<ReplayPart, CtlError> {
    let (mut after, mut wait, mut results) = (0, FIRST_WAIT, Vec::new());
    let bar = Bar::new(context);
    loop {
        let mut replay: ReplayPart = client.ask("replay.status", &json!({ "after": after }))?;
        bar.clear();
        for result in replay.results.drain(..) {
            after = result.number;
            if context.json() {
                results.push(result);
            } else if each || result.end != "queued" {
                output::write(line(&result, context.output))?;
            }
        }
        let waits = match replay.waits.as_str() {
            "" => String::new(),
            why => format!(", waits: {}", visible(why)),
        };
        let words = format!("{} of {}{waits}", replay.done, replay.sources);
        bar.show(replay.done, replay.sources, &words);
        // One that was ended has at most one source under way, which is told by the journal.
        if !replay.running {
            replay.results = results;
            return Ok(replay);
        }
        pause(wait);
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

fn line(result: &ReplayResultPart, output: Output) -> String {
    let (word, tone) = match result.end.as_str() {
        "queued" => ("queued", Tone::Good),
        "would-queue" => ("would send", Tone::Good),
        "skipped" => ("skipped", Tone::Warn),
        "waiting" => ("waits", Tone::Warn),
        "gone" => ("gone", Tone::Warn),
        _ => ("failed", Tone::Bad),
    };
    let file = if result.file.is_empty() {
        "a source"
    } else {
        &result.file
    };
    let mut text = format!("{} {}", output.paint(tone, &format!("{word:<10}")), visible(file));
    let reports = result.reports.iter();
    for report in reports {
        text.push_str(&format_report(&report.serial, &report.report_id));
    }
    if result.reports.is_empty() && !result.reason.is_empty() {
        text.extend([": ", &visible(&result.reason)]);
    }
    text.push('\n');
    text
}

fn format_report(serial: &str, id: &uuid::Uuid) -> String {
    format!("\n           unit {}, report {id}", visible(serial))
}

fn summary(replay: &ReplayPart) -> String {
    if replay.sources == 0 {
        return "nothing was archived in that time\n\
                sources are archived when their converter has after = \"archive\"\n"
            .to_owned();
    }
    let what = if replay.dry_run {
        "would be queued"
    } else {
        "queued"
    };
    let stopped = if replay.done < replay.sources {
        ", stopped before the end"
    } else {
        ""
    };
    format!(
        "{} of {} replayed: {} {what}, {} failed{stopped}\n",
        replay.done,
        count(replay.sources, "source", "sources"),
        count(replay.reports, "report", "reports"),
        replay.failed
    )
}

#[expect(
    clippy::disallowed_methods,
    reason = "stationctl has no event loop: between two looks there is nothing to do"
)]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dry_run_names_each_report_and_a_failure_its_reason() {
        let result: ReplayResultPart = serde_json::from_value(json!({
            "number": 1, "file": "/srv/SN1.log", "archived": "2026-01-01T00:00:00Z", "end": "would-queue", "reason": "x",
            "reports": [{ "serial": "SN1\u{1b}[31m", "report_id": uuid::Uuid::nil() }],
        }))
        .unwrap();
        let text = line(&result, Output::plain(80));
        assert!(text.starts_with("would send /srv/SN1.log\n"), "{text}");
        assert!(text.contains("unit SN1\\u{1b}[31m, report 00000000-"), "{text}");
        let failed = ReplayResultPart {
            end: "failed".to_owned(),
            reports: Vec::new(),
            reason: "line 3".to_owned(),
            ..result
        };
        assert_eq!(
            line(&failed, Output::plain(80)),
            "failed     /srv/SN1.log: line 3\n"
        );
    }
}
