//! What a site decides about its Seica files.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::site::{DecimalMark, OnDamagedUnit};

/// The arguments of `seica`. The format has no operation code; it is required.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SeicaArguments {
    /// Operation code; required.
    pub process_code: Option<u32>,
    /// Where the part number stands. Default `program`.
    pub part_number_from: SeicaPartNumber,
    /// Part number for a file that names none.
    pub part_number: Option<String>,
    /// Revision for a file that names none.
    pub revision: Option<String>,
    /// Pattern of `SD` and `ED`, as in strftime(3). Default `%d-%m-%Y %H:%M:%S`.
    pub start_format: Option<String>,
    /// Decimal mark of measurements and limits. Default `.`.
    pub decimal_mark: DecimalMark,
    /// Further values of `TR`; `0` is passed and `1` failed.
    pub status_words: BTreeMap<String, String>,
    /// What a board with a fault does to the others in its file. Default `reject`.
    pub on_damaged_unit: OnDamagedUnit,
}

/// Where the part number of a board stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeicaPartNumber {
    /// In the program's name (`ST/@NM`) up to its first `_` or blank; what follows is the revision.
    #[default]
    Program,
    /// In the board's name (`ST/@NMP`).
    Board,
}
