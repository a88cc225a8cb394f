//! `Panel`: an inspected panel of one or several images. Source of the meanings: a real file, and the vendor's
//! client, whose converter takes `side` for the part number and month before day.

use stationd_report::{
    BooleanMeasurement, Code as _, Measurements, Report, ReportStatus, Step, StepStatus, Word,
};

use super::SakiArguments;
use crate::convert::left_out;
use crate::fit::{fitted, keep_in_step};
use crate::rows::{Cell, Field, Site, StatusWords, Unit, worst};
use crate::when::Dates;
use crate::xml::{Element, parse};
use crate::{Conversion, ConvertError, OnDamagedUnit, Source};

/// Pattern of date and time when the site names none.
const DATES: &str = "%m/%d/%Y %H:%M:%S";

/// What stands for a barcode that was not read.
const NO_BARCODE: &str = "N/A";

/// What is said of a result that its components contradict.
const WORSE: &str = "a result of passed, where an image or component failed, is taken from that";

/// Attributes of the panel with a place of their own.
const PANEL: [&str; 6] = ["barcode", "result", "startDate", "startTime", "side", "operator"];

/// Converts a panel, as one unit or image by image.
pub(crate) fn convert(input: &[u8], source: &Source<'_>) -> Result<Conversion, ConvertError> {
    let arguments: SakiArguments = source.parse_arguments()?;
    let words = StatusWords::new(&arguments.status_words)?;
    let dates = Dates::Pattern(arguments.start_format.as_deref().unwrap_or(DATES));
    let site = Site::new(&words, arguments.process_code).dates(dates);
    let panel = parse(input)?;
    panel.named(&["Panel"])?;
    let images: Vec<&Element> = panel.children("Image").collect();
    if images.is_empty() {
        return Err(ConvertError::at(panel.line, "no <Image>: the panel has no image"));
    }
    let mut conversion = Conversion::default();
    let attributes: Vec<_> = panel.attributes.iter().map(|(name, _)| name.as_str()).collect();
    let program = panel.children("Program");
    let unknown = panel.unknown(&attributes, &["Program", "Image"]).into_iter();
    for name in unknown.chain(program.flat_map(|program| program.unknown(&["name", "ver"], &[]))) {
        conversion.note(left_out(name));
    }
    if arguments.start_format.is_none() && day_could_be_month(panel.attribute("startDate").text) {
        conversion.note("startDate taken for month, day, year; start_format names another order".to_owned());
    }
    let file = File {
        panel: &panel,
        arguments: &arguments,
        site,
    };
    if !arguments.unit_per_image {
        conversion.unit(OnDamagedUnit::Reject, |notes| file.whole(&images, notes))?;
        return Ok(conversion);
    }
    for image in images {
        conversion.unit(arguments.on_damaged_unit, |notes| file.image(image, notes))?;
    }
    conversion.ended("no image that gives a report")
}

/// Whether the first two numbers of a date may be swapped.
fn day_could_be_month(date: &str) -> bool {
    let mut numbers = date.split('/').filter_map(|number| number.parse::<u32>().ok());
    matches!((numbers.next(), numbers.next()), (Some(1..=12), Some(1..=12)))
}

struct File<'a> {
    panel: &'a Element,
    arguments: &'a SakiArguments,
    site: Site<'a>,
}

