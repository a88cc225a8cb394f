//! Statuses in a tester's words.

use std::collections::BTreeMap;

use stationd_report::{Code as _, ReportStatus, Step, StepStatus};

use super::Cell;
use crate::{ConvertError, origin};

/// The words of WATS and their usual spellings, and those that a site adds.
#[derive(Debug, Clone, Default)]
pub(crate) struct StatusWords(BTreeMap<String, StepStatus>);

impl StatusWords {
    /// Takes a site's words: each maps to a letter or word of WATS.
    pub(crate) fn new(words: &BTreeMap<String, String>) -> Result<Self, ConvertError> {
        Self::with(&[], words)
    }

    /// The same for a format that has words of its own, in lower case; the site's replace them.
    pub(crate) fn with(
        own: &[(&str, StepStatus)],
        words: &BTreeMap<String, String>,
    ) -> Result<Self, ConvertError> {
        let own = own.iter().map(|&(word, status)| Ok((word.to_owned(), status)));
        let words = words.iter().map(|(word, status)| {
            let status = StepStatus::find(status).ok_or_else(|| {
                ConvertError::new(format!(
                    "arguments: status_words: {word:?} is mapped to {status:?}, which is none of {}",
                    StepStatus::WORDS
                ))
            })?;
            Ok((word.to_lowercase(), status))
        });
        own.chain(words).collect::<Result<_, _>>().map(Self)
    }

    /// The status in a cell; `None` when it is empty. An unknown word is a fault, not a pass.
    pub(crate) fn step(&self, cell: Cell<'_>) -> Result<Option<StepStatus>, ConvertError> {
        let Some(word) = cell.given() else { return Ok(None) };
        let known = self.0.get(&word.to_lowercase()).copied();
        let status = known.or_else(|| StepStatus::find(word));
        let status = status.ok_or_else(|| cell.expected("a status"))?;
        origin::means(&cell, status.as_str());
        Ok(Some(status))
    }

    /// The result of a unit in a cell.
    pub(crate) fn report(&self, cell: Cell<'_>) -> Result<Option<ReportStatus>, ConvertError> {
        match self.step(cell)? {
            None => Ok(None),
            Some(status) => ReportStatus::find(status.as_str())
                .map(Some)
                .ok_or_else(|| cell.expected("a result")),
        }
    }
}

/// What is said of a step without a status: readers would take it for a pass.
pub(crate) const NO_STATUS: &str =
    "statuses taken from the steps below, else D (done), where the file has none";

/// The status of a step that has these below it: terminated, error and failed win in this order; otherwise passed
/// when one passed, else done, else skipped. Nothing below it gives `None`.
pub(crate) fn worst(statuses: impl IntoIterator<Item = StepStatus>) -> Option<StepStatus> {
    let rank = |status: &StepStatus| match status {
        StepStatus::Skipped => 0,
        StepStatus::Done => 1,
        StepStatus::Passed => 2,
        StepStatus::Failed => 3,
        StepStatus::Error => 4,
        StepStatus::Terminated => 5,
    };
    statuses.into_iter().max_by_key(rank)
}

/// Gives measurements without a status that of their step: readers would take them for passes.
pub(crate) fn inherit(step: &mut Step) {
    for one in step.numeric.iter_mut().flatten() {
        one.status = one.status.take().or(step.status.clone());
    }
    for one in step.boolean.iter_mut().flatten() {
        one.status = one.status.take().or(step.status.clone());
    }
    for one in step.string.iter_mut().flatten() {
        one.status = one.status.take().or(step.status.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_may_add_words_but_an_unknown_one_is_a_fault() {
        let words = StatusWords::new(&BTreeMap::from([("Gut".to_owned(), "P".to_owned())])).unwrap();
        assert_eq!(
            words.step(Cell::new("GUT", 1, 1)).unwrap(),
            Some(StepStatus::Passed)
        );
        assert_eq!(
            words.step(Cell::new("ng", 1, 1)).unwrap(),
            Some(StepStatus::Failed)
        );
        assert_eq!(
            words.step(Cell::new("perhaps", 3, 9)).unwrap_err().to_string(),
            "line=3 column=9: expected a status, found \"perhaps\""
        );
        assert!(words.report(Cell::new("Skipped", 1, 1)).is_err());
        assert!(StatusWords::new(&BTreeMap::from([("x".to_owned(), "y".to_owned())])).is_err());
    }

    #[test]
    fn the_worst_status_wins() {
        use StepStatus::{Done, Error, Failed, Passed, Skipped};
        assert_eq!(worst([Passed, Failed, Skipped]), Some(Failed));
        assert_eq!(worst([Failed, Error]), Some(Error));
        assert_eq!(worst([Done, Skipped]), Some(Done));
        assert_eq!(worst([]), None);
    }
}
