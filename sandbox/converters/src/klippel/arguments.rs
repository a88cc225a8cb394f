//! What a site decides about its Klippel files.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The arguments of `klippel`. The format has neither part number nor revision nor operation code; all are required.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KlippelArguments {
    /// Operation code; required.
    pub process_code: Option<u32>,
    /// Part number; required.
    pub part_number: Option<String>,
    /// Revision; required.
    pub revision: Option<String>,
    /// What the verdicts `Warning`, `Noise`, `Invalid` and `Void` mean. Default: `Noise` and `Invalid` are errors,
    /// `Void` is done; `Warning` is a fault until a site decides.
    pub status_words: BTreeMap<String, String>,
    /// Encoding of a file without byte order mark. Default `utf-8`.
    pub encoding: Option<String>,
}
