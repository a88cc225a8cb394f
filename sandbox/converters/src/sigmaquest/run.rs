//! `TestRun`: steps.

use stationd_report::{
    BooleanMeasurement, CompOp, Measurements, Number, NumberOrText, Step, StepGroup, StepStatus, Word,
};

use super::SigmaQuestArguments;
use super::report::time;
use super::value::{READ, Rules, VALUES, Value, beside_text, text_of, value};
use crate::ConvertError;
use crate::convert::left_out;
use crate::fit::{fitted, keep_in_step};
use crate::rows::{Cell, Names, Site, UNUSED_LIMIT, worst};
use crate::when::between;
use crate::xml::Element;

const ATTRIBUTES: [&str; 4] = ["start-time", "end-time", "name", "grade"];
const CHILDREN: [&str; 5] = ["TestRun", "Result", "SetUp", "Property", "Error"];

const INHERITED: &str = "measurements have the grade of their run, as they have none of their own";
const CROSSED: &str =
    "some upper limits are below the lower ones; zero_is_no_limit takes limits written as 0 for none";
const NEVER_MEASURED: &str = "a value of null is none in the report";
const ELSEWHERE: &str = "attachments are named alone: their files are elsewhere";

/// Reads runs, and gathers what was decided.
pub(super) struct Runs<'a> {
    arguments: &'a SigmaQuestArguments,
    site: Site<'a>,
    left: Vec<String>,
    notes: Vec<&'static str>,
}

impl<'a> Runs<'a> {
    pub(super) fn new(arguments: &'a SigmaQuestArguments, site: Site<'a>, left: Vec<String>) -> Self {
        Self {
            arguments,
            site,
            left,
            notes: Vec::new(),
        }
    }

    /// What was decided or left out.
    pub(super) fn into_notes(self) -> impl Iterator<Item = String> {
        let left = self.left.into_iter();
        left.map(left_out)
            .chain(self.notes.into_iter().map(str::to_owned))
    }

    /// The outermost run.
    pub(super) fn root(&mut self, run: &Element) -> Result<Step, ConvertError> {
        let mut step = self.run(run)?;
        if step.steps.is_none() && step.step_type.as_deref() != Some("SequenceCall") {
            let name = step.name.clone();
            step = Step {
                step_type: Some("SequenceCall".to_owned()),
                name,
                steps: Some(vec![step]),
                ..Step::default()
            };
        }
        Ok(step)
    }

    /// A run: a sequence when it has runs inside it, else a step.
    fn run(&mut self, run: &Element) -> Result<Step, ConvertError> {
        self.left.extend(run.unknown(&ATTRIBUTES, &CHILDREN));
        let grade = run.attribute("grade");
        let status = self.site.reader.words.step(grade)?;
        let status = status.ok_or_else(|| grade.expected("a grade"))?;
        let mut step = self.header(run, status)?;
        let mut values = self.values(run, status)?;
        let inside: Result<Vec<Step>, _> = run.children("TestRun").map(|run| self.run(run)).collect();
        let inside = inside?;
        if inside.is_empty() && values.len() <= 1 {
            if let Some(only) = values.pop() {
                step.step_type = only.step_type;
                (step.numeric, step.boolean, step.string) = (only.numeric, only.boolean, only.string);
                step.report_text = both(step.report_text, only.report_text);
            } else {
                step.step_type = Some("ET_PFT".to_owned());
                step.boolean = Some(Measurements::from(BooleanMeasurement {
                    status: Some(status.into()),
                    ..BooleanMeasurement::default()
                }));
            }
        } else {
            step.step_type = Some("SequenceCall".to_owned());
            for part in &mut values {
                part.status = measured(part).or(part.status.take());
            }
            values.extend(inside);
            step.steps = Some(values);
        }
        Ok(step)
    }

