//! A repair report. Source: the names that the vendor's own converter of this format reads; no export of a server is
//! known.

use stationd_report::{BinaryData, Failure, Number, Report, SubUnit, UurInfo};

use super::WsxfArguments;
use super::report::{ATTRIBUTES, PROCESS, UNIT, header, misc_infos, process, sub_unit};
use crate::ConvertError;
use crate::convert::left_out;
use crate::rows::{Cell, Site, Unit};
use crate::when::{Dates, start};
use crate::xml::Element;

const CHILDREN: [&str; 7] = [
    "UUR",
    "Process",
    "MiscInfo",
    "ReportUnitHierarchy",
    "Failures",
    "Failure",
    "Binary",
];

/// Turns a report of type `UUR` into a repair.
pub(super) fn repair(
    element: &Element,
    arguments: &WsxfArguments,
    site: Site<'_>,
    notes: &mut Vec<String>,
) -> Result<Report, ConvertError> {
    let mut left = element.unknown(&ATTRIBUTES, &CHILDREN);
    let mut unit = Unit::new(element.line);
    header(element, arguments, &mut unit, site)?;
    process(element, &mut unit, site, &mut left)?;
    let own = element.child("UUR");
    let own = own.ok_or_else(|| ConvertError::at(element.line, "a repair report without <UUR>"))?;
    let info = info(own, &mut unit, &mut left)?;
    misc_infos(element, &mut unit, &mut left)?;
    let mut units = units(element, unit.report_mut(), &mut left)?;
    for failure in element.children("Failures").chain(element.children("Failure")) {
        add_failure(failure, &mut units, &mut left)?;
    }
    unit.report_mut().sub_units = Some(units);
    let files: Vec<BinaryData> = element
        .children("Binary")
        .filter_map(|binary| file(binary, &mut left))
        .collect();
    unit.report_mut().binary_data = Some(files).filter(|files| !files.is_empty());
    if unit.result().is_none() {
        return Err(element.attribute("Result").expected("the result of the repair"));
    }
    notes.extend(left.into_iter().map(left_out));
    unit.finish_repair(info, site, notes)
}

/// An attribute, else the text of a child of that name: writers differ.
fn text<'a>(element: &'a Element, name: &'a str) -> Cell<'a> {
    let attribute = element.attribute(name);
    match element.child(name) {
        Some(child) if attribute.is_empty() => child.text(),
        _ => attribute,
    }
}

/// `UUR`: who repaired, when, and what for. A date without an offset is kept as misc info: reports demand one.
fn info(own: &Element, unit: &mut Unit, left: &mut Vec<String>) -> Result<UurInfo, ConvertError> {
    const TEXTS: [&str; 2] = ["Comment", "UserLoginName"];
    const OTHERS: [&str; 6] = [
        "Active",
        "ConfirmDate",
        "FinalizeDate",
        "ExecutionTime",
        "Parent",
        "ReferencedUUT",
    ];
    let known = [TEXTS.as_slice(), OTHERS.as_slice()].concat();
    left.extend(own.unknown(&known, &[known.as_slice(), &["Process"]].concat()));
    let mut date = |name| -> Result<Option<String>, ConvertError> {
        let cell = text(own, name);
        let Some(written) = cell.given() else {
            return Ok(None);
        };
        let date = start(written, Dates::Iso).ok_or_else(|| cell.expected("a date and time"))?;
        if date.ends_with('Z') || date.len() > 19 && date.contains(['+']) || date.rfind('-') > Some(10) {
            return Ok(Some(date));
        }
        unit.keep(name, cell);
        Ok(None)
    };
    let (confirm_date, finalize_date) = (date("ConfirmDate")?, date("FinalizeDate")?);
    let active = text(own, "Active");
    let process = own.child("Process");
    left.extend(
        process
            .into_iter()
            .flat_map(|process| process.unknown(&PROCESS, &[])),
    );
    let id = |name| text(own, name).given().map(str::to_ascii_lowercase);
    Ok(UurInfo {
        user: text(own, "UserLoginName").owned(),
        comment: text(own, "Comment").owned(),
        exec_time: text(own, "ExecutionTime").number('.')?,
        process_code: match process {
            Some(process) => process.attribute("Code").integer()?,
            None => None,
        },
        process_code_format: process.and_then(|process| process.attribute("CodeFormat").owned()),
        process_name: process.and_then(|process| process.attribute("Name").owned()),
        ref_uut: id("ReferencedUUT"),
        confirm_date,
        finalize_date,
        active: match active.text {
            "" => None,
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => return Err(active.expected("true or false")),
        },
        parent: id("Parent"),
        ..UurInfo::default()
    })
}

