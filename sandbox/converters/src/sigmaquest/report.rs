//! `UnitReport`: a unit. Source: a real file; element names and grades that it lacks from the vendor's client.

use stationd_report::{Report, StepStatus, SubUnit};

use super::SigmaQuestArguments;
use super::run::Runs;
use super::value::{VALUES, beside_text, text_of};
use crate::rows::{Cell, Field, Site, StatusWords, Unit};
use crate::when::{Dates, between, start};
use crate::xml::{Element, parse};
use crate::{Conversion, ConvertError, Source};

/// What stands in place of a station or an order when there is none.
const NOTHING: [&str; 2] = ["<No Station>", "None"];

/// Converts the unit of a file.
pub(crate) fn convert(input: &[u8], source: &Source<'_>) -> Result<Conversion, ConvertError> {
    let arguments: SigmaQuestArguments = source.parse_arguments()?;
    let grades = [
        ("incomplete", StepStatus::Terminated),
        ("pending", StepStatus::Error),
    ];
    let words = StatusWords::with(&grades, &arguments.status_words)?;
    let site = Site::new(&words, arguments.process_code);
    let root = parse(input)?;
    let root = root.named(&["UnitReport"])?;
    Conversion::of_one(|notes| report(root, &arguments, site, notes))
}

fn report(
    root: &Element,
    arguments: &SigmaQuestArguments,
    site: Site<'_>,
    notes: &mut Vec<String>,
) -> Result<Report, ConvertError> {
    let mut unit = Unit::new(root.line);
    unit.decided(arguments.part_number.as_deref(), arguments.revision.as_deref());
    let mut left = root.unknown(
        &[
            "start-time",
            "end-time",
            "attachments",
            "mode",
            "software-version",
        ],
        &[
            "Station", "Operator", "Category", "Product", "Property", "TestRun",
        ],
    );
    unit.set(Field::Start, root.attribute("start-time"), site)?;
    unit.set(Field::ProgramVersion, root.attribute("software-version"), site)?;
    unit.keep("mode", root.attribute("mode"));
    unit.keep("attachments", root.attribute("attachments"));
    if let (Some(began), Some(ended)) = (unit.report_mut().start.clone(), time(root.attribute("end-time"))?) {
        unit.uut_mut().exec_time = between(&began, &ended);
    }
    for (at, station) in root.children("Station").enumerate() {
        left.extend(station.unknown(&["name", "guid"], &["Property"]));
        if at == 0 {
            station_of(station, &mut unit, site, &mut left)?;
        } else {
            unit.keep("Station", station.attribute("name"));
            unit.keep("Station guid", station.attribute("guid"));
            keep_properties(station, &mut unit, &mut left);
        }
    }
    for (at, operator) in root.children("Operator").enumerate() {
        left.extend(operator.unknown(&["name"], &[]));
        match at {
            0 => unit.set(Field::Operator, operator.attribute("name"), site)?,
            _ => unit.keep("Operator", operator.attribute("name")),
        }
    }
    keep_properties(root, &mut unit, &mut left);
    let mut products = Products::default();
    products.read(root, &mut unit, site, &mut left)?;
    let runs: Vec<&Element> = root.children("TestRun").collect();
    let &[run] = runs.as_slice() else {
        return Err(ConvertError::at(
            root.line,
            format!("expected one <TestRun>, found {}", runs.len()),
        ));
    };
    unit.set(Field::Program, run.attribute("name"), site)?;
    unit.set(Field::Result, run.attribute("grade"), site)?;
    let mut runs = Runs::new(arguments, site, left);
    let step = runs.root(run)?;
    notes.extend(runs.into_notes());
    unit.finish(step, site, notes)
}

/// A time, checked.
pub(super) fn time(cell: Cell<'_>) -> Result<Option<String>, ConvertError> {
    match cell.given() {
        None => Ok(None),
        Some(text) => start(text, Dates::Iso)
            .map(Some)
            .ok_or_else(|| cell.expected("a date and time")),
    }
}

fn station_of(
    station: &Element,
    unit: &mut Unit,
    site: Site<'_>,
    left: &mut Vec<String>,
) -> Result<(), ConvertError> {
    let name = station.attribute("name");
    if !NOTHING.contains(&name.text) {
        unit.set(Field::Station, name, site)?;
    }
    unit.keep("Station guid", station.attribute("guid"));
    for value in station
        .children("Property")
        .flat_map(|property| &property.children)
    {
        match value.attribute("name").text {
            "Location" => unit.set(Field::Location, value.text(), site)?,
            "Test Software" => unit.set(Field::ProgramVersion, value.text(), site)?,
            _ => keep_property(value, unit, left),
        }
    }
    Ok(())
}

/// The values of an element's properties, as misc infos.
fn keep_properties(element: &Element, unit: &mut Unit, left: &mut Vec<String>) {
    for value in element
        .children("Property")
        .flat_map(|property| &property.children)
    {
        keep_property(value, unit, left);
    }
}

fn keep_property(value: &Element, unit: &mut Unit, left: &mut Vec<String>) {
    left.extend(beside_text(value));
    if VALUES.contains(&value.name.as_str()) {
        let name = value.attribute("name").given().unwrap_or(&value.name);
        unit.keep(name, Cell::named(&text_of(value), value.line, &value.name));
    } else {
        left.push(format!("Property/{}", value.name));
    }
}

/// The products of a unit: the first is the unit, the others are inside it.
#[derive(Default)]
struct Products {
    seen: usize,
}

impl Products {
    fn read(
        &mut self,
        element: &Element,
        unit: &mut Unit,
        site: Site<'_>,
        left: &mut Vec<String>,
    ) -> Result<(), ConvertError> {
        for child in &element.children {
            match child.name.as_str() {
                "Category" => {
                    unit.keep("Category", child.attribute("name"));
                    left.extend(child.unknown(&["name"], &["Category", "Product", "Property"]));
                    keep_properties(child, unit, left);
                    self.read(child, unit, site, left)?;
                }
                "Product" => {
                    left.extend(child.unknown(
                        &["part-no", "serial-no", "version", "factory-order"],
                        &["Category", "Product", "Property"],
                    ));
                    self.product(child, unit, site)?;
                    keep_properties(child, unit, left);
                    self.read(child, unit, site, left)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn product(&mut self, product: &Element, unit: &mut Unit, site: Site<'_>) -> Result<(), ConvertError> {
        let [part, serial, version] = ["part-no", "serial-no", "version"].map(|name| product.attribute(name));
        let order = product.attribute("factory-order");
        if !NOTHING.contains(&order.text) {
            unit.keep("factory-order", order);
        }
        self.seen += 1;
        if self.seen == 1 {
            unit.set(Field::PartNumber, part, site)?;
            unit.set(Field::Serial, serial, site)?;
            return unit.set(Field::Revision, version, site);
        }
        let inside = SubUnit {
            pn: Some(
                part.given()
                    .ok_or_else(|| part.expected("a part number"))?
                    .to_owned(),
            ),
            sn: Some(
                serial
                    .given()
                    .ok_or_else(|| serial.expected("a serial number"))?
                    .to_owned(),
            ),
            rev: version.owned(),
            ..SubUnit::default()
        };
        unit.report_mut().sub_units.get_or_insert_default().push(inside);
        Ok(())
    }
}
