//! The status screen of a running daemon.

use stationd_actors::model::{ConverterState, ServerState, UnixMs};

use crate::control::{ConverterPart, Status, Verdict};
use crate::ctl::output::{Output, Tone};
use crate::ctl::table::{Align, Cell, Table, wrap};
use crate::ctl::words::{ago, bytes, local, of_an_hour, span, until};

pub(super) fn render(status: &Status, output: Output, now: UnixMs) -> String {
    let verdict = status.verdict();
    let mut text = format!(
        "{} {}, up {}: {}\n\n",
        output.paint(Tone::Strong, &format!("stationd {}", status.version)),
        status.station,
        span(status.uptime_s),
        output.paint(tone(verdict), verdict.words()),
    );
    for (name, words) in [
        ("station", status.description.clone()),
        ("server", server(status, now)),
        ("queue", queue(status)),
        ("sandbox", sandbox(status)),
    ] {
        if words.is_empty() {
            continue;
        }
        let words = wrap(&words, output.width(), LABEL);
        text.push_str(&output.paint(Tone::Faint, &format!("{name:<LABEL$}")));
        text.push_str(&words);
        text.push('\n');
    }
    if !status.converters.is_empty() {
        text.push('\n');
        text.push_str(&converters(&status.converters, output));
    }
    text.push_str(&problems(status, output, now));
    text
}

/// Columns of the names at the left.
const LABEL: usize = 10;

/// Lines of the journal on the screen.
const RECENT: usize = 4;

fn tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Working => Tone::Good,
        Verdict::Paused | Verdict::Degraded => Tone::Warn,
        Verdict::NeedsYou => Tone::Bad,
    }
}

fn server(status: &Status, now: UnixMs) -> String {
    let server = &status.server;
    let state = match server.state {
        ServerState::Unknown => "nothing sent yet",
        ServerState::Reachable => "reachable",
        ServerState::Unreachable => "not reachable",
        ServerState::Failing => "fails, takes no reports",
        ServerState::Parked => "refuses us, uploads are stopped",
    };
    let mut words = format!("{} {state}", server.address);
    if let Some(since) = &server.down_since {
        words.extend([" since ", &local(since), ", ", &ago(since, now)]);
    }
    if let Some(at) = &server.last_ok {
        words.extend(["; last answer ", &ago(at, now)]);
    }
    if let Some(wait) = server.next_try.as_deref().and_then(|at| until(at, now)) {
        words.extend(["; next try in ", &wait]);
    }
    words
}

fn queue(status: &Status) -> String {
    let queue = &status.queue;
    let limit = match queue.max_size {
        0 => String::new(),
        limit => format!(" of {limit}"),
    };
    let oldest = match queue.oldest_age_s {
        0 => String::new(),
        age => format!(", the oldest for {}", span(age)),
    };
    let damaged = match queue.damaged {
        0 => String::new(),
        damaged => format!(", {damaged} damaged"),
    };
    format!(
        "{}{limit} waiting{oldest}, {} on the way, {} refused{damaged}, {} delivered ({} in the last {}); {} of {}",
        queue.ready,
        queue.leased,
        queue.dead,
        queue.done_total,
        queue.delivered_last_hour,
        of_an_hour(queue.last_hour_s),
        bytes(queue.bytes),
        bytes(queue.map_bytes),
    )
}

fn sandbox(status: &Status) -> String {
    let level = status
        .sandbox
        .level
        .map_or_else(|| "unknown".to_owned(), |level| level.to_string());
    let mut words = match status.sandbox.landlock_abi {
        0 => format!("{level}: seccomp without Landlock"),
        abi => format!("{level}: Landlock {abi} and seccomp"),
    };
    if !status.sandbox.daemon_confined {
        words.push_str("; the daemon itself has no layer");
    }
    if status.sandbox.signatures {
        words.push_str(", signed converters only");
    }
    if !status.sandbox.trusted.is_empty() {
        words.extend(["; unconfined: ", &status.sandbox.trusted.join(", ")]);
    }
    words
}

pub(in crate::ctl) fn converters(converters: &[ConverterPart], output: Output) -> String {
    let mut table = Table::new([
        ("converter", Align::Cut),
        ("state", Align::Left),
        ("waiting", Align::Right),
        ("running", Align::Right),
        ("converted", Align::Right),
        ("skipped", Align::Right),
        ("failed", Align::Right),
    ]);
    for ConverterPart { status, waiting } in converters {
        let (state, tone) = match status.state {
            _ if !status.enabled => ("off", Tone::Faint),
            ConverterState::Idle => ("idle", Tone::Plain),
            ConverterState::Busy => ("busy", Tone::Good),
            ConverterState::Disabled => ("off", Tone::Faint),
            ConverterState::Blocked => ("blocked", Tone::Bad),
        };
        let failed = if status.failed > 0 {
            Tone::Warn
        } else {
            Tone::Plain
        };
        table.row([
            (&status.name).into(),
            Cell::toned(state, tone),
            waiting.into(),
            status.in_flight.into(),
            status.ok.into(),
            status.skipped.into(),
            Cell::toned(status.failed, failed),
        ]);
    }
    table.render(output)
}

fn problems(status: &Status, output: Output, now: UnixMs) -> String {
    let mut text = String::new();
    for problem in &status.problems {
        let line = wrap(problem, output.width(), 2);
        text.extend(["\n", &output.paint(Tone::Warn, "!"), " ", &line]);
    }
    if status.paused {
        text.push_str("\npaused: no files are taken up and nothing is sent until: stationctl resume");
    }
    if !status.recent.is_empty() {
        text.push_str(if text.is_empty() {
            "\nlately:"
        } else {
            "\n\nlately:"
        });
    }
    for told in status.recent.iter().take(RECENT) {
        let tone = if told.level == "error" {
            Tone::Bad
        } else {
            Tone::Warn
        };
        let at = ago(&told.at, now);
        let line = wrap(&format!("{at}: {}", told.brief), output.width(), 4);
        text.extend(["\n    ", &output.paint(tone, &line)]);
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_screen_fits_80_columns_and_names_what_is_wrong() {
        let status: Status = serde_json::from_value(json!({
            "version": "0.1.0", "station": "ICT-L2", "uptime_s": 187_200,
            "server": {"address": "https://w.de", "state": "unreachable", "breaker": "open",
                       "last_ok": "2026-01-01T00:00:00Z", "next_try": "2026-01-01T00:01:25Z",
                       "last_error": "connection refused"},
            "converters": [{"name": "a-converter-with-a-name-that-is-far-too-long-for-this", "enabled": true,
                            "state": "busy", "problem": "", "ok": 812, "skipped": 1, "failed": 3, "in_flight": 2,
                            "waiting": 12}],
            "sandbox": {"policy": "require", "level": "full", "landlock_abi": 7},
            "paused": false, "problems": ["server: connection refused, which is said at some length so that it wraps"],
        }))
        .unwrap();
        let screen = render(&status, Output::plain(80), UnixMs(1_767_225_660_000));
        assert!(screen.lines().all(|line| line.chars().count() <= 80), "{screen}");
        assert!(
            screen.contains("not reachable; last answer 1 min ago; next try in 25 s"),
            "{screen}"
        );
        assert!(screen.contains("degraded"), "{screen}");
        assert!(screen.contains("! server: connection refused"), "{screen}");
    }
}