/// The unit and the units inside it; the unit itself has index 0, whether the file lists it or not.
fn units(element: &Element, report: &Report, left: &mut Vec<String>) -> Result<Vec<SubUnit>, ConvertError> {
    let mut units = Vec::new();
    for sub in element.children("ReportUnitHierarchy") {
        left.extend(sub.unknown(&UNIT, &[]));
        units.push(sub_unit(sub)?);
    }
    let zero = Number::from(0);
    if !units.iter().any(|unit| unit.idx.as_ref() == Some(&zero)) {
        let own = SubUnit {
            pn: report.pn.clone(),
            sn: report.sn.clone(),
            rev: report.rev.clone(),
            idx: Some(zero),
            ..SubUnit::default()
        };
        units.insert(0, own);
    }
    Ok(units)
}

/// `Failures`: one failure, of the unit that `PartIdx` names.
fn add_failure(element: &Element, units: &mut [SubUnit], left: &mut Vec<String>) -> Result<(), ConvertError> {
    let known = [
        "ArticleDescription",
        "ArticleNumber",
        "ArticleRevision",
        "ArticleVendor",
        "Category",
        "Code",
        "Comment",
        "CompRef",
        "FunctionBlock",
        "Idx",
        "PartIdx",
        "StepID",
    ];
    left.extend(element.unknown(&known, &["Comment"]));
    let part = element.attribute("PartIdx");
    let index = part.integer()?.unwrap_or_else(|| Number::from(0));
    let unit = units.iter_mut().find(|unit| unit.idx.as_ref() == Some(&index));
    let unit = unit.ok_or_else(|| part.expected("the Idx of a <ReportUnitHierarchy>"))?;
    let owned = |name| element.attribute(name).owned();
    unit.failures.get_or_insert_default().push(Failure {
        category: owned("Category"),
        code: owned("Code"),
        comment: text(element, "Comment").owned(),
        com_ref: owned("CompRef"),
        func_block: owned("FunctionBlock"),
        ref_step_id: element.attribute("StepID").integer()?,
        art_number: owned("ArticleNumber"),
        art_rev: owned("ArticleRevision"),
        art_vendor: owned("ArticleVendor"),
        art_description: owned("ArticleDescription"),
        ..Failure::default()
    });
    Ok(())
}

/// `Binary`: a file; one without a name or content is left out and named.
fn file(element: &Element, left: &mut Vec<String>) -> Option<BinaryData> {
    left.extend(element.unknown(&["BinaryDataIndex"], &["Data"]));
    let data = element.child("Data");
    let content: String = data.map_or("", |data| &data.text).split_whitespace().collect();
    let (Some(data), false) = (data, content.is_empty()) else {
        left.push("Binary without content".to_owned());
        return None;
    };
    left.extend(data.unknown(&["FileName", "ContentType", "size", "BinaryDataGUID"], &[]));
    let name = data.attribute("FileName").owned();
    if name.is_none() {
        left.push("Binary without a FileName".to_owned());
    }
    Some(BinaryData {
        name: Some(name?),
        content_type: data.attribute("ContentType").owned(),
        data: Some(content),
        ..BinaryData::default()
    })
}
