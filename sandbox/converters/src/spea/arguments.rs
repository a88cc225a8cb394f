//! What a site decides about its reports.

use serde::Deserialize;

use crate::site::{DateOrder, OnDamagedUnit};

/// The arguments of `spea`. The report has no operation code and no revision; both are required.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SpeaArguments {
    /// Operation code.
    pub process_code: Option<u32>,
    /// Part number in place of the product that the report names.
    pub part_number: Option<String>,
    /// Revision of every unit.
    pub revision: Option<String>,
    /// The order of day and month in files without a `FORMAT` line. Without it only dates that fit one order alone
    /// are read.
    pub date_order: Option<DateOrder>,
    /// Encoding of a file without byte order mark, a label of the WHATWG encoding standard. Default `utf-8`.
    pub encoding: Option<String>,
    /// What a unit with a fault does to the others in its file. Default `reject`.
    pub on_damaged_unit: OnDamagedUnit,
}
