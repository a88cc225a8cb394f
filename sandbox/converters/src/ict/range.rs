//! The comparison of a tester that writes two limits and no operator.

use stationd_report::CompOp;

/// The operator that follows from the limits that are there, and its limits: an operator with one limit has it as the
/// lower one.
pub(crate) fn range<T>(low: Option<T>, high: Option<T>) -> (CompOp, Option<T>, Option<T>) {
    match (low, high) {
        (Some(low), Some(high)) => (CompOp::Gele, Some(low), Some(high)),
        (Some(low), None) => (CompOp::Ge, Some(low), None),
        (None, Some(high)) => (CompOp::Le, Some(high), None),
        (None, None) => (CompOp::Log, None, None),
    }
}
