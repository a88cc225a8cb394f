//! The header of one unit under test.

use std::collections::BTreeMap;

use stationd_report::{
    Code as _, Excerpt, Kind, Number, Report, ReportStatus, SequenceCall, Step, StepStatus, UurInfo, UutInfo,
};

use super::field::Room;
use super::row::Reader;
use super::{Cell, Field, StatusWords, worst};
use crate::fit::keep;
use crate::site::DecimalMark;
use crate::when::{self, Dates};
use crate::{ConvertError, origin};

/// What a site decided about its units.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Site<'a> {
    pub(crate) reader: Reader<'a>,
    /// Operation codes by operation name.
    pub(crate) process_codes: &'a BTreeMap<String, u32>,
    /// Operation code of a unit that has neither a code nor a known name.
    pub(crate) process_code: Option<u32>,
    /// Whether the argument `serial_from_name` would give a serial number to a unit without.
    pub(crate) has_names_to_take: bool,
}

/// A unit while its header comes in.
#[derive(Debug)]
pub(crate) struct Unit {
    report: Report,
    uut: UutInfo,
    program: SequenceCall,
    /// What [`Unit::set_once`] took.
    given: Vec<(Field, String)>,
    /// The start in UTC, where the file names it besides.
    start_utc: Option<String>,
    /// Line at which it began.
    line: usize,
}

/// Operation codes of a site that gives no names.
static NO_CODES: BTreeMap<String, u32> = BTreeMap::new();

impl<'a> Site<'a> {
    /// A site whose files have points as decimal marks and ISO dates, and which gives operations no names.
    pub(crate) fn new(words: &'a StatusWords, process_code: Option<u32>) -> Self {
        Self {
            reader: Reader {
                decimal_mark: '.',
                dates: Dates::Iso,
                words,
            },
            process_codes: &NO_CODES,
            process_code,
            has_names_to_take: false,
        }
    }

    /// The same of a format that takes the serial number from the file's name, where that is not `taken` already.
    pub(crate) fn serial_from_name(mut self, taken: bool) -> Self {
        self.has_names_to_take = !taken;
        self
    }

    /// The same with dates in another form.
    pub(crate) fn dates(mut self, dates: Dates<'a>) -> Self {
        self.reader.dates = dates;
        self
    }

    /// The same with another decimal mark.
    pub(crate) fn decimal_mark(mut self, mark: DecimalMark) -> Self {
        self.reader.decimal_mark = mark.as_char();
        self
    }

    /// The same with operation codes by name.
    pub(crate) fn process_codes(mut self, codes: &'a BTreeMap<String, u32>) -> Self {
        self.process_codes = codes;
        self
    }
}

impl Unit {
    /// Begins a unit.
    pub(crate) fn new(line: usize) -> Self {
        origin::unit(line);
        Self {
            report: Report::default(),
            uut: UutInfo::default(),
            program: SequenceCall::default(),
            given: Vec::new(),
            start_utc: None,
            line,
        }
    }

