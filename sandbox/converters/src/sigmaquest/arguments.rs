//! What a site decides about its unit reports.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The arguments of `sigmaquest`. The format has no operation code; it is required.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SigmaQuestArguments {
    /// Operation code; required.
    pub process_code: Option<u32>,
    /// Part number for a file that names none.
    pub part_number: Option<String>,
    /// Revision for a file that names none.
    pub revision: Option<String>,
    /// A limit written as `0` means that there is none. Default: it is a limit.
    pub zero_is_no_limit: bool,
    /// Further grades. `INCOMPLETE` is terminated, `PENDING` an error.
    pub status_words: BTreeMap<String, String>,
}
