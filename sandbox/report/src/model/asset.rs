//! Equipment that was used.

use crate::model::Number;
use crate::model::number::NumberRule::Whole;
use crate::read::TextRule::{Instant, Length};
use crate::read::record;

record! {
    /// A piece of equipment.
    pub struct Asset {
        /// Serial number, 1 to 100 characters.
        "sn" sn: String = Length(1, 100),
        /// Kind of equipment, up to 100 characters.
        "assetType" asset_type: String = Length(0, 100),
        /// Part number, up to 100 characters.
        "partNumber" part_number: String = Length(0, 100),
        /// Uses in this test.
        "usageCount" usage_count: Number = Whole,
        /// Date and time of the last calibration.
        "calibrationDate" calibration_date: String = Instant,
        /// Date and time of the next calibration.
        "calibrationDue" calibration_due: String = Instant,
    }
    check |this, reader| { reader.require("sn", this.sn.is_some()); }
}
