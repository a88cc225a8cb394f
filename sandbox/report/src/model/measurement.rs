//! What a step measured.

use crate::model::{CompOp, NumberOrText, StepStatus, Word};
use crate::read::record;

record! {
    /// A number and its limits. Operators with one limit compare with `lowLimit`, also `LT` and `LE`
    /// (the values and statuses of real exports agree with nothing else).
    pub struct NumericMeasurement {
        /// Status.
        "status" status: Word<StepStatus>,
        /// Name; required where a step has several.
        "name" name: String,
        /// The value.
        "value" value: NumberOrText,
        /// How the value is shown.
        "valueFormat" value_format: String,
        /// Unit.
        "unit" unit: String,
        /// Comparison.
        "compOp" comp_op: Word<CompOp>,
        /// Upper limit.
        "highLimit" high_limit: NumberOrText,
        /// How it is shown.
        "highLimitFormat" high_limit_format: String,
        /// Lower limit, and the only limit of operators with one.
        "lowLimit" low_limit: NumberOrText,
        /// How it is shown.
        "lowLimitFormat" low_limit_format: String,
    }
    check |_this, _reader| {}
}

record! {
    /// A yes or no.
    pub struct BooleanMeasurement {
        /// Status.
        "status" status: Word<StepStatus>,
        /// Name; required where a step has several.
        "name" name: String,
        /// The value; servers write none.
        "value" value: bool,
    }
    check |_this, _reader| {}
}

record! {
    /// A text and the text it should be.
    pub struct StringMeasurement {
        /// Status.
        "status" status: Word<StepStatus>,
        /// Name; required where a step has several.
        "name" name: String,
        /// The value.
        "value" value: String,
        /// Comparison.
        "compOp" comp_op: Word<CompOp>,
        /// What the value is compared with.
        "limit" limit: String,
    }
    check |_this, _reader| {}
}
