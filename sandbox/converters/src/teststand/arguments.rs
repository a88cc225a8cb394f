//! What a site decides about its TestStand reports.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::site::OnDamagedUnit;

/// The arguments of `teststand`. TestStand alone writes neither operation code nor revision, and often no part
/// number; what the file says comes first.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TestStandArguments {
    /// Operation code for a report that names none.
    pub process_code: Option<u32>,
    /// Part number for a report that names none.
    pub part_number: Option<String>,
    /// Revision for a report that names none.
    pub revision: Option<String>,
    /// Further words for statuses: `{"Looping": "D"}`.
    pub status_words: BTreeMap<String, String>,
    /// What a report with a fault does to the others in its file. Default `reject`.
    pub on_damaged_unit: OnDamagedUnit,
}
