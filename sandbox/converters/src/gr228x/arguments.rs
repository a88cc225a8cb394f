//! What a site decides about its logs.

use serde::Deserialize;

use crate::site::OnDamagedUnit;

/// The arguments of `teradyne-gr228x`. The log has no operation code and no revision; both are required.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Gr228xArguments {
    /// Operation code.
    pub process_code: Option<u32>,
    /// Part number of every unit, unless its log says one (`WATS_partNumber=`).
    pub part_number: Option<String>,
    /// The part number is the name of the test program's file up to this text: `_` makes `43420` of
    /// `43420_BIO2.obc`; an empty text takes the whole name without its extension.
    pub part_number_ends: Option<String>,
    /// Revision of every unit, unless its log says one (`WATS_partRevision=`).
    pub revision: Option<String>,
    /// Encoding of a file without byte order mark, a label of the WHATWG encoding standard. Default `utf-8`.
    pub encoding: Option<String>,
    /// What a unit with a fault does to the others in its file. Default `reject`.
    pub on_damaged_unit: OnDamagedUnit,
}
