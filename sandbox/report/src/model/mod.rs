//! The types of WSJF. Every member is optional here; which are required is checked on reading.

mod additional;
mod asset;
mod attachment;
mod chart;
mod codes;
mod header;
mod measurement;
mod measurements;
mod members;
mod number;
mod step;
mod uur;
mod uut;

pub use additional::{AdditionalArray, AdditionalArrayIndex, AdditionalData, AdditionalProperty};
pub use asset::Asset;
pub use attachment::{Attachment, BinaryData};
pub use chart::{Chart, ChartSeries};
pub use codes::{ChartType, Code, CompOp, Kind, ReportStatus, StepGroup, StepStatus, Word};
pub use header::{MiscInfo, Report};
pub use measurement::{BooleanMeasurement, NumericMeasurement, StringMeasurement};
pub use measurements::{Measurements, Named};
pub use members::{Members, Raw};
pub use number::{Number, NumberOrText};
pub use step::{CallExe, Loop, MessagePopup, SequenceCall, Step};
pub use uur::{Failure, SubUnit, UurInfo};
pub use uut::{RepairReference, UutInfo};
