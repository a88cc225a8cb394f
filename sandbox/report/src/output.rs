//! What a converter wrote to its standard output: one report, an array of reports, or an envelope.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use serde_json::value::RawValue;

use crate::error::Bound;
use crate::outline::{Member, Outline};
use crate::scan::outline;
use crate::top::Top;
use crate::{Document, Excerpt, ReadError, ReadLimits};

/// What a converter says of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputStatus {
    /// Here are its reports.
    Converted,
    /// Not yet: try again later.
    Suspended,
    /// It is none of this converter's files.
    Skipped,
    /// It cannot be converted.
    Rejected,
}

impl OutputStatus {
    /// Its word in the envelope.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Converted => "converted",
            Self::Suspended => "suspended",
            Self::Skipped => "skipped",
            Self::Rejected => "rejected",
        }
    }

    fn find(word: &str) -> Option<Self> {
        [Self::Converted, Self::Suspended, Self::Skipped, Self::Rejected]
            .into_iter()
            .find(|status| status.as_str() == word)
    }
}

/// The answer of a converter.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// What it says of the file.
    pub status: OutputStatus,
    /// How sure it is, 0 to 1; `None` when it did not say.
    pub confidence: Option<f64>,
    /// Its words; empty when it gave none.
    pub reason: String,
    /// The reports: at least one when converted, else none.
    pub reports: Vec<Document>,
    /// Where the members of each report came from, as JSON; only a built-in parser that was asked says it.
    pub explanation: Option<String>,
}

/// Output that is no answer.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum OutputError {
    /// Something stands before the JSON, as a converter's own print.
    TextBefore {
        /// Its beginning.
        found: Excerpt,
    },
    /// No text at all.
    Empty,
    /// Not read as JSON or not a report.
    Read(ReadError),
    /// A member of the envelope is wrong.
    Envelope {
        /// Its name.
        member: &'static str,
        /// What it should be.
        expected: &'static str,
        /// What it is.
        found: Excerpt,
    },
    /// A member that no envelope has.
    UnknownMember {
        /// Its name.
        found: Excerpt,
    },
    /// `converted` without a report.
    NoReports,
    /// Reports with a status other than `converted`.
    UnwantedReports {
        /// The status.
        status: OutputStatus,
        /// How many.
        count: usize,
    },
    /// Two reports with one id: the server would keep only the second.
    SameId {
        /// Index of the second.
        index: usize,
        /// The id.
        id: uuid::Uuid,
    },
}

impl fmt::Display for OutputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TextBefore { found } => write!(f, "text before the report: {found}"),
            Self::Empty => f.write_str("no report on standard output"),
            Self::Read(error) => error.fmt(f),
            Self::Envelope {
                member,
                expected,
                found,
            } => {
                write!(f, "$.{member}: expected {expected}, found {found}")
            }
            Self::UnknownMember { found } => write!(
                f,
                "unknown member `{found}` in the envelope; it has status, confidence, reason and reports"
            ),
            Self::NoReports => f.write_str("converted, but without a report"),
            Self::UnwantedReports { status, count } => {
                write!(f, "{}, but with {count} reports", status.as_str())
            }
            Self::SameId { index, id } => write!(f, "$[{index}].id: {id} is the id of an earlier report too"),
        }
    }
}

impl std::error::Error for OutputError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // Shown as part of this error's own text, as nothing could be said without it.
        None
    }
}

impl From<ReadError> for OutputError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

/// Reads the output of a converter.
///
/// # Errors
/// When it is no UTF-8, has text before or after the JSON, is beyond the limits, or holds a report with faults.
pub fn read_output(stdout: &[u8], limits: &ReadLimits) -> Result<Output, OutputError> {
    let text = utf8(stdout)?.trim_ascii();
    if text.is_empty() {
        return Err(OutputError::Empty);
    }
    if !text.starts_with(['{', '[', '\u{feff}']) {
        return Err(OutputError::TextBefore {
            found: Excerpt::of(text.lines().next().unwrap_or(text)),
        });
    }
    // An array stands around each of its reports, an envelope around that.
    let (depth, array) = (limits.depth, text.starts_with('['));
    let around = if array { 1 } else { 2 };
    let (census, outline) = outline(
        text,
        &ReadLimits {
            depth: depth + around,
            ..*limits
        },
    )?;
    if array {
        let reports = match outline.reports(0) {
            Some(reports) => noted(text, &reports, "$", limits)?,
            None => documents(text, "$", limits)?,
        };
        return converted(reports, None, String::new());
    }
    let top = outline.root().map(|members| Top::noted(text, 0, members));
    match top.or_else(|| Top::of(text)) {
        Some(top) if top.has_any(&["status", "reports"]) && !top.has_any(&["pn", "sn", "root", "uur"]) => {
            envelope(&top, &outline, limits)
        }
        _ if census.depth > depth => Err(ReadError::TooMuch {
            bound: Bound::Depth,
            limit: depth,
            path: "$".to_owned(),
        }
        .into()),
        top => converted(
            vec![Document::of_scanned(text, "$", limits, top)?],
            None,
            String::new(),
        ),
    }
}

