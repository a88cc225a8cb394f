//! Where each step of a report stands in the file: at its name.
//!
//! Steps come in the order of the file, so the steps of all reports are laid along the cells that hold their names: the
//! longest series of steps whose lines grow is taken, and in it the earliest lines. A step whose name the file does not
//! have, as a sequence that the parser made, stands nowhere.

use std::collections::HashMap;

use serde_json::Value;

use super::search::Index;

/// The most pairs of a step and a cell with its name that are compared; in a larger file the steps stand nowhere.
const MOST_PAIRS: usize = 20_000_000;

/// The lines among which a step's values are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Anchor {
    /// The line of its name; 0 when it stands nowhere.
    pub(super) line: usize,
    /// The last line of the step before it.
    after: usize,
    /// The first line of the step behind it.
    before: usize,
}

impl Anchor {
    /// Whether a value in this line can be the step's.
    pub(super) fn holds(&self, line: usize) -> bool {
        line == self.line || (line > self.after && line < self.before)
    }
}

/// An anchor for each step of the reports, in the order in which they stand there.
pub(super) fn anchors(reports: &[Value], index: &Index) -> Vec<Anchor> {
    let mut names = Vec::new();
    for root in reports.iter().filter_map(|report| report.get("root")) {
        collect(root, false, &mut names);
    }
    let candidates: Vec<Vec<usize>> = names.iter().map(|name| index.lines_of(name.text)).collect();
    let mut lines = series(&names, &candidates);
    fill(&mut lines, &candidates);
    between(&lines)
}

/// A step's name.
struct Name<'a> {
    text: &'a str,
    /// It is the first step inside the one before it, and may stand in the same line.
    is_first: bool,
}

fn collect<'a>(step: &'a Value, is_first: bool, names: &mut Vec<Name<'a>>) {
    let text = step.get("name").and_then(Value::as_str).unwrap_or_default();
    names.push(Name { text, is_first });
    let children = step.get("steps").and_then(Value::as_array).into_iter().flatten();
    for (at, child) in children.enumerate() {
        collect(child, at == 0, names);
    }
}

/// The longest series of growing lines, one at most for each step; 0 for a step that is not in it. A sequence and its first
/// step may have the same line.
fn series(names: &[Name<'_>], candidates: &[Vec<usize>]) -> Vec<usize> {
    let mut chosen = vec![0; candidates.len()];
    if candidates.iter().map(Vec::len).sum::<usize>() > MOST_PAIRS {
        return chosen;
    }
    // For each length of a series the smallest line in which one of that length ends, and its link.
    let mut ends: Vec<(usize, usize)> = Vec::new();
    // Links of series: step, line, link before.
    let mut links: Vec<(usize, usize, Option<usize>)> = Vec::new();
    // For each line of the step before the longest series that ends with it there, and its link.
    let mut around: HashMap<usize, (usize, usize)> = HashMap::new();
    for (step, (name, lines)) in names.iter().zip(candidates).enumerate() {
        let mut own = HashMap::new();
        // Largest first, so that a step does not follow itself.
        for &line in lines.iter().rev() {
            let length = ends.partition_point(|&(end, _)| end < line);
            let before = length
                .checked_sub(1)
                .and_then(|at| ends.get(at))
                .map(|&(_, link)| link);
            let shared = around.get(&line).filter(|_| name.is_first);
            // A series with the sequence in this line is at least as long as one that ends above it.
            let (length, before) = shared.map_or((length, before), |&(length, link)| (length, Some(link)));
            own.insert(line, (length + 1, links.len()));
            match ends.get_mut(length) {
                Some(end) if end.0 <= line => {}
                Some(end) => *end = (line, links.len()),
                None => ends.push((line, links.len())),
            }
            links.push((step, line, before));
        }
        around = own;
    }
    let mut link = ends.last().map(|&(_, link)| link);
    while let Some(&(step, line, before)) = link.and_then(|link| links.get(link)) {
        if let Some(place) = chosen.get_mut(step) {
            *place = line;
        }
        link = before;
    }
    chosen
}

/// Steps that share a line, as all of a file in one line, are not in the series: they stand where their name is between their neighbours.
fn fill(lines: &mut [usize], candidates: &[Vec<usize>]) {
    let mut next = vec![usize::MAX; lines.len()];
    let mut behind = usize::MAX;
    for (place, &line) in next.iter_mut().zip(lines.iter()).rev() {
        if line > 0 {
            behind = line;
        }
        *place = behind;
    }
    let mut last = 0;
    for ((line, candidates), next) in lines.iter_mut().zip(candidates).zip(next) {
        if *line == 0 {
            let at = candidates.partition_point(|&found| found < last);
            *line = candidates
                .get(at)
                .copied()
                .filter(|&found| found <= next)
                .unwrap_or(0);
        }
        last = last.max(*line);
    }
}

fn between(lines: &[usize]) -> Vec<Anchor> {
    let mut last = 0;
    let mut anchors: Vec<Anchor> = lines
        .iter()
        .map(|&line| {
            let after = last;
            last = last.max(line);
            Anchor {
                line,
                after,
                before: usize::MAX,
            }
        })
        .collect();
    let mut next = usize::MAX;
    for anchor in anchors.iter_mut().rev() {
        anchor.before = next;
        if anchor.line > 0 {
            next = anchor.line;
        }
    }
    anchors
}