    /// Name, times, properties and errors.
    fn header(&mut self, run: &Element, status: StepStatus) -> Result<Step, ConvertError> {
        let name = run.attribute("name");
        let (name, whole) = fitted(name.given().ok_or_else(|| name.expected("a name"))?);
        let (began, ended) = (
            time(run.attribute("start-time"))?,
            time(run.attribute("end-time"))?,
        );
        let took = began.as_deref().zip(ended.as_deref());
        let mut step = Step {
            name: Some(name),
            report_text: whole,
            status: Some(status.into()),
            tot_time: took
                .and_then(|(began, ended)| between(began, ended))
                .map(NumberOrText::Number),
            start: began,
            group: run.child("SetUp").map(|_| StepGroup::Setup.into()),
            ..Step::default()
        };
        for property in run.children("Property").flat_map(|property| &property.children) {
            self.property(property, &mut step);
        }
        for error in run.children("Error") {
            self.error(error, &mut step);
        }
        Ok(step)
    }

    /// An error: its code, where it is the first and a whole number, its own text and its messages.
    fn error(&mut self, error: &Element, step: &mut Step) {
        let code = error.attribute("code");
        let mut lines = Vec::new();
        match code.integer() {
            Ok(Some(number)) if step.error_code.is_none() => {
                step.error_code = Some(NumberOrText::Number(number));
            }
            _ => lines.extend(code.given().map(|code| format!("code: {code}"))),
        }
        lines.extend(error.text().owned());
        for message in &error.children {
            self.left.extend(message.unknown(&["name"], &[]));
            let text = message.text.trim();
            lines.push(match message.attribute("name").given() {
                Some(name) => format!("{name}: {text}"),
                None => text.to_owned(),
            });
        }
        let children: Vec<_> = error.children.iter().map(|child| child.name.as_str()).collect();
        self.left.extend(error.unknown(&["code"], &children));
        let lines = Some(lines.join("\n")).filter(|lines| !lines.is_empty());
        step.error_message = both(step.error_message.take(), lines);
    }

    fn property(&mut self, property: &Element, step: &mut Step) {
        if !VALUES.contains(&property.name.as_str()) {
            self.left.push(format!("Property/{}", property.name));
            return;
        }
        if property.name == "ValueAttachment" {
            self.note(ELSEWHERE);
        }
        self.left.extend(beside_text(property));
        let name = property.attribute("name").given().unwrap_or(&property.name);
        keep_in_step(step, "Properties", name, &text_of(property));
    }

    /// The values of a run, as few steps as their kinds and names allow.
    fn values(&mut self, run: &Element, status: StepStatus) -> Result<Vec<Step>, ConvertError> {
        let mut operator = Cell::absent(run.line);
        let properties = run.children("Property").flat_map(|property| &property.children);
        if let Some(found) = properties.filter(|property| is_operator(property)).last() {
            // `GELE (>= <=)`
            let word = found.text.split('(').next().unwrap_or_default();
            operator = Cell::named(
                if word.trim() == "E" { "EQ" } else { word },
                found.line,
                "Comparison",
            );
        }
        let mut measured = Measured::default();
        let holders = run
            .children
            .iter()
            .filter(|child| matches!(child.name.as_str(), "Result" | "SetUp"));
        for holder in holders {
            let direct = holder.children.iter().filter(|child| child.name != "Property");
            let inside = holder
                .children("Property")
                .flat_map(|property| &property.children);
            for found in direct.chain(inside) {
                self.one(found, run, operator, status, &mut measured)?;
            }
        }
        Ok(measured.steps)
    }

