//! What a site decides about its `OpenHTF` records.

use serde::Deserialize;

/// The arguments of `openhtf`. A record has no operation code; part number and revision only where a test adds them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OpenHtfArguments {
    /// Operation code; required.
    pub process_code: Option<u32>,
    /// Key of the metadata that holds the part number.
    pub part_number_key: Option<String>,
    /// Part number for a record that names none.
    pub part_number: Option<String>,
    /// Key of the metadata that holds the revision.
    pub revision_key: Option<String>,
    /// Revision for a record that names none.
    pub revision: Option<String>,
    /// The serial number of a record without one is the file's name up to its last dot.
    pub serial_from_name: bool,
    /// The lowest level of log records that are kept, as in Python's `logging`. Default 20, information.
    pub log_level: i64,
}

impl Default for OpenHtfArguments {
    fn default() -> Self {
        Self {
            process_code: None,
            part_number_key: None,
            part_number: None,
            revision_key: None,
            revision: None,
            serial_from_name: false,
            log_level: 20,
        }
    }
}
