//! From a file to the answer of the converter protocol.

use std::cmp::Ordering;
use std::fmt::Display;
use std::io::{self, Write};

use serde::Serialize;
use stationd_report::{Number, NumberOrText, Report, Step};

use crate::origin::{self, Origin};
use crate::{
    ConvertError, Format, OnDamagedUnit, Source, atml, auto, csv, gr228x, i3070, junit, keysight, klippel,
    openhtf, saki, seica, sigmaquest, spea, spectrum, stdf, takaya, teststand, wats_text, wsjf, wsxf, xjtag,
};

/// The most notes of one file: a journal line has to hold them.
const MOST_NOTES: usize = 20;

/// The note about something of a file that has no place in a report.
pub(crate) fn left_out(what: impl Display) -> String {
    format!("{what} has no place in a report and was left out")
}

/// What is said of a duration below zero.
const NEGATIVE: &str = "a time below zero was left out";

/// Takes durations below zero out of a report; whether there was one.
fn drop_negative(report: &mut Report) -> bool {
    let mut found = false;
    let mut drop = |time: &mut Option<Number>| {
        found |= time.take_if(|time| time.value() < 0.0).is_some();
    };
    if let Some(uut) = &mut report.uut {
        drop(&mut uut.exec_time);
    }
    if let Some(uur) = &mut report.uur {
        drop(&mut uur.exec_time);
    }
    let mut steps: Vec<&mut Step> = report.root.as_deref_mut().into_iter().collect();
    while let Some(step) = steps.pop() {
        let negative =
            |time: &mut NumberOrText| matches!(time, NumberOrText::Number(time) if time.value() < 0.0);
        found |= step.tot_time.take_if(negative).is_some();
        steps.extend(step.steps.iter_mut().flatten());
    }
    found
}

/// The reports of a file.
#[derive(Debug, Default)]
pub struct Conversion {
    /// Each report as JSON text; at least one.
    pub reports: Vec<String>,
    /// What the parser decided where the file says nothing, one fragment each, without repetition.
    pub notes: Vec<String>,
    /// How sure it is that the file is of the format, 0 to 1; `None` where the settings name it.
    pub confidence: Option<f64>,
    /// Units that were left out, one fault each, without repetition and bounded as the notes are.
    faults: Vec<String>,
    /// How many there were.
    damaged: usize,
}

impl Conversion {
    /// Adds a report that a parser built, without durations below zero, which say that a clock was set.
    pub(crate) fn push(&mut self, mut report: Report) {
        if drop_negative(&mut report) {
            self.note(NEGATIVE.to_owned());
        }
        let text = serde_json::to_string(&report).expect("the model has text keys alone");
        self.reports.push(text);
        origin::report();
    }

    /// Adds a unit and what was decided about it, or deals with its fault as the site wants.
    pub(crate) fn unit(
        &mut self,
        on_damage: OnDamagedUnit,
        report: impl FnOnce(&mut Vec<String>) -> Result<Report, ConvertError>,
    ) -> Result<(), ConvertError> {
        let mut notes = Vec::new();
        on_damage.take(report(&mut notes), self)?;
        self.note_all(notes);
        Ok(())
    }

    /// The conversion of a file that is one unit.
    pub(crate) fn of_one(
        report: impl FnOnce(&mut Vec<String>) -> Result<Report, ConvertError>,
    ) -> Result<Self, ConvertError> {
        let mut conversion = Self::default();
        conversion.unit(OnDamagedUnit::Reject, report)?;
        Ok(conversion)
    }

