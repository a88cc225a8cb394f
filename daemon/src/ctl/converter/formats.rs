//! `converter formats`: what this build can read.

use serde_json::json;
use stationd_converters::Format;

use crate::ctl::context::Context;
use crate::ctl::error::CtlError;
use crate::ctl::output::{Output, Tone};
use crate::ctl::table::wrap;

pub(super) fn run(context: &Context) -> Result<(), CtlError> {
    let formats: Vec<_> = Format::ALL
        .iter()
        .map(|format| {
            json!({
                "name": format.as_str(),
                "patterns": format.patterns(),
                "arguments": format.arguments(),
            })
        })
        .collect();
    let lines = Format::ALL.iter().map(|format| line(*format, context.output));
    context.show(&json!({ "formats": formats }), |_| lines.collect())
}

/// A format with its patterns, its arguments below.
fn line(format: Format, output: Output) -> String {
    const INDENT: usize = 4;
    let name = output.paint(Tone::Strong, format.as_str());
    let patterns = format.patterns().join(" ");
    let arguments = match format.arguments() {
        [] => "those of each format, by its name".to_owned(),
        names => wrap(&names.join(" "), output.width(), INDENT),
    };
    format!("{name}  {patterns}\n{:INDENT$}{arguments}\n", "")
}
