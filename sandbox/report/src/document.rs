//! The text of one report, checked.

use uuid::Uuid;

use crate::model::{Code as _, Kind, Report, ReportStatus, StepStatus};
use crate::outline::Member;
use crate::read::{Got, Reader, Whole};
use crate::scan::{outline, scan};
use crate::top::Top;
use crate::{Excerpt, Fault, Problem, ReadError, ReadLimits};

/// The text of one report that keeps to the format. The text is what was read, byte for byte, without the white
/// space around it.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    pub(crate) text: String,
    pub(crate) kind: Kind,
    pub(crate) id: Option<Uuid>,
    pub(crate) serial: String,
    pub(crate) part_number: String,
    /// The header's result, else the root step's status where it is one.
    pub(crate) result: Option<ReportStatus>,
    pub(crate) steps: usize,
    /// Where its members stand, until its text is changed.
    pub(crate) members: Option<Vec<Member<'static>>>,
}

impl Document {
    /// Reads and checks the text of one report.
    ///
    /// # Errors
    /// When it is no JSON, beyond the limits, or breaks the format; the error then names each fault.
    pub fn parse(text: &str, limits: &ReadLimits) -> Result<Self, ReadError> {
        let (_, outline) = outline(text, limits)?;
        let trimmed = text.trim_ascii();
        let at = trimmed.as_ptr().addr() - text.as_ptr().addr();
        let top = outline.root().filter(|_| trimmed.starts_with('{'));
        let top = top.map(|members| Top::noted(trimmed, at, members));
        Self::of_scanned(trimmed, "$", limits, top)
    }

    /// Checks a text that was scanned; `path` is its place in a larger one, `top` its members where the scan noted them.
    pub(crate) fn of_scanned<'t>(
        text: &'t str,
        path: &str,
        limits: &ReadLimits,
        top: Option<Top<'t>>,
    ) -> Result<Self, ReadError> {
        let top = top.or_else(|| Top::of(text));
        let Reading { report, kind, steps } = read(text, path, limits, Whole::Checked, top.as_ref())?;
        let result = match &report.result {
            Some(result) => Some(result.code()),
            None => report
                .root
                .and_then(|root| root.status)
                .and_then(|status| judged(status.code())),
        };
        Ok(Self {
            text: text.to_owned(),
            kind,
            id: report.id.and_then(|id| Uuid::try_parse(&id).ok()),
            serial: report.sn.unwrap_or_default(),
            part_number: report.pn.unwrap_or_default(),
            result,
            steps,
            members: top.map(Top::into_owned),
        })
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text, without a copy.
    pub fn into_text(self) -> String {
        self.text
    }

    /// Test or repair.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The report's id, when the text has one.
    pub fn id(&self) -> Option<Uuid> {
        self.id
    }

    /// Serial number.
    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// Part number.
    pub fn part_number(&self) -> &str {
        &self.part_number
    }

    /// The result: the header's, else the root step's status. A repair may have none.
    pub fn result(&self) -> Option<ReportStatus> {
        self.result
    }

    /// How many steps the report has, the root step included.
    pub fn steps(&self) -> usize {
        self.steps
    }
}

/// A step's status as a report's result; skipped is none.
fn judged(status: StepStatus) -> Option<ReportStatus> {
    ReportStatus::find(status.as_str())
}

impl Report {
    /// Reads a whole report.
    ///
    /// # Errors
    /// As [`Document::parse`].
    pub fn read(text: &str, limits: &ReadLimits) -> Result<Self, ReadError> {
        scan(text, limits)?;
        let text = text.trim_ascii();
        read(text, "$", limits, Whole::Kept, Top::of(text).as_ref()).map(|reading| reading.report)
    }
}

/// What a typed read gave.
struct Reading {
    report: Report,
    kind: Kind,
    steps: usize,
}

/// The typed read of a scanned text.
fn read<'t>(
    text: &'t str,
    path: &str,
    limits: &ReadLimits,
    keep: Whole,
    top: Option<&Top<'t>>,
) -> Result<Reading, ReadError> {
    let top = top.ok_or_else(|| ReadError::NotAReport {
        path: path.to_owned(),
        found: Excerpt::of(text),
    })?;
    let kind = top.kind();
    let mut reader = Reader::new(limits.faults, keep, kind.unwrap_or(Kind::Test));
    if kind.is_none() && !top.has("type") {
        reader.member_fault("type", Problem::Missing);
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let got = Report::read_checked(&mut json, &mut reader)?;
    let steps = reader.steps();
    let (faults, more) = reader.finish();
    match got {
        Some(report) if faults.is_empty() => Ok(Reading {
            report,
            kind: kind.unwrap_or(Kind::Test),
            steps,
        }),
        _ => Err(ReadError::Faults {
            faults: faults.into_iter().map(|fault| moved(fault, path)).collect(),
            more,
        }),
    }
}

impl Report {
    fn read_checked<'de>(
        json: &mut serde_json::Deserializer<serde_json::de::StrRead<'de>>,
        reader: &mut Reader<'de>,
    ) -> Result<Option<Self>, ReadError> {
        match <Self as crate::read::Read>::read(json, (), reader) {
            Ok(Got::Value(report)) => Ok(Some(report)),
            Ok(Got::Null | Got::Bad) => Ok(None),
            Err(error) => Err(ReadError::Syntax {
                what: error.to_string(),
            }),
        }
    }
}

/// Puts a fault's path below the place of its report.
fn moved(fault: Fault, path: &str) -> Fault {
    match fault.path.strip_prefix('$') {
        Some(rest) => Fault {
            path: format!("{path}{rest}"),
            problem: fault.problem,
        },
        None => fault,
    }
}