    /// Counts a unit that was left out, and keeps its fault.
    pub(crate) fn leave_out(&mut self, fault: &ConvertError) {
        self.damaged += 1;
        let fault = fault.to_string();
        if self.faults.len() < MOST_NOTES && !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    /// What is said of the units that were left out, under a headline; `None` when there were none.
    fn damage(&self, headline: &str) -> Option<String> {
        (self.damaged > 0).then(|| format!("{headline}: {}", self.faults.join("; ")))
    }

    /// Ends a file: one without a report is none of its format, or all its units are damaged. The units that were left out
    /// are the first that is said, as they are what somebody has to look after.
    pub(crate) fn ended(mut self, nothing: &str) -> Result<Self, ConvertError> {
        if self.reports.is_empty() {
            let damage = self.damage("every unit is damaged");
            self.notes.insert(0, damage.unwrap_or_else(|| nothing.to_owned()));
            return Err(ConvertError::new(self.notes.join("; ")));
        }
        let headline = match self.damaged {
            1 => "a damaged unit was left out".to_owned(),
            count => format!("{count} damaged units were left out"),
        };
        if let Some(damage) = self.damage(&headline) {
            self.notes.insert(0, damage);
        }
        Ok(self)
    }

    /// Adds notes, each as [`Conversion::note`].
    pub(crate) fn note_all(&mut self, notes: Vec<String>) {
        for note in notes {
            self.note(note);
        }
    }

    /// Adds a note once; beyond a bound only that there were more.
    pub(crate) fn note(&mut self, note: String) {
        if self.notes.contains(&note) {
            return;
        }
        match self.notes.len().cmp(&MOST_NOTES) {
            Ordering::Less => self.notes.push(note),
            Ordering::Equal => self.notes.push("and more".to_owned()),
            Ordering::Greater => {}
        }
    }
}

/// Converts a file.
///
/// # Errors
/// When the file is none of this format, or the arguments are wrong; the error says where.
pub fn convert(format: Format, input: &[u8], source: &Source<'_>) -> Result<Conversion, ConvertError> {
    match format {
        Format::Wsjf => wsjf::convert(input, source),
        Format::WatsText => wats_text::convert(input, source),
        Format::Csv => csv::convert(input, source),
        Format::Wsxf => wsxf::convert(input, source),
        Format::Atml => atml::convert(input, source),
        Format::TestStand => teststand::convert(input, source),
        Format::Junit => junit::convert(input, source),
        Format::Stdf => stdf::convert(input, source),
        Format::TeradyneGr228x => gr228x::convert(input, source),
        Format::I3070 => i3070::convert(input, source),
        Format::Seica => seica::convert(input, source),
        Format::Saki => saki::convert(input, source),
        Format::SigmaQuest => sigmaquest::convert(input, source),
        Format::Spea => spea::convert(input, source),
        Format::Xjtag => xjtag::convert(input, source),
        Format::Takaya => takaya::convert(input, source),
        Format::TeradyneSpectrum => spectrum::convert(input, source),
        Format::Klippel => klippel::convert(input, source),
        Format::OpenHtf => openhtf::convert(input, source),
        Format::KeysightTestExec => keysight::convert(input, source),
        Format::Auto => auto::convert(input, source),
    }
}

/// The envelope of the converter protocol, but for what is JSON already.
#[derive(Debug, Serialize)]
struct Envelope<'a> {
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<f64>,
    #[serde(skip_serializing_if = "str::is_empty")]
    reason: &'a str,
    /// Where each member of each report came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Vec<Vec<Origin>>>,
}

/// As [`answer`], and where each member of each report came from, in the member `explanation` of the answer.
///
/// # Errors
/// As [`answer`].
pub fn answer_explained(
    format: Format,
    input: &[u8],
    source: &Source<'_>,
    out: &mut impl Write,
) -> io::Result<()> {
    let (converted, notes) = origin::recorded(|| convert(format, input, source));
    let reports = converted
        .as_ref()
        .map_or([].as_slice(), |conversion| &conversion.reports);
    let explanation = origin::explain(reports, notes);
    write_answer(&converted, Some(explanation), out)
}

/// Converts a file and writes the answer that [`stationd_report::read_output`] reads: `converted` with the reports,
/// or `rejected` with the reason. The reason of a conversion lists its notes.
///
/// # Errors
/// When the answer cannot be written.
pub fn answer(format: Format, input: &[u8], source: &Source<'_>, out: &mut impl Write) -> io::Result<()> {
    write_answer(&convert(format, input, source), None, out)
}

fn write_answer(
    converted: &Result<Conversion, ConvertError>,
    explanation: Option<Vec<Vec<Origin>>>,
    out: &mut impl Write,
) -> io::Result<()> {
    let envelope = match converted {
        Ok(conversion) => (
            conversion.notes.join("; "),
            "converted",
            conversion.reports.as_slice(),
        ),
        Err(error) => (error.to_string(), "rejected", [].as_slice()),
    };
    let (reason, status, reports) = envelope;
    let envelope = serde_json::to_string(&Envelope {
        status,
        confidence: converted
            .as_ref()
            .ok()
            .and_then(|conversion| conversion.confidence),
        reason: &reason,
        explanation,
    })?;
    if reports.is_empty() {
        out.write_all(envelope.as_bytes())?;
        return out.flush();
    }
    // The reports are JSON: the parser built them, or read them as that. They come last, as they are.
    let mut before = envelope.strip_suffix('}').unwrap_or(&envelope).to_owned() + r#","reports":["#;
    for report in reports {
        out.write_all(before.as_bytes())?;
        out.write_all(report.as_bytes())?;
        ",".clone_into(&mut before);
    }
    out.write_all(b"]}")?;
    out.flush()
}
