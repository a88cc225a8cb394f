//! What a site decides about its Saki files.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use crate::serial::SerialPattern;
use crate::site::OnDamagedUnit;

/// The arguments of `saki`. The format has neither operation code nor revision; both are required.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SakiArguments {
    /// Operation code; required.
    pub process_code: Option<u32>,
    /// Part number for a panel whose `side` is empty.
    pub part_number: Option<String>,
    /// Revision; required.
    pub revision: Option<String>,
    /// Pattern of `startDate`, a blank and `startTime`, as in strftime(3). Default `%m/%d/%Y %H:%M:%S`.
    pub start_format: Option<String>,
    /// Each image of the panel is a unit; else the panel is one.
    pub unit_per_image: bool,
    /// The serial number of an image without a barcode: `{panel}` and `{image}` stand for the panel's barcode and
    /// the image's number.
    #[serde(deserialize_with = "image_serial")]
    pub image_serial: Option<SerialPattern>,
    /// Further words of `result`.
    pub status_words: BTreeMap<String, String>,
    /// What an image with a fault does to the others in its file. Default `reject`.
    pub on_damaged_unit: OnDamagedUnit,
}

fn image_serial<'de, D: Deserializer<'de>>(argument: D) -> Result<Option<SerialPattern>, D::Error> {
    SerialPattern::of(argument, &["panel", "image"])
}
