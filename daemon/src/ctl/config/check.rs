//! `config check`: every fault of the files, or a summary.

use serde_json::json;

use super::options;
use crate::ctl::context::Context;
use crate::ctl::error::CtlError;
use crate::ctl::table::wrap;
use crate::settings::{Summary, load, missing_programs};

pub(super) fn run(context: &Context) -> Result<(), CtlError> {
    let options = options(context);
    let mut settings = load(&options).map_err(CtlError::Settings)?;
    let missing = missing_programs(&settings);
    settings.warnings.extend(missing);
    let warnings: Vec<_> = settings.warnings.iter().map(ToString::to_string).collect();
    let path = options.path().display().to_string();
    context.show(
        &json!({ "valid": true, "file": path, "warnings": warnings }),
        |_| {
            let summary = Summary(&settings).to_string();
            let lines = summary.lines().map(|line| fitted(line, context.output.width()));
            format!("{path}: the settings are valid\n{}", lines.collect::<String>())
        },
    )
}

/// Columns of what a line of the summary is about.
const LABEL: usize = 11;

fn fitted(line: &str, width: usize) -> String {
    match line.split_at_checked(LABEL) {
        Some((label, words)) => format!("{label}{}\n", wrap(words, width, LABEL)),
        None => format!("{line}\n"),
    }
}