    fn one(
        &mut self,
        found: &Element,
        run: &Element,
        operator: Cell<'_>,
        status: StepStatus,
        measured: &mut Measured,
    ) -> Result<(), ConvertError> {
        let grade = self.site.reader.words.step(found.attribute("grade"))?;
        if grade.is_none() {
            self.note(INHERITED);
        }
        let rules = Rules {
            operator,
            status: grade.unwrap_or(status),
            zero_is_no_limit: self.arguments.zero_is_no_limit,
        };
        let Some((value, unused)) = value(found, rules)? else {
            self.left.push(format!("Result/{}", found.name));
            return Ok(());
        };
        self.left.extend(found.unknown(&READ, &[]));
        let has_value = match &value {
            Value::Numeric(number) => number.value.is_some(),
            Value::Boolean(truth) => truth.value.is_some(),
            Value::Text(_) => true,
        };
        if !has_value {
            self.note(NEVER_MEASURED);
        }
        if let Value::Numeric(number) = &value {
            if !unused.is_empty() {
                self.note(UNUSED_LIMIT);
            }
            let limit = |limit: &Option<NumberOrText>| match limit {
                Some(NumberOrText::Number(number)) => Number::value(number),
                _ => f64::NAN,
            };
            let inside = number
                .comp_op
                .as_ref()
                .is_some_and(|op| op.code() == CompOp::Gele);
            if inside && limit(&number.high_limit) < limit(&number.low_limit) {
                self.note(CROSSED);
            }
        }
        measured.add(value, run, status);
        for name in unused {
            let cell = found.attribute(name);
            let of = found.attribute("name").given().unwrap_or(&found.name);
            let line = cell.given().map(|text| format!("{of} {name}: {text}"));
            if let Some(step) = measured.steps.last_mut() {
                step.report_text = both(step.report_text.take(), line);
            }
        }
        Ok(())
    }

    fn note(&mut self, note: &'static str) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

/// Whether a property names the comparison of its run's values.
fn is_operator(property: &Element) -> bool {
    let name = property.attribute("name").text;
    name.eq_ignore_ascii_case("Comparison") || name.eq_ignore_ascii_case("COMP")
}

/// Two texts, one below the other.
fn both(first: Option<String>, second: Option<String>) -> Option<String> {
    [first, second].into_iter().flatten().reduce(|a, b| a + "\n" + &b)
}

/// The worst status of a step's measurements.
fn measured(step: &Step) -> Option<Word<StepStatus>> {
    let numeric = step
        .numeric
        .iter()
        .flatten()
        .filter_map(|one| one.status.as_ref());
    let string = step.string.iter().flatten().filter_map(|one| one.status.as_ref());
    let boolean = step
        .boolean
        .iter()
        .flatten()
        .filter_map(|one| one.status.as_ref());
    worst(numeric.chain(string).chain(boolean).map(Word::code)).map(Into::into)
}

/// The steps of a run's values.
#[derive(Default)]
struct Measured {
    steps: Vec<Step>,
    names: Names,
}

impl Measured {
    /// Adds a value to the last step, unless its kind is another or its name is there already.
    fn add(&mut self, value: Value, run: &Element, status: StepStatus) {
        let last = self.steps.last_mut();
        let step = match value {
            Value::Numeric(value) => self
                .names
                .join(last.and_then(|last| last.numeric.as_mut()), value)
                .map(|first| Step {
                    step_type: Some("ET_MNLT".to_owned()),
                    numeric: Some(Measurements::from(first)),
                    ..Step::default()
                }),
            Value::Text(value) => self
                .names
                .join(last.and_then(|last| last.string.as_mut()), value)
                .map(|first| Step {
                    step_type: Some("ET_MSVT".to_owned()),
                    string: Some(Measurements::from(first)),
                    ..Step::default()
                }),
            Value::Boolean(value) => self
                .names
                .join(last.and_then(|last| last.boolean.as_mut()), value)
                .map(|first| Step {
                    step_type: Some("ET_MPFT".to_owned()),
                    boolean: Some(Measurements::from(first)),
                    ..Step::default()
                }),
        };
        self.steps.extend(step.map(|step| Step {
            name: Some(fitted(run.attribute("name").text).0),
            status: Some(status.into()),
            ..step
        }));
    }
}