    /// Takes a value of the header; an empty one says nothing.
    pub(crate) fn set(&mut self, field: Field, cell: Cell<'_>, site: Site<'_>) -> Result<(), ConvertError> {
        if cell.is_empty() {
            return Ok(());
        }
        origin::field(field.path(), &cell);
        let length = cell.text.chars().count();
        let cut;
        let cell = match field.room() {
            Room::Whole(most) if length > most => {
                return Err(cell.expected(&format!("at most {most} characters")));
            }
            Room::Cut(most) if length > most => {
                keep(&mut self.report, field.path(), cell.text);
                cut = cell.text.chars().take(most - 3).collect::<String>() + "...";
                Cell { text: &cut, ..cell }
            }
            _ => cell,
        };
        let (report, uut) = (&mut self.report, &mut self.uut);
        match field {
            Field::Serial => report.sn = cell.owned(),
            Field::PartNumber => report.pn = cell.owned(),
            Field::Revision => report.rev = cell.owned(),
            Field::ProcessCode => report.process_code = cell.integer()?,
            Field::ProcessName => report.process_name = cell.owned(),
            Field::Result => report.result = site.reader.words.report(cell)?.map(Into::into),
            Field::Station => report.machine_name = cell.owned(),
            Field::Location => report.location = cell.owned(),
            Field::Purpose => report.purpose = cell.owned(),
            Field::Start => {
                let start = when::start(cell.text, site.reader.dates);
                report.start = Some(start.ok_or_else(|| cell.expected("a date and time"))?);
            }
            Field::StartUtc => {
                let start = when::utc(cell.text, site.reader.dates);
                self.start_utc = Some(start.ok_or_else(|| cell.expected("a date and time"))?);
            }
            Field::Operator => uut.user = cell.owned(),
            Field::ExecTime => uut.exec_time = cell.number(site.reader.decimal_mark)?,
            Field::Fixture => uut.fixture_id = cell.owned(),
            Field::Batch => uut.batch_sn = cell.owned(),
            Field::Socket => uut.test_socket_index = cell.integer()?,
            Field::Comment => uut.comment = cell.owned(),
            Field::ErrorCode => uut.error_code = cell.integer()?,
            Field::ErrorMessage => uut.error_message = cell.owned(),
            Field::Program => self.program.name = cell.owned(),
            Field::ProgramVersion => self.program.version = cell.owned(),
        }
        Ok(())
    }

    /// The same for a format whose units say it once: another value is that of another unit.
    pub(crate) fn set_once(
        &mut self,
        field: Field,
        cell: Cell<'_>,
        site: Site<'_>,
    ) -> Result<(), ConvertError> {
        let before = self.given.iter().find(|(known, _)| *known == field);
        match before.filter(|_| !cell.is_empty()) {
            Some((_, before)) if before != cell.text => {
                let before = Excerpt::of(before);
                return Err(cell.expected(&format!("\"{before}\" as before in this unit")));
            }
            Some(_) => {}
            None => self.given.extend(cell.owned().map(|text| (field, text))),
        }
        self.set(field, cell, site)
    }

    /// Gives the unit its start, as a report has it, and the cell that says it.
    pub(crate) fn start(&mut self, start: String, cell: Cell<'_>) {
        origin::field(Field::Start.path(), &cell);
        self.report.start = Some(start);
    }

