//! What a site decides about its log records.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::gr228x::Gr228xArguments;
use crate::site::OnDamagedUnit;

/// The arguments of `i3070`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct I3070Arguments {
    /// Operation code of a file whose process step is not in `process_codes`.
    pub process_code: Option<u32>,
    /// Operation codes by the process step of the batch: `{"btest": 30}`.
    pub process_codes: BTreeMap<String, u32>,
    /// Part number of a file whose batch has no UUT type.
    pub part_number: Option<String>,
    /// For event logs: the part number is the name of the test program's file up to this text; an empty text takes
    /// the whole name.
    pub part_number_ends: Option<String>,
    /// Revision of a file whose batch has none.
    pub revision: Option<String>,
    /// The serial number of a board without one is the file's name up to its last dot.
    pub serial_from_name: bool,
    /// Encoding of a file without byte order mark, a label of the WHATWG encoding standard. Default `utf-8`.
    pub encoding: Option<String>,
    /// What a board with a fault does to the others in its file. Default `reject`.
    pub on_damaged_unit: OnDamagedUnit,
}

impl I3070Arguments {
    /// The arguments of the event log.
    pub(super) fn of_event_log(&self) -> Gr228xArguments {
        Gr228xArguments {
            process_code: self.process_code,
            part_number: self.part_number.clone(),
            part_number_ends: self.part_number_ends.clone(),
            revision: self.revision.clone(),
            encoding: None,
            on_damaged_unit: self.on_damaged_unit,
        }
    }
}
