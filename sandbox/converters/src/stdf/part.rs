//! One part: from PIR to PRR.

use std::collections::BTreeSet;

use stationd_report::{Number, NumberOrText, Report, ReportStatus, Step, Word};

use crate::ConvertError;
use crate::rows::{Cell, Field, Site, Unit, worst};
use crate::serial::SerialPattern;
use crate::stdf::StdfArguments;
use crate::stdf::lot::Lot;
use crate::stdf::records::Fields;
use crate::stdf::results::TestResult;

/// What the start of every unit is.
const LOT_START: &str = "start is that of the lot or wafer: the format has none for a part";

/// What is said of a part that has no wafer beside others that have one.
const NO_WAFER: &str = "parts of a head that no WIR names have no wafer";

/// A part while its results come in.
#[derive(Debug)]
pub(super) struct Part {
    /// Where its PIR stands.
    pub(super) offset: usize,
    steps: Vec<Step>,
    ids: BTreeSet<u32>,
    /// Why its results are not whole.
    damage: Option<ConvertError>,
}

/// The fields of PRR.
#[derive(Debug, Default)]
struct End {
    flags: u8,
    hard_bin: Option<u16>,
    soft_bin: Option<u16>,
    x: Option<i16>,
    y: Option<i16>,
    milliseconds: Option<u32>,
    id: Option<String>,
    text: Option<String>,
}

impl Part {
    pub(super) fn new(offset: usize) -> Self {
        Self {
            offset,
            steps: Vec::new(),
            ids: BTreeSet::new(),
            damage: None,
        }
    }

    /// Takes a fault of one of its results: without that result no report is made of it.
    pub(super) fn damage(&mut self, error: ConvertError) {
        self.damage.get_or_insert(error);
    }

    /// Adds a result. The first of a test number has the number as its id.
    pub(super) fn add(&mut self, result: TestResult) {
        let mut step = result.step;
        if self.ids.insert(result.number) {
            step.id = Some(NumberOrText::Number(Number::from(i64::from(result.number))));
        }
        self.steps.push(step);
    }

    /// Puts the report together. `fields` are those of PRR behind head and site.
    pub(super) fn finish(
        self,
        (head, socket): (u8, u8),
        mut fields: Fields<'_>,
        lot: &Lot,
        arguments: &StdfArguments,
        site: Site<'_>,
        notes: &mut Vec<String>,
    ) -> Result<Report, ConvertError> {
        if let Some(damage) = self.damage {
            return Err(damage);
        }
        let end = End::read(&mut fields)?;
        let mut unit = Unit::new(0);
        let serial = match &arguments.serial {
            None => end.id.clone().unwrap_or_default(),
            Some(pattern) => serial(pattern, lot, &end, head, socket)
                .map_err(|error| ConvertError::new(format!("offset={}: {}", self.offset, error.what)))?,
        };
        unit.set(Field::Serial, Cell::named(&serial, 0, "PART_ID"), site)?;
        unit.decided(arguments.part_number.as_deref(), arguments.revision.as_deref());
        for (name, field) in [
            ("PART_TYP", Field::PartNumber),
            ("DSGN_REV", Field::Revision),
            ("NODE_NAM", Field::Station),
            ("OPER_NAM", Field::Operator),
            ("LOT_ID", Field::Batch),
            ("JOB_NAM", Field::Program),
            ("JOB_REV", Field::ProgramVersion),
            ("TEST_COD", Field::ProcessName),
        ] {
            unit.set(field, Cell::named(lot.text(name).unwrap_or(""), 0, name), site)?;
        }
        unit.uut_mut().test_socket_index = Some(Number::from(i64::from(socket)));
        let seconds = end
            .milliseconds
            .filter(|&time| time != 0)
            .map(|time| f64::from(time) / 1000.0);
        unit.uut_mut().exec_time = seconds.and_then(|seconds| Number::new(&seconds.to_string()));
        unit.uut_mut().comment.clone_from(&end.text);
        end.keep(&mut unit, lot, head);
        if let Some(setup) = lot.setup.and_then(|setup| time(setup, arguments.utc_times)) {
            unit.keep("SETUP_T", Cell::named(&setup, 0, "SETUP_T"));
        }
        let wafer = lot.wafer(head);
        if wafer.is_none() && lot.has_wafers() {
            notes.push(NO_WAFER.to_owned());
        }
        let start = wafer.and_then(|wafer| wafer.start).or(lot.start);
        unit.report_mut().start = start.and_then(|start| time(start, arguments.utc_times));
        notes.extend(start.map(|_| LOT_START.to_owned()));
        unit.report_mut().result = end.result().map(Into::into);
        let below = self
            .steps
            .iter()
            .filter_map(|step| step.status.as_ref())
            .map(Word::code);
        let root = Step {
            step_type: Some("SequenceCall".to_owned()),
            name: Some("Part".to_owned()),
            status: worst(below).map(Into::into),
            steps: Some(self.steps),
            ..Step::default()
        };
        unit.finish(root, site, notes)
            .map_err(|error| ConvertError::new(format!("offset={}: {}", self.offset, error.what)))
    }
}

