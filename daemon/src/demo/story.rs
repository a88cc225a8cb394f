//! What became of each file, told from the daemon's journal.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

/// What became of one file.
#[derive(Debug, Default)]
pub(super) struct Fate {
    /// Reports the server has, in the order of their receipts.
    pub(super) delivered: Vec<Delivery>,
    /// Why the file lies in the error folder, if it does.
    pub(super) error: Option<String>,
    /// When it was dropped.
    pub(super) dropped: Option<Instant>,
    /// From the drop to the last line about it.
    pub(super) took: Duration,
}

/// One report at the server.
#[derive(Debug)]
pub(super) struct Delivery {
    /// Its id.
    pub(super) report_id: String,
}

/// All files' fates, by file name.
#[derive(Debug, Default)]
pub(super) struct Story {
    fates: HashMap<String, Fate>,
    /// The file that a trace id stands for: the uploader's lines know only the trace.
    files: HashMap<String, String>,
}

impl Story {
    /// A file was dropped.
    pub(super) fn dropped(&mut self, name: &str) {
        self.fates.entry(name.to_owned()).or_default().dropped = Some(Instant::now());
    }

    /// Takes one line of the journal in.
    pub(super) fn hear(&mut self, line: &Value) {
        let key = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default();
        match key("code") {
            "C201" => {
                self.files.insert(key("trace").to_owned(), file_name(key("file")));
            }
            "C210" | "C211" | "C220" | "C221" => {
                let cause = key("cause").to_owned();
                self.ended(&file_name(key("file")), |fate| fate.error = Some(cause));
            }
            "U401" => {
                let report_id = key("report_id").to_owned();
                if let Some(file) = self.files.get(key("trace")).cloned() {
                    self.ended(&file, |fate| fate.delivered.push(Delivery { report_id }));
                }
            }
            _ => {}
        }
    }

    /// How many files have come to their end, of reports expected for each.
    pub(super) fn is_done(&self, name: &str, reports: usize) -> bool {
        self.fates
            .get(name)
            .is_some_and(|fate| fate.error.is_some() || (reports > 0 && fate.delivered.len() >= reports))
    }

    /// What became of a file.
    pub(super) fn fate(&self, name: &str) -> Option<&Fate> {
        self.fates.get(name)
    }

    fn ended(&mut self, file: &str, change: impl FnOnce(&mut Fate)) {
        let fate = self.fates.entry(file.to_owned()).or_default();
        fate.took = fate.dropped.map(|dropped| dropped.elapsed()).unwrap_or_default();
        change(fate);
    }
}

fn file_name(path: &str) -> String {
    Path::new(path)
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}
