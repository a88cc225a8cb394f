//! `Outcome` and `ActionOutcome`.

use stationd_report::StepStatus;

use crate::ConvertError;
use crate::rows::StatusWords;
use crate::xml::Element;

/// The status of a step or unit; `None` when the element has no outcome. Source: IEEE 1636.1 gives the values
/// `Passed`, `Failed`, `Aborted`, `Inconclusive`, `NotStarted` and `UserDefined`; TestStand puts its own status into the
/// qualifier (`Aborted` with `Skipped` in 2.02, `UserDefined` with `Skipped` in 5.00), which therefore comes first.
pub(super) fn outcome(element: &Element, words: &StatusWords) -> Result<Option<StepStatus>, ConvertError> {
    let Some(outcome) = element.child("Outcome").or(element.child("ActionOutcome")) else {
        return Ok(None);
    };
    let qualifier = outcome.attribute("qualifier");
    if !qualifier.is_empty() {
        return words.step(qualifier);
    }
    let value = outcome.attribute("value");
    match value.text {
        "Aborted" => Ok(Some(StepStatus::Terminated)),
        "NotStarted" => Ok(Some(StepStatus::Skipped)),
        _ => words.step(value),
    }
}
