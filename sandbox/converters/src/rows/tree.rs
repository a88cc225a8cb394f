//! From rows to the step tree.

use stationd_report::{Code as _, Measurements, NumberOrText, Step, StepGroup, StepStatus};

use super::row::{Kind, Named as NamedCell, Reader, Reading, Row};
use super::{Names, worst};
use crate::ConvertError;
use crate::fit::fitted;
use crate::when;

/// How deep sequences may stand in each other: what fits into the depth of a report that is read.
const DEEPEST: usize = 25;

/// What is said of a sequence that ends with another status than it began with.
const ENDED_OTHERWISE: &str =
    "the status at the end of a sequence differs from that at its begin and is taken";

/// A step tree while its rows come in.
#[derive(Debug)]
pub(crate) struct Tree {
    /// The sequences that are open; the first is the root.
    open: Vec<Sequence>,
    /// What was decided where the file says nothing.
    notes: Vec<&'static str>,
    /// Of the measurements of the step that was added last.
    names: Names,
}

#[derive(Debug)]
struct Sequence {
    step: Step,
    children: Vec<Step>,
    line: usize,
}

impl Tree {
    /// Begins with the root sequence.
    pub(crate) fn new(root_name: &str) -> Self {
        let step = Step {
            name: Some(root_name.to_owned()),
            ..Step::default()
        };
        Self {
            open: vec![Sequence {
                step,
                children: Vec::new(),
                line: 0,
            }],
            notes: Vec::new(),
            names: Names::default(),
        }
    }

    /// Opens a sequence.
    pub(crate) fn open(&mut self, row: &Row<'_>, reader: Reader<'_>) -> Result<(), ConvertError> {
        if self.open.len() == DEEPEST {
            return Err(ConvertError::at(
                row.line,
                format!("sequences stand deeper than {DEEPEST} in each other"),
            ));
        }
        let status = reader.words.step(row.status)?;
        let mut step = step_of(row, status, reader)?;
        add_cells(&mut step, row.left(Kind::Other));
        self.open.push(Sequence {
            step,
            children: Vec::new(),
            line: row.line,
        });
        Ok(())
    }

    /// Closes the innermost sequence.
    pub(crate) fn close(&mut self, line: usize) -> Result<(), ConvertError> {
        match self.open.pop() {
            Some(sequence) if !self.open.is_empty() => {
                let step = sequence.finish();
                self.children()?.push(step);
                Ok(())
            }
            _ => Err(ConvertError::at(line, "a sequence ends that did not begin")),
        }
    }

    /// Closes the innermost sequence with a row of its own, whose status counts: it is the later one.
    pub(crate) fn end(&mut self, row: &Row<'_>, reader: Reader<'_>) -> Result<(), ConvertError> {
        let status = reader.words.step(row.status)?;
        let time = row.time.number(reader.decimal_mark)?;
        let notes = &mut self.notes;
        if let Some(sequence) = self.open.last_mut() {
            let step = &mut sequence.step;
            let before = step.status.as_ref().map(stationd_report::Word::code);
            if status.is_some() && before.is_some() && status != before && !notes.contains(&ENDED_OTHERWISE) {
                notes.push(ENDED_OTHERWISE);
            }
            step.status = status.map(Into::into).or(step.status.take());
            step.tot_time = time.map(NumberOrText::Number).or(step.tot_time.take());
            let mut cells = row.left(Kind::Other);
            cells.extend([
                ("", row.report_text),
                ("", row.error_message),
                ("ErrorCode", row.error_code),
            ]);
            add_cells(step, cells);
        }
        self.close(row.line)
    }

    /// How many sequences are open besides the root.
    pub(crate) fn depth(&self) -> usize {
        self.open.len().saturating_sub(1)
    }

