//! Starts of steps that are local times, and what they are in a zone.

use std::ops::Range;

use jiff::tz::TimeZone;
use serde_json::value::RawValue;

use crate::time::{self, Doubt};
use crate::top::Top;

/// The starts without an offset in a tree of steps.
#[derive(Debug, Default)]
pub(crate) struct StepStarts {
    /// Where each stands in the text, and its JSON with an offset.
    pub(crate) edits: Vec<(Range<usize>, String)>,
    /// How many of them the clock showed twice or never.
    pub(crate) doubtful: usize,
}

impl StepStarts {
    /// Finds them in a step and all below it. `at` is the step's place in the whole text.
    pub(crate) fn of(step: &str, at: usize, zone: &TimeZone) -> Self {
        let mut found = Self::default();
        // The walk reads a step once for each level above it.
        if Self::may_be_in(step) {
            found.walk(step, at, zone);
        }
        found
    }

    /// Whether a text may hold one.
    pub(crate) fn may_be_in(text: &str) -> bool {
        text.contains("\"start\"")
    }

    fn walk(&mut self, step: &str, at: usize, zone: &TimeZone) {
        let Some(top) = Top::of(step) else { return };
        if let (Some(text), Some(place)) = (top.text("start"), top.place("start"))
            && let Some(start) = time::parse(&text).filter(|start| !start.has_offset())
        {
            let (offset, doubt) = start.offset_in(zone);
            let whole = serde_json::Value::from(text + &time::offset_text(offset));
            self.edits
                .push((at + place.start..at + place.end, whole.to_string()));
            self.doubtful += usize::from(doubt != Doubt::None);
        }
        let Some(steps) = top.place("steps") else { return };
        let list = step.get(steps).unwrap_or_default();
        for below in serde_json::from_str::<Vec<&RawValue>>(list).unwrap_or_default() {
            let below = below.get();
            self.walk(below, at + (below.as_ptr().addr() - step.as_ptr().addr()), zone);
        }
    }
}