    /// Gives the unit what its site decided. What the file says before is replaced, and what it says later replaces
    /// that.
    pub(crate) fn decided(&mut self, part_number: Option<&str>, revision: Option<&str>) {
        for (member, field, text) in [
            (&mut self.report.pn, Field::PartNumber, part_number),
            (&mut self.report.rev, Field::Revision, revision),
        ] {
            if let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) {
                *member = Some(text.to_owned());
                origin::decided(field.path());
            }
        }
    }

    /// The report so far, for what is no text cell.
    pub(crate) fn report_mut(&mut self) -> &mut Report {
        &mut self.report
    }

    /// What only a test has, so far.
    pub(crate) fn uut_mut(&mut self) -> &mut UutInfo {
        &mut self.uut
    }

    /// Keeps what has no place of its own.
    pub(crate) fn keep(&mut self, name: &str, cell: Cell<'_>) {
        if !cell.is_empty() {
            keep(&mut self.report, name, cell.text);
        }
    }

    /// The result so far.
    pub(crate) fn result(&self) -> Option<ReportStatus> {
        self.report.result.as_ref().map(stationd_report::Word::code)
    }

    /// Puts the report together, with what was decided where the file says nothing.
    pub(crate) fn finish(
        self,
        mut root: Step,
        site: Site<'_>,
        notes: &mut Vec<String>,
    ) -> Result<Report, ConvertError> {
        let Self {
            mut report,
            uut,
            program,
            start_utc,
            line,
            ..
        } = self;
        report.kind = Some(Kind::Test.into());
        place(&mut report, start_utc, notes);
        complete(&mut report, site, line)?;
        let status = |step: &Step| step.status.as_ref().map(stationd_report::Word::code);
        let below = status(&root).or_else(|| worst(root.steps.iter().flatten().filter_map(status)));
        if report.result.is_none() {
            let status = below.unwrap_or(StepStatus::Done);
            report.result = ReportStatus::find(status.as_str()).map(Into::into);
            if report.result.is_none() {
                return Err(ConvertError::at(
                    line,
                    "the unit has no result, and all its steps were skipped",
                ));
            }
            notes.push("result computed from the steps".to_owned());
        }
        if let Some(result) = &report.result {
            let result = result.code();
            let failed = |own: &StepStatus| {
                matches!(
                    own,
                    StepStatus::Failed | StepStatus::Error | StepStatus::Terminated
                )
            };
            if let Some(own) = below.filter(failed)
                && result == ReportStatus::Passed
            {
                let own = own.as_str();
                notes.push(format!(
                    "the result is P, as the file says, though the status of the steps is {own}"
                ));
            }
            root.status = StepStatus::find(result.as_str()).map(Into::into);
        }
        if program != SequenceCall::default() {
            root.seq_call = Some(Box::new(program));
        }
        report.uut = Some(uut);
        report.root = Some(Box::new(root));
        Ok(report)
    }

    /// Puts the report of a repair together.
    pub(crate) fn finish_repair(
        self,
        repair: UurInfo,
        site: Site<'_>,
        notes: &mut Vec<String>,
    ) -> Result<Report, ConvertError> {
        let Self {
            mut report,
            start_utc,
            line,
            ..
        } = self;
        report.kind = Some(Kind::Repair.into());
        place(&mut report, start_utc, notes);
        complete(&mut report, site, line)?;
        report.uur = Some(repair);
        Ok(report)
    }
}

/// Gives a report its start: the local one, with the offset that follows from the start in UTC where it has none, else
/// that in UTC.
fn place(report: &mut Report, utc: Option<String>, notes: &mut Vec<String>) {
    let Some(utc) = utc else { return };
    let Some(local) = report.start.take() else {
        report.start = Some(utc);
        return;
    };
    let placed = when::placed(&local, &utc);
    if placed.is_none() {
        notes.push(format!(
            "start taken, which is another time than the start in UTC, {utc}"
        ));
    }
    report.start = Some(placed.unwrap_or(local));
}

/// Gives a report the operation code that its site decided, and sees that it has what every report needs.
fn complete(report: &mut Report, site: Site<'_>, line: usize) -> Result<(), ConvertError> {
    if report.process_code.is_none() {
        let name = report.process_name.as_deref();
        let code = name
            .and_then(|name| site.process_codes.get(name).copied())
            .or(site.process_code);
        report.process_code = code.map(|code| Number::from(i64::from(code)));
        origin::decided(Field::ProcessCode.path());
    }
    for (what, argument, there) in [
        ("serial number", "serial", report.sn.is_some()),
        ("part number", "part_number", report.pn.is_some()),
        ("revision", "revision", report.rev.is_some()),
        ("operation code", "process_code", report.process_code.is_some()),
    ] {
        if !there {
            let what = match (argument, &report.process_name) {
                ("process_code", Some(name)) => format!(
                    "the unit has no operation code; arguments: set process_code, or process_codes for {name:?}"
                ),
                ("serial", _) if site.has_names_to_take => {
                    "the unit has no serial number; arguments: set serial_from_name where the file's name has it".to_owned()
                }
                ("serial", _) => "the unit has no serial number".to_owned(),
                _ => format!("the unit has no {what}; arguments: set {argument}"),
            };
            return Err(ConvertError::at(line, what));
        }
    }
    Ok(())
}
