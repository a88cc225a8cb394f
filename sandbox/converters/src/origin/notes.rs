//! What a parser looked at, noted while it works.
//!
//! Every value of a file goes through a [`Cell`], which knows its place: noting each of them here costs the formats
//! nothing and forgets none. The notes belong to the thread, as a parser has one and hands its cells about by value.
//! Nothing is noted unless somebody asked.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use super::place::Place;
use crate::rows::Cell;

/// The most cells of one file; beyond them members have no place.
const MOST_CELLS: usize = 500_000;

/// A text is looked for among so many of the latest cells.
const NEAR: usize = 200;

/// A cell that the parser looked at.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) place: Place,
    pub(super) text: String,
    /// What it became, where that is another text: a status, a number.
    pub(super) means: Option<String>,
    /// The member of a step or measurement that it is for, where a shared builder knows it.
    pub(super) role: Option<&'static str>,
}

/// What is noted of a unit.
#[derive(Debug, Default)]
pub(super) struct Unit {
    /// Where it begins.
    pub(super) line: usize,
    /// The places of its header's members, by their path in the report.
    pub(super) fields: BTreeMap<&'static str, Place>,
}

/// All that is noted of a file.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(super) seen: Vec<Seen>,
    /// The latest note of each place, as an index of `seen`.
    latest: HashMap<Place, usize>,
    /// The unit that is being read.
    unit: Unit,
    /// The units of which reports were made.
    pub(super) units: Vec<Unit>,
}

thread_local! {
    static NOTES: RefCell<Option<Notes>> = const { RefCell::new(None) };
}

/// Runs a parser and gives what it looked at.
pub(crate) fn recorded<T>(run: impl FnOnce() -> T) -> (T, Notes) {
    NOTES.set(Some(Notes::default()));
    let result = run();
    (result, NOTES.take().unwrap_or_default())
}

/// Whether somebody asked.
pub(crate) fn is_noting() -> bool {
    NOTES.with_borrow(Option::is_some)
}

fn note(take: impl FnOnce(&mut Notes)) {
    NOTES.with_borrow_mut(|notes| {
        if let Some(notes) = notes {
            take(notes);
        }
    });
}

/// Notes a cell.
pub(crate) fn seen(cell: &Cell<'_>) {
    if cell.text.is_empty() || (cell.line == 0 && cell.name.is_empty()) {
        return;
    }
    note(|notes| {
        if notes.seen.len() < MOST_CELLS {
            let place = Place::of(cell);
            notes.latest.insert(place.clone(), notes.seen.len());
            notes.seen.push(Seen {
                place,
                text: cell.text.to_owned(),
                means: None,
                role: None,
            });
        }
    });
}

/// Notes what a cell became.
pub(crate) fn means(cell: &Cell<'_>, value: &str) {
    note(|notes| {
        if let Some(seen) = notes.last_of(cell) {
            seen.means = Some(value.to_owned());
        }
    });
}

/// Notes what the latest cell with this text became.
pub(crate) fn became(text: &str, value: &str) {
    note(|notes| {
        let latest = notes.seen.iter_mut().rev().take(NEAR);
        if let Some(seen) = latest.into_iter().find(|seen| seen.text == text) {
            seen.means = Some(value.to_owned());
        }
    });
}

/// Notes which member of a step or measurement a cell is for.
pub(crate) fn role(cell: &Cell<'_>, member: &'static str) {
    note(|notes| {
        if let Some(seen) = notes.last_of(cell) {
            seen.role = Some(member);
        }
    });
}

/// Notes that a step of this name is made of the record that was looked at last.
pub(crate) fn step(name: &str) {
    note(|notes| {
        if let Some(line) = notes.seen.last().map(|seen| seen.place.line) {
            notes.seen.push(Seen {
                place: Place::line(line),
                text: name.to_owned(),
                means: None,
                role: Some("name"),
            });
        }
    });
}

/// Notes that a unit begins in this line.
pub(crate) fn unit(line: usize) {
    note(|notes| {
        notes.unit = Unit {
            line,
            ..Unit::default()
        }
    });
}

/// Notes the cell of a header's member, by its path in the report.
pub(crate) fn field(path: &'static str, cell: &Cell<'_>) {
    note(|notes| {
        notes.unit.fields.insert(path, Place::of(cell));
    });
}

/// Notes that the site's arguments give a header's member.
pub(crate) fn decided(path: &'static str) {
    note(|notes| {
        notes.unit.fields.insert(path, Place::arguments());
    });
}

/// Notes that the unit has become a report.
pub(crate) fn report() {
    note(|notes| notes.units.push(std::mem::take(&mut notes.unit)));
}

impl Notes {
    /// The latest note of a place.
    fn last_of(&mut self, cell: &Cell<'_>) -> Option<&mut Seen> {
        let at = self.latest.get(&Place::of(cell)).copied()?;
        self.seen.get_mut(at)
    }
}
