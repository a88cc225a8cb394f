//! What a site decides about its XML reports.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::site::OnDamagedUnit;

/// The arguments of `wsxf`. All are optional; what the file says comes first.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WsxfArguments {
    /// Operation code for a report that names none.
    pub process_code: Option<u32>,
    /// Operation codes by the report's operation name.
    pub process_codes: BTreeMap<String, u32>,
    /// Part number for a report that names none.
    pub part_number: Option<String>,
    /// Revision for a report that names none.
    pub revision: Option<String>,
    /// What a report with a fault does to the others in its file. Default `reject`.
    pub on_damaged_unit: OnDamagedUnit,
}
