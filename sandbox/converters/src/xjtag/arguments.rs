//! What a site decides about its XJTAG logs.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::site::OnDamagedUnit;

/// The arguments of `xjtag`. The format has neither part number nor revision nor operation code.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct XjtagArguments {
    /// Operation code; required.
    pub process_code: Option<u32>,
    /// Part number; required, unless it is the project's description.
    pub part_number: Option<String>,
    /// The part number is the project's description.
    pub part_number_from_project: bool,
    /// Revision; required.
    pub revision: Option<String>,
    /// Further words of results.
    pub status_words: BTreeMap<String, String>,
    /// What a run with a fault does to the others in its log. Default `reject`.
    pub on_damaged_unit: OnDamagedUnit,
}
