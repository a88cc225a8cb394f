//! From what came of a request to what becomes of the report, and what it tells of the server.

use std::time::Duration;

use rand::Rng;

use super::answers::{self, Meaning};
use super::backoff;
use crate::messages::queue::Verdict;
use crate::messages::transport::{Answer, Outcome};
use crate::model::{Entry, Refusal, UnixMs};

/// When a report is tried again, and how often.
#[derive(Debug, Clone, Copy)]
pub(super) struct Retries {
    /// First delay of the backoff.
    pub(super) base: Duration,
    /// Longest delay of the backoff.
    pub(super) max: Duration,
    /// Attempts before the report is given up; 0 means no limit.
    pub(super) attempts: u32,
}

/// Why uploads are parked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Park {
    /// The server refuses our credentials.
    Credentials,
    /// The server does not know the path, or sends us elsewhere.
    Path,
}

/// What a request tells of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sign {
    /// It works, whatever it says of the report.
    Works,
    /// It answered that it cannot now, or not at all after sending began. The report itself may be the reason.
    Fails {
        /// The pause it asks for.
        retry_after: Option<Duration>,
    },
    /// It was not reached.
    Unreachable,
    /// It does not want us.
    Refuses(Park),
}

/// What becomes of a report after a request, and what the request tells of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ruling {
    pub(super) verdict: Verdict,
    pub(super) sign: Sign,
    /// HTTP status, where there was an answer.
    pub(super) status: Option<u16>,
    /// What failed, in words; empty for a success.
    pub(super) words: String,
}

impl Ruling {
    /// What failed, with the status where there was an answer.
    pub(super) fn said(&self) -> String {
        self.status
            .map_or_else(|| self.words.clone(), |status| said(status, &self.words))
    }
}

/// The status of an answer, and its words where it has any.
pub(super) fn said(status: u16, words: &str) -> String {
    let alone = format!("HTTP status {status}");
    if words.is_empty() || words == alone {
        alone
    } else {
        format!("{alone}: {words}")
    }
}

/// Rules on `outcome`.
///
/// An unreachable server is not the report's fault: the report keeps its place and its attempts, and the breaker sees to
/// the pause. So after an outage of days all reports go at once, in their order.
pub(super) fn rule(
    entry: &Entry,
    outcome: Outcome,
    retries: Retries,
    now: UnixMs,
    random: &mut impl Rng,
) -> Ruling {
    match outcome {
        Outcome::Stored => Ruling {
            verdict: Verdict::Delivered {
                server_id: String::new(),
            },
            sign: Sign::Works,
            status: None,
            words: String::new(),
        },
        Outcome::Unreachable(words) => Ruling {
            verdict: Verdict::Returned,
            sign: Sign::Unreachable,
            status: None,
            words,
        },
        Outcome::Lost(words) => later(entry, None, words, None, retries, now, random),
        Outcome::Answered(answer) => rule_on_answer(entry, answer, retries, now, random),
    }
}

fn rule_on_answer(
    entry: &Entry,
    answer: Answer,
    retries: Retries,
    now: UnixMs,
    random: &mut impl Rng,
) -> Ruling {
    let meaning = answers::meaning(&answer, entry.report_id);
    let status = Some(answer.status);
    let words = match (meaning, answer.words) {
        (Meaning::Delivered, _) => String::new(),
        (Meaning::Later, page) if !answer.json && answer.status < 300 => {
            format!("the answer is not the server's, is a portal or proxy in between? {page}")
        }
        (Meaning::Later, words) if answer.fault && answer.status < 300 => {
            format!("the answer tells of a failure, though not by its status: {words}")
        }
        (_, words) if words.is_empty() => format!("HTTP status {}", answer.status),
        (_, words) => words,
    };
    let refuses = |park| (Verdict::Returned, Sign::Refuses(park));
    let (verdict, sign) = match meaning {
        Meaning::Later => return later(entry, status, words, answer.retry_after, retries, now, random),
        Meaning::Delivered => (Verdict::Delivered { server_id: answer.id }, Sign::Works),
        Meaning::Refused => {
            let words = words.clone();
            (
                Verdict::Refused(Refusal {
                    at: now,
                    status,
                    words,
                }),
                Sign::Works,
            )
        }
        Meaning::Credentials => refuses(Park::Credentials),
        Meaning::Path => refuses(Park::Path),
    };
    Ruling {
        verdict,
        sign,
        status,
        words,
    }
}

fn later(
    entry: &Entry,
    status: Option<u16>,
    words: String,
    retry_after: Option<Duration>,
    retries: Retries,
    now: UnixMs,
    random: &mut impl Rng,
) -> Ruling {
    let attempts = entry.attempts.saturating_add(1);
    let verdict = if retries.attempts > 0 && attempts >= retries.attempts {
        Verdict::Refused(Refusal {
            at: now,
            status,
            words: format!("given up after {attempts} attempts (upload.max_attempts): {words}"),
        })
    } else {
        let delay =
            retry_after.unwrap_or_else(|| backoff::delay(attempts, retries.base, retries.max, random));
        Verdict::Retry {
            not_before: now.plus(delay),
            cause: Refusal {
                at: now,
                status,
                words: words.clone(),
            },
        }
    };
    Ruling {
        verdict,
        sign: Sign::Fails { retry_after },
        status,
        words,
    }
}
