//! Every journal line of the uploader.

use std::fmt;
use std::time::Duration;

use super::trouble::{Fault, Line};
use super::verdict::Park;
use crate::model::Entry;

/// Most letters of a server's words in a line; all of them stand in the queue's record.
const MAX_WORDS: usize = 200;

/// A line to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Notice {
    /// The server has a report.
    Delivered {
        entry: Box<Entry>,
        receipt: String,
        took: Duration,
    },
    /// A report is to be tried again; `times` such since the last line.
    Later {
        entry: Box<Entry>,
        words: String,
        times: u64,
    },
    /// The server refused a report for good.
    Refused {
        entry: Box<Entry>,
        status: Option<u16>,
        words: String,
    },
    /// The server is down, or up again.
    Outage {
        line: Line,
        words: String,
        next: Duration,
    },
    /// Compressed bodies are sent, or not.
    Gzip(bool),
    /// The server's clock is so many seconds ahead of ours.
    ClockDiffers(i64),
    /// The clocks agree again.
    ClockAgrees,
    /// The queue does not do what it is asked.
    QueueFails { words: String, times: u64 },
    /// It does again.
    QueueWorks,
    /// An operator stopped uploads, or let them go on.
    Paused(bool),
}

impl Notice {
    /// Writes it; `host` names the server, and `waiting` reports wait for it.
    pub(super) fn write(&self, host: &str, waiting: u64) {
        match self {
            Self::Delivered { entry, receipt, took } => delivered(entry, receipt, *took, waiting),
            Self::Later { entry, words, times } => later(entry, words, *times),
            Self::Refused { entry, status, words } => refused(entry, *status, words),
            Self::Outage { line, words, next } => outage(host, line, words, *next, waiting),
            Self::Gzip(true) => gzip_on(host),
            Self::Gzip(false) => gzip_off(host),
            Self::ClockDiffers(ahead) => clock_differs(host, *ahead),
            Self::ClockAgrees => clock_agrees(),
            Self::QueueFails { words, times } => queue_fails(words, *times),
            Self::QueueWorks => queue_works(),
            Self::Paused(true) => paused(),
            Self::Paused(false) => resumed(),
        }
    }
}

fn delivered(entry: &Entry, receipt: &str, took: Duration, waiting: u64) {
    log::info!(target: "uploader", code = "U401", entry = entry.id.0, receipt = receipt, serial = entry.serial,
        report_id:% = entry.report_id, trace:% = entry.trace, took:% = Span(took), waiting = waiting;
        "delivered");
}

fn later(entry: &Entry, words: &str, times: u64) {
    log::warn!(target: "uploader", code = "U402", entry = entry.id.0, serial = entry.serial,
        report_id:% = entry.report_id, trace:% = entry.trace, attempts = entry.attempts + 1, times = times,
        cause:% = Words(words); "report not taken, it is tried again");
}

fn refused(entry: &Entry, status: Option<u16>, words: &str) {
    log::warn!(target: "uploader", code = "U403", entry = entry.id.0, serial = entry.serial,
        report_id:% = entry.report_id, trace:% = entry.trace, status = status.unwrap_or(0), cause:% = Words(words),
        next = "see: stationctl queue show, stationctl queue retry"; "report refused for good, kept as a dead letter");
}

fn outage(host: &str, line: &Line, words: &str, next: Duration, waiting: u64) {
    match line {
        Line::Down {
            fault,
            failures,
            since,
        } => {
            let (failures, since) = (*failures, Span(*since));
            match fault {
                Fault::Unreachable => unreachable(host, words, next, failures, since, waiting),
                Fault::Failing => failing(host, words, next, failures, since, waiting),
                Fault::Refusing(Park::Credentials) => credentials(host, words, failures, since, waiting),
                Fault::Refusing(Park::Path) => path(host, words, failures, since, waiting),
            }
        }
        Line::Up { failures, after } => {
            log::info!(target: "uploader", code = "U411", host = host, failures = failures, waiting = waiting;
                "server takes reports again after {}", Span(*after));
        }
    }
}

fn unreachable(host: &str, words: &str, next: Duration, failures: u64, since: Span, waiting: u64) {
    log::warn!(target: "uploader", code = "U410", host = host, failures = failures, since:% = since, waiting = waiting,
        cause:% = Words(words); "server not reachable, next try in {}, nothing is lost", Span(next));
}

fn failing(host: &str, words: &str, next: Duration, failures: u64, since: Span, waiting: u64) {
    log::warn!(target: "uploader", code = "U412", host = host, failures = failures, since:% = since, waiting = waiting,
        cause:% = Words(words); "server fails, next try in {}, nothing is lost", Span(next));
}

fn credentials(host: &str, words: &str, failures: u64, since: Span, waiting: u64) {
    log::error!(target: "uploader", code = "U420", host = host, failures = failures, since:% = since, waiting = waiting,
        cause:% = Words(words), next = "install a new token, then: systemctl restart stationd (with server.token_file a reload is enough)";
        "server refuses our credentials, uploads stopped");
}

fn path(host: &str, words: &str, failures: u64, since: Span, waiting: u64) {
    log::error!(target: "uploader", code = "U421", host = host, failures = failures, since:% = since, waiting = waiting,
        cause:% = Words(words), next = "correct server.url, then: systemctl reload stationd";
        "server does not know the address for reports, uploads stopped");
}

fn gzip_on(host: &str) {
    log::debug!(target: "uploader", code = "U413", host = host; "server takes compressed reports");
}

fn gzip_off(host: &str) {
    log::info!(target: "uploader", code = "U414", host = host; "server does not take compressed reports, they go as they are");
}

fn clock_differs(host: &str, ahead_s: i64) {
    let span = Span(Duration::from_secs(ahead_s.unsigned_abs()));
    let direction = if ahead_s > 0 { "behind" } else { "ahead of" };
    log::warn!(target: "uploader", code = "U415", host = host, next = "check the station's clock and its time server";
        "this station's clock is {span} {direction} the server's");
}

fn clock_agrees() {
    log::info!(target: "uploader", code = "U416"; "this station's clock agrees with the server's again");
}

fn queue_fails(words: &str, times: u64) {
    log::warn!(target: "uploader", code = "U430", times = times, cause:% = Words(words);
        "queue does not answer as it should, it is asked again");
}

fn queue_works() {
    log::info!(target: "uploader", code = "U431"; "queue answers again");
}

fn paused() {
    log::info!(target: "uploader", code = "U440", next = "to go on: stationctl resume"; "uploads paused");
}

fn resumed() {
    log::info!(target: "uploader", code = "U441"; "uploads go on");
}

/// A time as people say it: one or two digits and a unit.
#[derive(Debug, Clone, Copy)]
struct Span(Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        match seconds {
            0 => write!(f, "{:.2} s", self.0.as_secs_f64()),
            1..120 => write!(f, "{seconds} s"),
            120..7200 => write!(f, "{} min", seconds / 60),
            7200..172_800 => write!(f, "{} h", seconds / 3600),
            _ => write!(f, "{} days", seconds / 86_400),
        }
    }
}

/// A server's words on one line, cut to a length for people.
#[derive(Debug, Clone, Copy)]
struct Words<'a>(&'a str);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut letters = self.0.chars();
        for letter in letters.by_ref().take(MAX_WORDS) {
            if letter.is_control() {
                f.write_str(" ")?;
            } else {
                write!(f, "{letter}")?;
            }
        }
        if letters.next().is_some() {
            f.write_str("…")
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests;
