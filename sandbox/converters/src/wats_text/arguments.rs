//! What a site decides about its standard text files.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::site::{DecimalMark, OnDamagedUnit};

/// The arguments of `wats-text`. All are optional; what the file says comes first.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WatsTextArguments {
    /// Operation code for a file that names none.
    pub process_code: Option<u32>,
    /// Operation codes by the file's `OperationTypeName`.
    pub process_codes: BTreeMap<String, u32>,
    /// Part number for a file that names none.
    pub part_number: Option<String>,
    /// Revision for a file that names none.
    pub revision: Option<String>,
    /// Encoding of a file without byte order mark, a label of the WHATWG encoding standard. Default `utf-8`.
    pub encoding: Option<String>,
    /// `.` (default) or `,`.
    pub decimal_mark: Option<DecimalMark>,
    /// Pattern of `StartDateTime`, as in strftime(3): `%d.%m.%Y %H:%M:%S`. Default ISO 8601.
    pub start_format: Option<String>,
    /// Further words for statuses: `{"GOOD": "P"}`.
    pub status_words: BTreeMap<String, String>,
    /// What a unit with a fault does to the others in its file. Default `reject`.
    pub on_damaged_unit: OnDamagedUnit,
}
