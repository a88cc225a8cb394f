//! What a site decides about its JUnit files.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::site::OnDamagedUnit;

/// The arguments of `junit`. The format knows no unit under test: serial number, part number, revision and operation
/// code come from properties of the file, from its name or from constants.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JunitArguments {
    /// Name of the property that holds the serial number.
    pub serial_property: Option<String>,
    /// The serial number is the file's name up to its last dot.
    pub serial_from_name: bool,
    /// Name of the property that holds the part number.
    pub part_number_property: Option<String>,
    /// Part number for a file that names none.
    pub part_number: Option<String>,
    /// Name of the property that holds the revision.
    pub revision_property: Option<String>,
    /// Revision for a file that names none.
    pub revision: Option<String>,
    /// Operation code; required.
    pub process_code: Option<u32>,
    /// Name of the property that holds the operator.
    pub operator_property: Option<String>,
    /// Each suite at the top is a unit of its own; else the file is one unit.
    pub unit_per_suite: bool,
    /// Further words of the attributes `status` and `result` of a case: `{"blocked": "S"}`.
    pub status_words: BTreeMap<String, String>,
    /// What a unit with a fault does to the others in its file. Default `reject`.
    pub on_damaged_unit: OnDamagedUnit,
}

impl JunitArguments {
    /// Names of the properties that are read.
    pub(super) fn properties(&self) -> impl Iterator<Item = &str> {
        [
            &self.serial_property,
            &self.part_number_property,
            &self.revision_property,
            &self.operator_property,
        ]
        .into_iter()
        .flatten()
        .map(String::as_str)
    }
}
