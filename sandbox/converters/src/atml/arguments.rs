//! What a site decides about its ATML files.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::site::OnDamagedUnit;

/// The arguments of `atml`. The format has no operation code, and TestStand writes no revision: most sites set both.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AtmlArguments {
    /// Operation code; required.
    pub process_code: Option<u32>,
    /// Part number for a unit that names none.
    pub part_number: Option<String>,
    /// Revision for a unit that names none.
    pub revision: Option<String>,
    /// Further words for outcomes, as in the attribute `qualifier`: `{"Not tested": "S"}`.
    pub status_words: BTreeMap<String, String>,
    /// What a unit with a fault does to the others in its file. Default `reject`.
    pub on_damaged_unit: OnDamagedUnit,
}
