//! What a site decides about its results.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The arguments of `keysight-testexec`. The file has no operation code, which is required.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KeysightArguments {
    /// Operation code.
    pub process_code: Option<u32>,
    /// Part number for a file that names none.
    pub part_number: Option<String>,
    /// Revision for a file that names none.
    pub revision: Option<String>,
    /// Pattern of times, as in strftime(3): `%d.%m.%Y %H:%M:%S`. Default ISO 8601.
    pub start_format: Option<String>,
    /// Further words for statuses: `{"GOOD": "P"}`.
    pub status_words: BTreeMap<String, String>,
}
