//! The header of a report. Source: a server's export of one report as XML and as JSON, which agree member by member.

use stationd_report::{Asset, MiscInfo, Report, SubUnit};

use super::WsxfArguments;
use super::parts::additional;
use super::repair::repair;
use super::step::Steps;
use crate::convert::left_out;
use crate::rows::{Field, Site, StatusWords, Unit};
use crate::xml::{Element, parse};
use crate::{Conversion, ConvertError, Source};

/// Converts all reports of a file.
pub(crate) fn convert(input: &[u8], source: &Source<'_>) -> Result<Conversion, ConvertError> {
    let arguments: WsxfArguments = source.parse_arguments()?;
    let words = StatusWords::default();
    let site = Site::new(&words, arguments.process_code).process_codes(&arguments.process_codes);
    let root = parse(input)?;
    let mut conversion = Conversion::default();
    for element in root.units("Reports", "Report", "Report")? {
        conversion.unit(arguments.on_damaged_unit, |notes| {
            report(element, &arguments, site, notes)
        })?;
    }
    conversion.ended("no report")
}

pub(super) const ATTRIBUTES: [&str; 14] = [
    "type",
    "Type",
    "ID",
    "Start",
    "Start_utc",
    "Result",
    "SN",
    "PN",
    "Rev",
    "origin",
    "MachineName",
    "Location",
    "Purpose",
    "ProductName",
];
pub(super) const PROCESS: [&str; 3] = ["Code", "CodeFormat", "Name"];
const CHILDREN: [&str; 8] = [
    "UUT",
    "Process",
    "MiscInfo",
    "ReportUnitHierarchy",
    "Asset",
    "Assets",
    "AdditionalData",
    "Step",
];

fn report(
    element: &Element,
    arguments: &WsxfArguments,
    site: Site<'_>,
    notes: &mut Vec<String>,
) -> Result<Report, ConvertError> {
    let kind = Some(element.attribute("type")).filter(|kind| !kind.is_empty());
    let kind = kind.unwrap_or(element.attribute("Type"));
    match kind.text {
        "" | "UUT" | "T" => {}
        "UUR" | "R" => return repair(element, arguments, site, notes),
        _ => return Err(kind.expected("UUT or UUR")),
    }
    let mut left = element.unknown(&ATTRIBUTES, &CHILDREN);
    let mut unit = Unit::new(element.line);
    header(element, arguments, &mut unit, site)?;
    process(element, &mut unit, site, &mut left)?;
    for uut in element.children("UUT") {
        test(uut, &mut unit, site, &mut left)?;
    }
    misc_infos(element, &mut unit, &mut left)?;
    for sub in element.children("ReportUnitHierarchy") {
        left.extend(sub.unknown(&UNIT, &[]));
        let sub = sub_unit(sub)?;
        unit.report_mut().sub_units.get_or_insert_default().push(sub);
    }
    unit.report_mut().assets = assets(element, &mut left)?;
    unit.report_mut().additional_data = additional(element, "AdditionalData");
    let mut steps = Steps {
        site,
        left,
        notes: Vec::new(),
    };
    let root = steps.root(element)?;
    notes.extend(steps.left.into_iter().map(left_out));
    notes.extend(steps.notes.into_iter().map(str::to_owned));
    unit.finish(root, site, notes)
}

/// What has no place of its own.
pub(super) fn misc_infos(
    element: &Element,
    unit: &mut Unit,
    left: &mut Vec<String>,
) -> Result<(), ConvertError> {
    for info in element.children("MiscInfo") {
        left.extend(info.unknown(
            &["Typedef", "Description", "Numeric", "Id", "idx", "order_no"],
            &[],
        ));
        let info = misc_info(info)?;
        unit.report_mut().misc_infos.get_or_insert_default().push(info);
    }
    Ok(())
}

/// The attributes of the report itself.
pub(super) fn header(
    element: &Element,
    arguments: &WsxfArguments,
    unit: &mut Unit,
    site: Site<'_>,
) -> Result<(), ConvertError> {
    unit.decided(arguments.part_number.as_deref(), arguments.revision.as_deref());
    for (name, field) in [
        ("SN", Field::Serial),
        ("PN", Field::PartNumber),
        ("Rev", Field::Revision),
        ("Result", Field::Result),
        ("MachineName", Field::Station),
        ("Location", Field::Location),
        ("Purpose", Field::Purpose),
        ("Start_utc", Field::StartUtc),
        ("Start", Field::Start),
    ] {
        unit.set(field, element.attribute(name), site)?;
    }
    let own = unit.report_mut();
    own.id = element.attribute("ID").given().map(str::to_ascii_lowercase);
    own.start_utc = element.attribute("Start_utc").owned();
    own.origin = element.attribute("origin").owned();
    own.product_name = element.attribute("ProductName").owned();
    Ok(())
}

