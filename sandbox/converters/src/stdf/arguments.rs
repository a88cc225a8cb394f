//! What a site decides about its STDF files.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use crate::serial::SerialPattern;
use crate::site::OnDamagedUnit;

/// The arguments of `stdf`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StdfArguments {
    /// What the serial number is made of: text with `{part}`, `{lot}`, `{sublot}`, `{wafer}`, `{x}`, `{y}`, `{head}`
    /// and `{site}`. Default `{part}`, which in most files counts from 1 in each lot or wafer.
    #[serde(deserialize_with = "serial")]
    pub serial: Option<SerialPattern>,
    /// Operation code for a file whose `TEST_COD` is not in `process_codes`.
    pub process_code: Option<u32>,
    /// Operation codes by the file's `TEST_COD`: `{"ews": 70}`.
    pub process_codes: BTreeMap<String, u32>,
    /// Part number for a file without `PART_TYP`.
    pub part_number: Option<String>,
    /// Revision for a file without `DSGN_REV`.
    pub revision: Option<String>,
    /// The times of the file are UTC. The standard says local time, which is the default.
    pub utc_times: bool,
    /// What a part with a fault does to the others in its file. Default `reject`. With `leave_out` the parts before
    /// the end of a truncated file are converted.
    pub on_damaged_unit: OnDamagedUnit,
}

fn serial<'de, D: Deserializer<'de>>(argument: D) -> Result<Option<SerialPattern>, D::Error> {
    const KNOWN: [&str; 8] = ["part", "lot", "sublot", "wafer", "x", "y", "head", "site"];
    SerialPattern::of(argument, &KNOWN)
}
