//! Advice about a Python converter: what in it the sandbox will refuse, and what hides what it does.
//!
//! The sandbox holds whatever the code says; this is for its author, before the first file fails. The code is parsed by
//! Python's own `ast`.

use std::fs::File;
use std::path::Path;

use serde::Deserialize;
use serde_json::json;

use super::reader::{self, Question};
use super::{CHECK, Finding};
use crate::ctl::words::visible;

/// Reads a script, or a zip of modules, on standard input; writes [`Remark`]s.
const READER: &str = include_str!("advice.py");

/// Something that the author should know.
#[derive(Debug, Deserialize)]
struct Remark {
    /// Name of the module in a zip; empty for a script.
    file: String,
    line: u64,
    words: String,
    /// Whether Python cannot even read it.
    fatal: bool,
}

pub(super) fn check(name: &str, script: &Path) -> Vec<Finding> {
    // One that cannot be opened was found before.
    let Ok(input) = File::open(script) else {
        return Vec::new();
    };
    let question = Question {
        arguments: json!({ "beside": beside(script) }),
        input: Some(input),
        folders: Vec::new(),
    };
    match reader::read::<Remark>(name, "script", READER, question) {
        Ok(remarks) => remarks
            .iter()
            .map(|remark| finding(name, script, remark))
            .collect(),
        Err(unread) => vec![unread],
    }
}

fn finding(name: &str, script: &Path, remark: &Remark) -> Finding {
    let shown = script.file_name().unwrap_or_default().to_string_lossy();
    let place = if remark.file.is_empty() {
        format!("{shown}:{}", remark.line)
    } else {
        format!("{shown}/{}:{}", visible(&remark.file), remark.line)
    };
    let words = format!("{name}: {place}: {}", visible(&remark.words));
    if remark.fatal {
        Finding::failure(CHECK, words, "correct the script")
    } else {
        let remedy = "advice only; stationctl converter explain shows what the sandbox really refuses";
        Finding::warning(CHECK, words, remedy)
    }
}

/// Modules that a script can import from its own folder.
fn beside(script: &Path) -> Vec<String> {
    let folder = script.parent().unwrap_or(Path::new("/"));
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names
        .map(|name| name.split('.').next().unwrap_or_default().to_owned())
        .collect()
}