/// Checks that bytes are UTF-8.
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, ReadError> {
    std::str::from_utf8(bytes).map_err(|error| ReadError::NotUtf8 {
        offset: error.valid_up_to(),
    })
}

fn converted(reports: Vec<Document>, confidence: Option<f64>, reason: String) -> Result<Output, OutputError> {
    if reports.is_empty() {
        return Err(OutputError::NoReports);
    }
    let mut ids = BTreeSet::new();
    for (index, report) in reports.iter().enumerate() {
        if let Some(id) = report.id().filter(|&id| !ids.insert(id)) {
            return Err(OutputError::SameId { index, id });
        }
    }
    Ok(Output {
        status: OutputStatus::Converted,
        confidence,
        reason,
        reports,
        explanation: None,
    })
}

fn envelope(top: &Top<'_>, outline: &Outline<'_>, limits: &ReadLimits) -> Result<Output, OutputError> {
    if let Some(unknown) = top
        .keys()
        .find(|key| !["status", "confidence", "reason", "reports", "explanation"].contains(key))
    {
        return Err(OutputError::UnknownMember {
            found: Excerpt::of(unknown),
        });
    }
    let wrong = |member, expected| OutputError::Envelope {
        member,
        expected,
        found: Excerpt::of(top.get(member).unwrap_or("nothing")),
    };
    let status = top
        .text("status")
        .and_then(|word| OutputStatus::find(&word))
        .ok_or_else(|| wrong("status", "converted, suspended, skipped or rejected"))?;
    let confidence = match top.get("confidence") {
        None => None,
        Some(raw) => Some(
            serde_json::from_str(raw)
                .ok()
                .filter(|confidence| (0.0..=1.0).contains(confidence))
                .ok_or_else(|| wrong("confidence", "a number from 0 to 1"))?,
        ),
    };
    let reason = match top.get("reason") {
        None => String::new(),
        Some(_) => top.text("reason").ok_or_else(|| wrong("reason", "a text"))?,
    };
    let reports = match top.rest("reports") {
        None => Vec::new(),
        Some(rest) if rest.starts_with("null") => Vec::new(),
        Some(rest) if rest.starts_with('[') => match outline.reports(1) {
            Some(reports) => noted(top.whole(), &reports, "$.reports", limits)?,
            None => documents(top.get("reports").unwrap_or_default(), "$.reports", limits)?,
        },
        Some(_) => return Err(wrong("reports", "an array of reports")),
    };
    match status {
        OutputStatus::Converted => Ok(Output {
            explanation: top.get("explanation").map(str::to_owned),
            ..converted(reports, confidence, reason)?
        }),
        _ if reports.is_empty() => Ok(Output {
            status,
            confidence,
            reason,
            reports,
            explanation: None,
        }),
        _ => Err(OutputError::UnwantedReports {
            status,
            count: reports.len(),
        }),
    }
}

/// Checks each report that the scan of a text noted.
fn noted(
    text: &str,
    reports: &[(Range<usize>, &[Member<'_>])],
    path: &str,
    limits: &ReadLimits,
) -> Result<Vec<Document>, OutputError> {
    check_count(reports.len(), path, limits)?;
    let documents = reports.iter().enumerate().map(|(index, (place, members))| {
        let report = text.get(place.clone()).unwrap_or_default();
        let top = Top::noted(report, place.start, members);
        let document = Document::of_scanned(report, &format!("{path}[{index}]"), limits, Some(top));
        document.map_err(OutputError::from)
    });
    documents.collect()
}

fn check_count(count: usize, path: &str, limits: &ReadLimits) -> Result<(), ReadError> {
    if count <= limits.reports {
        return Ok(());
    }
    Err(ReadError::TooMuch {
        bound: Bound::Reports,
        limit: limits.reports,
        path: path.to_owned(),
    })
}

/// Checks each element of an array.
fn documents(text: &str, path: &str, limits: &ReadLimits) -> Result<Vec<Document>, OutputError> {
    let raw: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| ReadError::Syntax {
        what: error.to_string(),
    })?;
    check_count(raw.len(), path, limits)?;
    raw.iter()
        .enumerate()
        .map(|(index, raw)| {
            Ok(Document::of_scanned(
                raw.get(),
                &format!("{path}[{index}]"),
                limits,
                None,
            )?)
        })
        .collect()
}
