//! `testsuite` and `testsuites`: sequences.

use stationd_report::{NumberOrText, Step, StepStatus, Word};

use super::JunitArguments;
use super::case::{case, note_unknown, printed, problem, properties, property, seconds, set_properties};
use crate::ConvertError;
use crate::fit::fitted;
use crate::rows::{Cell, StatusWords, worst};
use crate::when::{Dates, start};
use crate::xml::Element;

/// Attributes with a place of their own, and counts, which the steps say.
const READ: [&str; 11] = [
    "name",
    "time",
    "timestamp",
    "tests",
    "failures",
    "errors",
    "skipped",
    "ignored",
    "disabled",
    "assertions",
    "id",
];

/// What is said of a suite whose count says more than its cases.
const MISSING: &str = "a suite counts more failures and errors than its cases have";

/// Reads suites, and gathers what was decided where the file says nothing.
pub(super) struct Suites<'a> {
    pub(super) arguments: &'a JunitArguments,
    pub(super) words: &'a StatusWords,
    pub(super) notes: Vec<String>,
}

impl Suites<'_> {
    /// One suite with everything below it.
    pub(super) fn suite(&mut self, element: &Element) -> Result<Step, ConvertError> {
        let (name, whole) = fitted(element.attribute("name").given().unwrap_or("testsuite"));
        let mut step = Step {
            step_type: Some("SequenceCall".to_owned()),
            name: Some(name),
            start: timestamp(element.attribute("timestamp"))?,
            tot_time: seconds(element.attribute("time"))?.map(NumberOrText::Number),
            report_text: whole,
            ..Step::default()
        };
        let own = problem(element, &mut step);
        printed(element, &mut step);
        note_unknown(element, &mut self.notes);
        let read: Vec<_> = self.arguments.properties().collect();
        let attributes = element.attributes.iter().filter(|(name, value)| {
            !READ.contains(&name.as_str()) && !name.contains(':') && name != "xmlns" && !value.is_empty()
        });
        let found = attributes
            .map(|(name, value)| property(name, value))
            .chain(properties(element, &read));
        set_properties(&mut step, found.collect());
        let children = self.children(element)?;
        let below = children
            .iter()
            .filter_map(|child| child.status.as_ref())
            .map(Word::code);
        step.status = Some(worst(below.chain(own)).unwrap_or(StepStatus::Done).into());
        if counted(element) > failed(&children) + u64::from(own.is_some()) {
            self.notes.push(MISSING.to_owned());
        }
        step.steps = Some(children);
        Ok(step)
    }

    /// The suites and cases below a suite. Adjacent cases of a class with another name than the suite stand in a
    /// sequence of that name, so that cases of one name stay apart.
    fn children(&mut self, element: &Element) -> Result<Vec<Step>, ConvertError> {
        let suite = element.attribute("name").text;
        let mut steps: Vec<Step> = Vec::new();
        let mut class = "";
        for child in &element.children {
            match child.name.as_str() {
                "testsuite" => {
                    steps.push(self.suite(child)?);
                    class = "";
                }
                "testcase" => {
                    let step = case(child, self.words, &mut self.notes)?;
                    let of = child.attribute("classname").text;
                    if of.is_empty() || of == suite {
                        steps.push(step);
                        class = "";
                    } else if of == class {
                        if let Some(all) = steps.last_mut().and_then(|last| last.steps.as_mut()) {
                            all.push(step);
                        }
                    } else {
                        steps.push(group(of, step));
                        class = of;
                    }
                }
                _ => {}
            }
        }
        for step in &mut steps {
            let below = step
                .steps
                .iter()
                .flatten()
                .filter_map(|child| child.status.as_ref())
                .map(Word::code);
            if step.status.is_none() {
                step.status = worst(below).map(Into::into);
            }
        }
        Ok(steps)
    }
}

/// How many failures and errors a suite says that it has.
fn counted(suite: &Element) -> u64 {
    let count = |name| suite.attribute(name).text.parse().unwrap_or(0_u64);
    count("failures").saturating_add(count("errors"))
}

/// How many cases of some steps did not pass.
fn failed(steps: &[Step]) -> u64 {
    let one = |step: &Step| match (&step.steps, step.status.as_ref().map(Word::code)) {
        (Some(inside), _) => failed(inside),
        (None, Some(StepStatus::Failed | StepStatus::Error | StepStatus::Terminated)) => 1,
        (None, _) => 0,
    };
    steps.iter().map(one).sum()
}

/// A sequence for the cases of a class; its status follows when it is complete.
fn group(class: &str, first: Step) -> Step {
    let (name, whole) = fitted(class);
    Step {
        step_type: Some("SequenceCall".to_owned()),
        name: Some(name),
        report_text: whole,
        steps: Some(vec![first]),
        ..Step::default()
    }
}

/// A time as reports write it.
pub(super) fn timestamp(cell: Cell<'_>) -> Result<Option<String>, ConvertError> {
    match cell.given() {
        None => Ok(None),
        Some(text) => start(text, Dates::Iso)
            .map(Some)
            .ok_or_else(|| cell.expected("a date and time")),
    }
}
