//! Steps as testers have them: one measurement each, and sequences around them.

use stationd_report::{BooleanMeasurement, Measurements, NumericMeasurement, Step, StepStatus, Word};

use crate::fit::fitted;
use crate::origin;
use crate::rows::worst;

/// A step without a measurement. A tester's empty name becomes `-`.
pub(crate) fn action(name: &str, status: StepStatus) -> Step {
    let step = plain(name, status);
    // It is made of the record that was looked at last; the name may be made of several of its fields.
    origin::step(step.name.as_deref().unwrap_or_default());
    step
}

/// What any step has.
fn plain(name: &str, status: StepStatus) -> Step {
    let name = name.trim();
    let (name, whole) = fitted(if name.is_empty() { "-" } else { name });
    Step {
        step_type: Some("Action".to_owned()),
        name: Some(name),
        status: Some(status.into()),
        report_text: whole,
        ..Step::default()
    }
}

/// A step that measured a number; its status is the step's.
pub(crate) fn numeric(name: &str, status: StepStatus, measurement: NumericMeasurement) -> Step {
    let measurement = NumericMeasurement {
        status: Some(status.into()),
        ..measurement
    };
    Step {
        step_type: Some("ET_NLT".to_owned()),
        numeric: Some(Measurements::from(measurement)),
        ..action(name, status)
    }
}

/// A step that passed or failed without a number.
pub(crate) fn boolean(name: &str, status: StepStatus) -> Step {
    Step {
        step_type: Some("ET_PFT".to_owned()),
        boolean: Some(Measurements::from(BooleanMeasurement {
            status: Some(status.into()),
            ..BooleanMeasurement::default()
        })),
        ..action(name, status)
    }
}

/// A sequence; without a status of its own it has the worst of its steps, or is done.
pub(crate) fn sequence(name: &str, status: Option<StepStatus>, steps: Vec<Step>) -> Step {
    let below = steps
        .iter()
        .filter_map(|step| step.status.as_ref())
        .map(Word::code);
    let status = status.or_else(|| worst(below)).unwrap_or(StepStatus::Done);
    Step {
        step_type: Some("SequenceCall".to_owned()),
        steps: Some(steps),
        ..plain(name, status)
    }
}

/// Adds a line of text to a step.
pub(crate) fn add_text(step: &mut Step, line: &str) {
    let line = line.trim();
    if line.is_empty() {
        return;
    }
    let text = step.report_text.get_or_insert_default();
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(line);
}
