//! What a site decides about its files.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::site::{DateOrder, OnDamagedUnit};

/// The arguments of `teradyne-spectrum`. The file has no operation code and no revision; both are required.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SpectrumArguments {
    /// Operation code.
    pub process_code: Option<u32>,
    /// Part number of every unit; default the program's name.
    pub part_number: Option<String>,
    /// Revision of every unit.
    pub revision: Option<String>,
    /// The order of day and month. Without it only dates that fit one order alone are read.
    pub date_order: Option<DateOrder>,
    /// Further words for statuses: `{"GOOD": "P"}`.
    pub status_words: BTreeMap<String, String>,
    /// Encoding of a file without byte order mark, a label of the WHATWG encoding standard. Default `utf-8`.
    pub encoding: Option<String>,
    /// What a unit with a fault does to the others in its file. Default `reject`.
    pub on_damaged_unit: OnDamagedUnit,
}