    /// Adds a measurement. Rows in a row with the same step and kind, each with a measurement name of its own,
    /// become one step with several measurements.
    pub(crate) fn add(&mut self, row: &Row<'_>, reader: Reader<'_>) -> Result<(), ConvertError> {
        let understood = row.read(reader)?;
        for note in understood.notes {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
        let mut step = step_of(row, Some(understood.status), reader)?;
        add_cells(&mut step, understood.left);
        let sequence = self
            .open
            .last_mut()
            .ok_or_else(|| ConvertError::new("no steps"))?;
        let mut last = sequence.children.last_mut().filter(|last| last.name == step.name);
        let back = join(last.as_deref_mut(), understood.reading, &mut self.names);
        if let Some(reading) = back {
            first(&mut step, reading, row);
            sequence.children.push(step);
        } else if let Some(last) = last {
            let status = last.status.as_ref().map(stationd_report::Word::code);
            last.status = worst(status.into_iter().chain([understood.status])).map(Into::into);
            append(&mut last.report_text, step.report_text);
            if last.error_code.is_some() && step.error_code.is_some() && last.error_code != step.error_code {
                add_cells(last, vec![("ErrorCode", row.error_code)]);
            }
            last.error_code = last.error_code.take().or(step.error_code);
            let further = step
                .error_message
                .filter(|more| last.error_message.as_ref() != Some(more));
            append(&mut last.error_message, further);
        }
        Ok(())
    }

    /// The finished root step, and what was decided.
    pub(crate) fn finish(mut self) -> Result<(Step, Vec<&'static str>), ConvertError> {
        match (self.open.pop(), self.open.is_empty()) {
            (Some(root), true) => Ok((root.finish(), self.notes)),
            (Some(open), false) => Err(ConvertError::at(open.line, "this sequence does not end")),
            (None, _) => Err(ConvertError::new("no steps")),
        }
    }

    fn children(&mut self) -> Result<&mut Vec<Step>, ConvertError> {
        self.open
            .last_mut()
            .map(|sequence| &mut sequence.children)
            .ok_or_else(|| ConvertError::new("no steps"))
    }
}

impl Sequence {
    /// A sequence without a status of its own has that of its steps.
    fn finish(self) -> Step {
        let mut step = self.step;
        let below = self
            .children
            .iter()
            .filter_map(|child| child.status.as_ref())
            .map(stationd_report::Word::code);
        let status = step
            .status
            .as_ref()
            .map(stationd_report::Word::code)
            .or_else(|| worst(below));
        step.status = Some(status.unwrap_or(StepStatus::Done).into());
        step.step_type = Some("SequenceCall".to_owned());
        step.steps = Some(self.children);
        step
    }
}

/// What every row has, whatever it measures.
fn step_of(row: &Row<'_>, status: Option<StepStatus>, reader: Reader<'_>) -> Result<Step, ConvertError> {
    row.note_roles();
    let name = row.step.given().ok_or_else(|| row.step.expected("a step name"))?;
    let (name, whole) = fitted(name);
    let group = match row.group.text {
        "" => None,
        "Setup" => Some(StepGroup::Setup),
        "Main" => Some(StepGroup::Main),
        "Cleanup" => Some(StepGroup::Cleanup),
        word => Some(StepGroup::find(word).ok_or_else(|| row.group.expected("Setup, Main or Cleanup"))?),
    };
    Ok(Step {
        name: Some(name),
        group: group.map(Into::into),
        status: status.map(Into::into),
        tot_time: row.time.number(reader.decimal_mark)?.map(NumberOrText::Number),
        error_code: row.error_code.integer()?.map(NumberOrText::Number),
        error_message: row.error_message.owned(),
        start: match row.start.given() {
            None => None,
            Some(text) => {
                Some(when::start(text, reader.dates).ok_or_else(|| row.start.expected("a date and time"))?)
            }
        },
        report_text: match (whole, row.report_text.owned()) {
            (Some(whole), Some(text)) => Some(format!("{whole}\n{text}")),
            (whole, text) => whole.or(text),
        },
        ..Step::default()
    })
}

/// Makes a step of its first measurement. One with a name needs the step type for several, as the type for one
/// has no place for the name.
fn first(step: &mut Step, reading: Reading, row: &Row<'_>) {
    let kind = |named: bool, several, one| Some(String::from(if named { several } else { one }));
    match reading {
        Reading::Numeric(only) => {
            step.step_type = kind(only.name.is_some(), "ET_MNLT", "ET_NLT");
            step.numeric = Some(Measurements::from(only));
        }
        Reading::Boolean(only) => {
            step.step_type = kind(only.name.is_some(), "ET_MPFT", "ET_PFT");
            step.boolean = Some(Measurements::from(only));
        }
        Reading::Text(only) => {
            step.step_type = kind(only.name.is_some(), "ET_MSVT", "ET_SVT");
            step.string = Some(Measurements::from(only));
        }
        Reading::None => {
            step.step_type = Some(row.step_type.given().unwrap_or("Action").to_owned());
        }
    }
}

/// Keeps cells as text of their step, each with its name.
fn add_cells(step: &mut Step, cells: Vec<NamedCell<'_>>) {
    for (what, cell) in cells.into_iter().filter(|(_, cell)| !cell.is_empty()) {
        let text = step.report_text.get_or_insert_default();
        let line = if text.is_empty() { "" } else { "\n" };
        let colon = if what.is_empty() { "" } else { ": " };
        text.extend([line, what, colon, cell.text]);
    }
}

/// Puts a text below another.
fn append(text: &mut Option<String>, more: Option<String>) {
    match (text, more) {
        (Some(text), Some(more)) => text.extend(["\n", &more]),
        (text, Some(more)) => *text = Some(more),
        (_, None) => {}
    }
}

/// Adds a measurement to the step before it, if it belongs there; else gives it back.
fn join(last: Option<&mut Step>, reading: Reading, names: &mut Names) -> Option<Reading> {
    match reading {
        Reading::Numeric(more) => names
            .join(last.and_then(|step| step.numeric.as_mut()), more)
            .map(Reading::Numeric),
        Reading::Boolean(more) => names
            .join(last.and_then(|step| step.boolean.as_mut()), more)
            .map(Reading::Boolean),
        Reading::Text(more) => names
            .join(last.and_then(|step| step.string.as_mut()), more)
            .map(Reading::Text),
        Reading::None => Some(Reading::None),
    }
}