/// The operation.
pub(super) fn process(
    element: &Element,
    unit: &mut Unit,
    site: Site<'_>,
    left: &mut Vec<String>,
) -> Result<(), ConvertError> {
    for process in element.children("Process") {
        unit.set(Field::ProcessCode, process.attribute("Code"), site)?;
        unit.set(Field::ProcessName, process.attribute("Name"), site)?;
        unit.report_mut().process_code_format = process.attribute("CodeFormat").owned();
        left.extend(process.unknown(&PROCESS, &[]));
    }
    Ok(())
}

/// Attributes of a unit inside the unit.
pub(super) const UNIT: [&str; 8] = [
    "PartType",
    "PN",
    "SN",
    "Rev",
    "Position",
    "Idx",
    "ParentIDX",
    "ReplacedIDX",
];

pub(super) fn sub_unit(element: &Element) -> Result<SubUnit, ConvertError> {
    Ok(SubUnit {
        part_type: element.attribute("PartType").owned(),
        pn: element.attribute("PN").owned(),
        sn: element.attribute("SN").owned(),
        rev: element.attribute("Rev").owned(),
        position: element.attribute("Position").integer()?,
        idx: element.attribute("Idx").integer()?,
        parent_idx: element.attribute("ParentIDX").integer()?,
        replaced_idx: element.attribute("ReplacedIDX").integer()?,
        ..SubUnit::default()
    })
}

fn test(uut: &Element, unit: &mut Unit, site: Site<'_>, left: &mut Vec<String>) -> Result<(), ConvertError> {
    const OTHERS: [&str; 3] = ["BatchFailCount", "BatchLoopIndex", "StepIdCausedUUTFailure"];
    const FORMATS: [&str; 4] = [
        "ErrorCodeFormat",
        "TestSocketIndexFormat",
        "BatchFailCountFormat",
        "BatchLoopIndexFormat",
    ];
    let fields = [
        ("UserLoginName", Field::Operator),
        ("BatchSN", Field::Batch),
        ("TestSocketIndex", Field::Socket),
        ("ExecutionTime", Field::ExecTime),
        ("FixtureId", Field::Fixture),
        ("ErrorCode", Field::ErrorCode),
        ("ErrorMessage", Field::ErrorMessage),
    ];
    for (name, field) in fields {
        unit.set(field, uut.attribute(name), site)?;
    }
    if let Some(comment) = uut.child("Comment") {
        unit.set(Field::Comment, comment.text(), site)?;
    }
    let own = unit.uut_mut();
    let [fail_count, loop_index, step] = OTHERS.map(|name| uut.attribute(name).integer());
    let [error_code, socket, fail_count_format, loop_index_format] =
        FORMATS.map(|name| uut.attribute(name).owned());
    own.batch_fail_count = fail_count?;
    own.batch_loop_index = loop_index?;
    own.step_id_caused_uut_failure = step?;
    own.error_code_format = error_code;
    own.test_socket_index_format = socket;
    own.batch_fail_count_format = fail_count_format;
    own.batch_loop_index_format = loop_index_format;
    let known: Vec<_> = fields
        .iter()
        .map(|(name, _)| *name)
        .chain(OTHERS)
        .chain(FORMATS)
        .collect();
    left.extend(uut.unknown(&known, &["Comment"]));
    Ok(())
}

/// What was used for the test: `Asset` elements of the report, or inside `Assets`.
fn assets(element: &Element, left: &mut Vec<String>) -> Result<Option<Vec<Asset>>, ConvertError> {
    let around = element.children("Assets");
    left.extend(around.flat_map(|around| around.unknown(&[], &["Asset"])));
    let inside = element.children("Assets").flat_map(|all| all.children("Asset"));
    let mut assets = Vec::new();
    for one in element.children("Asset").chain(inside) {
        left.extend(one.unknown(&["AssetSN", "UsageCount"], &[]));
        let serial = one.attribute("AssetSN");
        assets.push(Asset {
            sn: Some(serial.owned().ok_or_else(|| serial.expected("a serial number"))?),
            usage_count: one.attribute("UsageCount").integer()?,
            ..Asset::default()
        });
    }
    Ok(Some(assets).filter(|assets| !assets.is_empty()))
}

fn misc_info(element: &Element) -> Result<MiscInfo, ConvertError> {
    Ok(MiscInfo {
        description: element.attribute("Description").owned(),
        text: element.text().owned(),
        numeric: element.attribute("Numeric").number('.')?,
        id: element.attribute("Id").owned(),
        ..MiscInfo::default()
    })
}