impl File<'_> {
    /// The panel as one unit.
    fn whole(&self, images: &[&Element], notes: &mut Vec<String>) -> Result<Report, ConvertError> {
        let mut unit = self.header()?;
        let barcode = self.panel.attribute("barcode");
        if given(barcode).is_none() {
            return Err(barcode.expected("a barcode"));
        }
        unit.set(Field::Serial, barcode, self.site)?;
        unit.set(Field::Result, self.panel.attribute("result"), self.site)?;
        let steps: Result<Vec<_>, _> = images.iter().map(|image| self.sequence(image, notes)).collect();
        self.finish(unit, steps?, notes)
    }

    /// One image as a unit.
    fn image(&self, image: &Element, notes: &mut Vec<String>) -> Result<Report, ConvertError> {
        let mut unit = self.header()?;
        let (barcode, number) = (image.attribute("barcode"), image.attribute("id"));
        let panel = self.panel.attribute("barcode");
        let serial = match (given(barcode), &self.arguments.image_serial) {
            (Some(barcode), _) => barcode.to_owned(),
            (None, Some(pattern)) => pattern.fill(|name| {
                let (cell, value) = match name {
                    "panel" => (panel, given(panel)),
                    _ => (number, number.given()),
                };
                let missing = || cell.expected(&format!("what image_serial takes for {{{name}}}"));
                value.map(str::to_owned).ok_or_else(missing)
            })?,
            (None, None) => return Err(barcode.expected("a barcode, else set image_serial")),
        };
        unit.set(
            Field::Serial,
            Cell::named(&serial, image.line, "barcode"),
            self.site,
        )?;
        unit.set(Field::Result, image.attribute("result"), self.site)?;
        unit.uut_mut().test_socket_index = number.integer()?;
        unit.keep("Panel barcode", panel);
        unit.keep("Panel result", self.panel.attribute("result"));
        let steps = vec![self.sequence(image, notes)?];
        self.finish(unit, steps, notes)
    }

    /// A unit that passed by its own word has the result of an image that did not.
    fn finish(
        &self,
        mut unit: Unit,
        steps: Vec<Step>,
        notes: &mut Vec<String>,
    ) -> Result<Report, ConvertError> {
        if unit.result() == Some(ReportStatus::Passed)
            && let Some(worse) = failure(&steps)
        {
            notes.push(WORSE.to_owned());
            unit.report_mut().result = ReportStatus::find(worse.as_str()).map(Into::into);
        }
        unit.finish(self.root(steps), self.site, notes)
    }

    /// What all units of the panel have in common.
    fn header(&self) -> Result<Unit, ConvertError> {
        let mut unit = Unit::new(self.panel.line);
        let arguments = self.arguments;
        unit.decided(arguments.part_number.as_deref(), arguments.revision.as_deref());
        unit.set(Field::PartNumber, self.panel.attribute("side"), self.site)?;
        unit.set(Field::Operator, self.panel.attribute("operator"), self.site)?;
        let (date, time) = (
            self.panel.attribute("startDate"),
            self.panel.attribute("startTime"),
        );
        let both = format!("{} {}", date.text, time.text);
        unit.set(Field::Start, Cell::named(&both, date.line, date.name), self.site)?;
        for (name, value) in &self.panel.attributes {
            if !PANEL.contains(&name.as_str()) && !name.starts_with("xmlns") && !name.starts_with("xsi:") {
                unit.keep(name, Cell::named(value, self.panel.line, name));
            }
        }
        if let Some(program) = self.panel.child("Program") {
            unit.set(Field::Program, program.attribute("name"), self.site)?;
            unit.set(Field::ProgramVersion, program.attribute("ver"), self.site)?;
        }
        Ok(unit)
    }

    fn root(&self, steps: Vec<Step>) -> Step {
        let program = self
            .panel
            .child("Program")
            .map(|program| program.attribute("name"));
        let name = program.and_then(|name| name.given()).unwrap_or("Panel");
        let (name, whole) = fitted(name);
        Step {
            step_type: Some("SequenceCall".to_owned()),
            name: Some(name),
            report_text: whole,
            steps: Some(steps),
            ..Step::default()
        }
    }

    /// An image: a sequence for each of its lists of components.
    fn sequence(&self, image: &Element, notes: &mut Vec<String>) -> Result<Step, ConvertError> {
        let number = image.attribute("id");
        let result = image.attribute("result");
        let status = self.site.reader.words.step(result)?;
        let status = status.ok_or_else(|| result.expected("a status"))?;
        let mut step = Step {
            step_type: Some("SequenceCall".to_owned()),
            name: Some(fitted(&format!("Image {}", number.text)).0),
            status: Some(status.into()),
            ..Step::default()
        };
        if given(image.attribute("barcode")).is_some() && !self.arguments.unit_per_image {
            keep_in_step(&mut step, "Image", "barcode", image.attribute("barcode").text);
        }
        let unknown = image.unknown(&["barcode", "id", "result"], &["Results"]);
        notes.extend(unknown.into_iter().map(left_out));
        let mut lists = Vec::new();
        for list in image.children("Results").flat_map(|results| &results.children) {
            lists.push(self.components(list, notes)?);
        }
        if status == StepStatus::Passed
            && let Some(worse) = failure(&lists)
        {
            notes.push(WORSE.to_owned());
            step.status = Some(worse.into());
        }
        step.steps = Some(lists);
        Ok(step)
    }

    /// A list of components: false calls were found good by the operator.
    fn components(&self, list: &Element, notes: &mut Vec<String>) -> Result<Step, ConvertError> {
        let status = if list.name == "FalseCalls" {
            StepStatus::Passed
        } else {
            let name = Cell::named(&list.name, list.line, "Results");
            let known = self.site.reader.words.step(name)?;
            known.ok_or_else(|| name.expected("a status"))?
        };
        let mut components = Vec::new();
        let inside = list.children("Reference").flat_map(|one| &one.children);
        let inside = inside.map(|child| format!("Reference/{}", child.name));
        let unknown = list.unknown(&[], &["Reference"]).into_iter();
        notes.extend(unknown.chain(inside).map(left_out));
        for component in &list.children {
            if component.name == "Reference" {
                components.push(self::component(component, status)?);
            }
        }
        Ok(Step {
            step_type: Some("SequenceCall".to_owned()),
            name: Some(list.name.clone()),
            status: Some(status.into()),
            steps: Some(components),
            ..Step::default()
        })
    }
}

/// The worst status of steps, where it is no pass. An empty list of failures is none.
fn failure(steps: &[Step]) -> Option<StepStatus> {
    let said = steps
        .iter()
        .filter(|step| step.steps.as_ref().is_none_or(|inside| !inside.is_empty()));
    let statuses = said.filter_map(|step| step.status.as_ref()).map(Word::code);
    worst(statuses).filter(|status| {
        matches!(
            status,
            StepStatus::Failed | StepStatus::Error | StepStatus::Terminated
        )
    })
}

/// A component that the machine complained of.
fn component(element: &Element, status: StepStatus) -> Result<Step, ConvertError> {
    let name = element.attribute("designator");
    let (name, whole) = fitted(name.given().ok_or_else(|| name.expected("a component"))?);
    let mut step = Step {
        step_type: Some("ET_PFT".to_owned()),
        name: Some(name),
        report_text: whole,
        status: Some(status.into()),
        boolean: Some(Measurements::from(BooleanMeasurement {
            status: Some(status.into()),
            ..BooleanMeasurement::default()
        })),
        ..Step::default()
    };
    for (name, value) in &element.attributes {
        if name != "designator" && !value.trim().is_empty() {
            keep_in_step(&mut step, "Component", name, value.trim());
        }
    }
    Ok(step)
}

/// A barcode that was read.
fn given(barcode: Cell<'_>) -> Option<&str> {
    barcode.given().filter(|text| *text != NO_BARCODE)
}
