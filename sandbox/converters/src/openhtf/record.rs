//! A test record: a unit. Source: records that `OpenHTF` 1.6.3 wrote.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use stationd_report::{Number, Report, Step, StepStatus, Word};

use super::OpenHtfArguments;
use super::json::{Json, Object, quoted, text};
use super::measurement::measurement;
use super::phase::Phases;
use crate::fit::keep_in_step;
use crate::rows::{Cell, Field, Site, StatusWords, Unit, worst};
use crate::text::decode_as;
use crate::when::{epoch, seconds};
use crate::{Conversion, ConvertError, Source};

const READ: [&str; 12] = [
    "dut_id",
    "station_id",
    "start_time_millis",
    "end_time_millis",
    "outcome",
    "outcome_details",
    "metadata",
    "phases",
    "subtests",
    "log_records",
    "marginal",
    "code_info",
];

/// Converts a record.
pub(crate) fn convert(input: &[u8], source: &Source<'_>) -> Result<Conversion, ConvertError> {
    let arguments: OpenHtfArguments = source.parse_arguments()?;
    let own = [
        ("timeout", StepStatus::Error),
        ("unset", StepStatus::Skipped),
        ("partially_set", StepStatus::Done),
    ];
    let words = StatusWords::with(&own, &BTreeMap::new())?;
    let site = Site::new(&words, arguments.process_code).serial_from_name(arguments.serial_from_name);
    let text = decode_as(input, None, None)?;
    let text = quoted(&text);
    let json = Json { text: &text };
    let record = Record {
        json,
        site,
        arguments: &arguments,
        members: json.root()?,
    };
    Conversion::of_one(|notes| record.report(source, notes))
}

struct Record<'a> {
    json: Json<'a>,
    site: Site<'a>,
    arguments: &'a OpenHtfArguments,
    members: Object<'a>,
}

impl<'a> Record<'a> {
    fn report(&self, source: &Source<'_>, notes: &mut Vec<String>) -> Result<Report, ConvertError> {
        let mut unit = Unit::new(1);
        self.header(source, &mut unit)?;
        let mut root = Step {
            step_type: Some("SequenceCall".to_owned()),
            name: Some("OpenHTF".to_owned()),
            ..Step::default()
        };
        if self.members.get("phases").is_some() {
            let mut phases = Phases::new(self.json, self.site.reader.words, notes);
            root.steps = Some(phases.steps(&self.members)?);
            unit.report_mut().binary_data = Some(phases.files).filter(|files| !files.is_empty());
            for (name, value) in self.members.others(&READ) {
                keep_in_step(&mut root, "Record", name, value.get());
            }
            self.logs(&mut root, notes)?;
        } else if self
            .members
            .get("measured_value")
            .or(self.members.get("value"))
            .is_some()
        {
            root.steps = Some(vec![measurement(
                self.json,
                &self.members,
                self.site.reader.words,
            )?]);
        } else {
            return Err(ConvertError::at(1, "no phases: this is no test record"));
        }
        let below = root
            .steps
            .iter()
            .flatten()
            .filter_map(|step| step.status.as_ref());
        root.status = worst(below.map(Word::code)).map(Into::into);
        unit.finish(root, self.site, notes)
    }

    fn header(&self, source: &Source<'_>, unit: &mut Unit) -> Result<(), ConvertError> {
        let (json, site, members) = (self.json, self.site, &self.members);
        let arguments = self.arguments;
        unit.decided(arguments.part_number.as_deref(), arguments.revision.as_deref());
        if arguments.serial_from_name {
            unit.set(Field::Serial, source.stem(), site)?;
        }
        for (name, field) in [
            ("dut_id", Field::Serial),
            ("station_id", Field::Station),
            ("outcome", Field::Result),
        ] {
            if let Some(value) = members.get(name) {
                unit.set(field, Cell::named(&text(value), json.line(value), name), site)?;
            }
        }
        let [began, ended] = ["start_time_millis", "end_time_millis"].map(|name| json.integer(members, name));
        let (began, ended) = (began?, ended?);
        unit.report_mut().start = began.and_then(epoch);
        unit.uut_mut().exec_time = took(began, ended);
        let mut details = Vec::new();
        for detail in json.objects(members, "outcome_details")? {
            let [code, description] = ["code", "description"].map(|name| detail.get(name).map(text));
            let parts: Vec<String> = [code, description].into_iter().flatten().collect();
            details.push(parts.join(": "));
        }
        if !details.is_empty() {
            unit.uut_mut().error_message = Some(details.join("\n"));
        }
        match members.get("metadata") {
            Some(metadata) => self.metadata(&json.object(metadata, "metadata")?, unit),
            None => Ok(()),
        }
    }

    fn metadata(&self, metadata: &Object<'a>, unit: &mut Unit) -> Result<(), ConvertError> {
        for (name, value) in metadata.others(&[]) {
            let text = text(value);
            let cell = Cell::named(&text, self.json.line(value), name);
            let is = |key: &Option<String>| key.as_deref() == Some(name);
            match name {
                "test_name" => unit.set(Field::Program, cell, self.site)?,
                "test_version" => unit.set(Field::ProgramVersion, cell, self.site)?,
                _ if is(&self.arguments.part_number_key) => unit.set(Field::PartNumber, cell, self.site)?,
                _ if is(&self.arguments.revision_key) => unit.set(Field::Revision, cell, self.site)?,
                _ => unit.keep(name, cell),
            }
        }
        Ok(())
    }

    /// Log records from a level on.
    fn logs(&self, root: &mut Step, notes: &mut Vec<String>) -> Result<(), ConvertError> {
        let mut left = 0_usize;
        for record in self.json.objects(&self.members, "log_records")? {
            let level = self.json.integer(&record, "level")?.unwrap_or(i64::MAX);
            if level < self.arguments.log_level {
                left += 1;
                continue;
            }
            let at = self.json.integer(&record, "timestamp_millis")?.and_then(epoch);
            let member = |name: &str| record.get(name).map(text).unwrap_or_default();
            let line = format!("{}:{} {}", member("source"), member("lineno"), member("message"));
            let name = format!("{} {}", at.unwrap_or_default(), member("level"));
            keep_in_step(root, "log_records", name.trim(), &line);
        }
        if left > 0 {
            let level = self.arguments.log_level;
            notes.push(format!("{left} log records below level {level} were left out"));
        }
        Ok(())
    }
}

/// Seconds between two times in milliseconds.
pub(super) fn took(began: Option<i64>, ended: Option<i64>) -> Option<Number> {
    seconds(&Number::from(ended?.checked_sub(began?)?))
}

/// The status that a word in a member stands for.
pub(super) fn status_of(
    json: Json<'_>,
    words: &StatusWords,
    value: Option<&RawValue>,
    name: &str,
) -> Result<Option<StepStatus>, ConvertError> {
    let Some(value) = value else { return Ok(None) };
    let word = text(value);
    // The line is counted from the file's beginning: only for a fault.
    words
        .step(Cell::named(&word, 0, name))
        .or_else(|_| words.step(Cell::named(&word, json.line(value), name)))
}