impl End {
    fn read(fields: &mut Fields<'_>) -> Result<Self, ConvertError> {
        // The standard has no value for a missing one: without it nobody knows whether the part passed.
        let flags = fields.u1()?.ok_or_else(|| fields.short())?;
        fields.u2()?;
        Ok(Self {
            flags,
            hard_bin: fields.u2()?,
            // The greatest and the least numbers say that nothing is known.
            soft_bin: fields.u2()?.filter(|&bin| bin != u16::MAX),
            x: fields.i2()?.filter(|&x| x != i16::MIN),
            y: fields.i2()?.filter(|&y| y != i16::MIN),
            milliseconds: fields.u4()?,
            id: fields.cn()?,
            text: fields.cn()?,
        })
    }

    /// `PART_FLG`: bit 2 an abnormal end, bit 3 failed, bit 4 neither passed nor failed.
    fn result(&self) -> Option<ReportStatus> {
        if self.flags & 0x04 != 0 {
            Some(ReportStatus::Terminated)
        } else if self.flags & 0x10 != 0 {
            None
        } else if self.flags & 0x08 != 0 {
            Some(ReportStatus::Failed)
        } else {
            Some(ReportStatus::Passed)
        }
    }

    /// What has no place of its own.
    fn keep(&self, unit: &mut Unit, lot: &Lot, head: u8) {
        let retest = match self.flags & 0x03 {
            0x01 => Some("of the same PART_ID"),
            0x02 => Some("at the same place"),
            _ => None,
        };
        for (name, value) in [
            ("HARD_BIN", self.hard_bin.map(|bin| bin.to_string())),
            ("SOFT_BIN", self.soft_bin.map(|bin| bin.to_string())),
            ("X_COORD", self.x.map(|x| x.to_string())),
            ("Y_COORD", self.y.map(|y| y.to_string())),
            ("WAFER_ID", lot.wafer(head).and_then(|wafer| wafer.id.clone())),
            ("HEAD_NUM", Some(head.to_string())),
            ("STAT_NUM", lot.socket_of_tester.map(|number| number.to_string())),
            ("Retest", retest.map(str::to_owned)),
        ] {
            unit.keep(name, Cell::named(value.as_deref().unwrap_or(""), 0, name));
        }
        for (name, text) in lot.others() {
            unit.keep(name, Cell::named(text, 0, name));
        }
    }
}

/// The serial number as the site has it made. What it is made of must be there: else many parts would have one number.
fn serial(pattern: &SerialPattern, lot: &Lot, end: &End, head: u8, site: u8) -> Result<String, ConvertError> {
    pattern.fill(|name| {
        let value = match name {
            "part" => end.id.clone(),
            "lot" => lot.text("LOT_ID").map(str::to_owned),
            "sublot" => lot.text("SBLOT_ID").map(str::to_owned),
            "wafer" => lot.wafer(head).and_then(|wafer| wafer.id.clone()),
            "x" => end.x.map(|x| x.to_string()),
            "y" => end.y.map(|y| y.to_string()),
            "head" => Some(head.to_string()),
            _ => Some(site.to_string()),
        };
        let value = value.filter(|value| !value.trim().is_empty());
        value.ok_or_else(|| {
            ConvertError::new(format!("arguments: serial: the part has nothing for {{{name}}}"))
        })
    })
}

/// Seconds since 1970 in the clock of the file, as reports write times.
fn time(seconds: u32, utc: bool) -> Option<String> {
    let local = jiff::Timestamp::from_second(seconds.into())
        .ok()?
        .to_zoned(jiff::tz::TimeZone::UTC)
        .datetime();
    let text = local.to_string();
    Some(if utc { text + "+00:00" } else { text })
}
