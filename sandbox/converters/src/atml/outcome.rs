//! `Outcome` and `ActionOutcome`.

use stationd_report::StepStatus;

use crate::ConvertError;
use crate::rows::{Cell, StatusWords};
use crate::xml::Element;

/// The status of a step or unit; `None` when the element has no outcome. Source: IEEE 1636.1 gives the values
/// `Passed`, `Failed`, `Aborted`, `Inconclusive`, `NotStarted` and `UserDefined`; TestStand puts its own status into the
/// qualifier (`Aborted` with `Skipped` in 2.02, `UserDefined` with `Skipped` in 5.00), which therefore comes first. Beside
/// `Passed` and `Failed` it may be any words. A failure whose qualifier is none is a fault.
pub(super) fn outcome(element: &Element, words: &StatusWords) -> Result<Option<StepStatus>, ConvertError> {
    let Some(outcome) = of(element) else {
        return Ok(None);
    };
    let qualifier = outcome.attribute("qualifier");
    let value = outcome.attribute("value");
    if !(qualifier.is_empty() || words.step(qualifier).is_err() && is_plain(value.text)) {
        let status = words.step(qualifier)?;
        let is_failure = matches!(
            status,
            Some(StepStatus::Failed | StepStatus::Error | StepStatus::Terminated)
        );
        if matches!(value.text, "Failed" | "Inconclusive") && !is_failure {
            return Err(qualifier.expected(&format!("one that goes with the outcome {}", value.text)));
        }
        return Ok(status);
    }
    match value.text {
        "Aborted" => Ok(Some(StepStatus::Terminated)),
        "NotStarted" => Ok(Some(StepStatus::Skipped)),
        _ => words.step(value),
    }
}

fn of(element: &Element) -> Option<&Element> {
    element.child("Outcome").or(element.child("ActionOutcome"))
}

/// Whether an outcome says all without its qualifier.
fn is_plain(outcome: &str) -> bool {
    matches!(outcome, "Passed" | "Failed")
}

/// What a qualifier says beyond the status.
pub(super) fn remark<'a>(element: &'a Element, words: &StatusWords) -> Option<Cell<'a>> {
    let qualifier = of(element)?.attribute("qualifier");
    (!qualifier.is_empty() && words.step(qualifier).is_err()).then_some(qualifier)
}
