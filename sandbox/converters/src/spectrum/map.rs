//! From the tree to reports.

use stationd_report::{Report, Step};

use super::SpectrumArguments;
use super::header::Header;
use super::measure::{page, status};
use super::node::{Node, nodes};
use crate::ict::{add_text, sequence};
use crate::rows::{Field, Site, StatusWords, Unit};
use crate::site::DateOrder;
use crate::text::decode;
use crate::{Conversion, ConvertError, Source};

/// Nodes of a unit with one text that has a place.
const READ: [&str; 4] = ["PROGRAM_NAME", "SUBPROGRAM_NAME", "SECTION_NAME", "USER"];

/// How a unit begins.
const BEGIN: &str = "(PROGRAM_NAME:";

/// Converts all units of a file: each begins with its program's name.
pub(crate) fn convert(input: &[u8], source: &Source<'_>) -> Result<Conversion, ConvertError> {
    let arguments: SpectrumArguments = source.parse_arguments()?;
    let words = StatusWords::new(&arguments.status_words)?;
    let text = decode(input, arguments.encoding.as_deref())?;
    let site = Site::new(&words, arguments.process_code);
    let mut conversion = Conversion::default();
    let mut starts: Vec<_> = text.match_indices(BEGIN).map(|(at, _)| at).collect();
    let before = text.get(..starts.first().copied().unwrap_or(text.len()));
    let before = before.unwrap_or_default();
    if !before.trim().is_empty() {
        let line = lines(before.trim_end()) - lines(before.trim()) + 1;
        return Err(ConvertError::at(line, "expected (PROGRAM_NAME: at the beginning"));
    }
    starts.push(text.len());
    let mut line = 1 + lines(before);
    for (start, end) in starts.iter().zip(starts.iter().skip(1)) {
        // A bracket that is lost costs one unit alone.
        let unit = text.get(*start..*end).unwrap_or_default();
        conversion.unit(arguments.on_damaged_unit, |notes| {
            report(&nodes(unit, line)?, &arguments, site, notes)
        })?;
        line += lines(unit);
    }
    conversion.ended("no unit")
}

/// How many line ends a text holds.
fn lines(text: &str) -> usize {
    text.bytes().filter(|&byte| byte == b'\n').count()
}

fn report(
    tree: &[Node<'_>],
    arguments: &SpectrumArguments,
    site: Site<'_>,
    notes: &mut Vec<String>,
) -> Result<Report, ConvertError> {
    let line = tree.first().map_or(1, |node| node.line);
    let mut unit = Unit::new(line);
    let mut header = Header::default();
    let mut sections: Vec<(&str, Vec<Step>)> = Vec::new();
    let mut root_text = Vec::new();
    for node in tree {
        // What is read has one text.
        if !node.more.is_empty() && READ.contains(&node.key) {
            root_text.push(node.line_of_text());
        }
        match node.key {
            "PROGRAM_NAME" => {
                unit.set(Field::PartNumber, node.cell(), site)?;
                unit.set(Field::Program, node.cell(), site)?;
            }
            "SUBPROGRAM_NAME" => unit.keep("Subprogram", node.cell()),
            "SECTION_NAME" => sections.push((node.text, Vec::new())),
            "USER" => header.take(node, &mut unit, site)?,
            "STEP" => {
                let time = node.value("TIME");
                if !time.is_empty() {
                    header.first_step.get_or_insert(time);
                }
                let step = step(node, arguments, site, notes)?;
                if sections.is_empty() {
                    sections.push(("Steps", Vec::new()));
                }
                if let Some((_, steps)) = sections.last_mut() {
                    steps.push(step);
                }
            }
            _ => {
                root_text.push(node.line_of_text());
                notes.push("nodes without a meaning here are kept as text of the root step".to_owned());
            }
        }
    }
    header.finish(line, &mut unit, arguments, notes)?;
    unit.decided(arguments.part_number.as_deref(), arguments.revision.as_deref());
    let sections = sections
        .into_iter()
        .map(|(name, steps)| sequence(name, None, steps));
    let name = tree.first().map_or("", |node| node.text);
    let mut root = sequence(name, None, sections.collect());
    for text in root_text {
        add_text(&mut root, &text);
    }
    unit.finish(root, site, notes)
}

/// A step: a sequence of its pages.
fn step(
    node: &Node<'_>,
    arguments: &SpectrumArguments,
    site: Site<'_>,
    notes: &mut Vec<String>,
) -> Result<Step, ConvertError> {
    let mut steps = Vec::new();
    for child in node.children.iter().filter(|child| child.key == "PAGE") {
        steps.extend(page(child, site.reader.words)?);
    }
    let found = status(node, site.reader.words)?;
    let mut step = sequence(node.value("SNAME").text, Some(found), steps);
    let time = node.value("TIME");
    if !time.is_empty() {
        step.start = Some(DateOrder::read(arguments.date_order, time.text, time, notes)?);
    }
    for child in &node.children {
        match child.key {
            "PAGE" | "SNAME" | "STAT" | "TIME" => {}
            "DESC" if child.more.is_empty() => add_text(&mut step, child.text),
            _ => add_text(&mut step, &child.line_of_text()),
        }
    }
    Ok(step)
}
