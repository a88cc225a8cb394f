//! `converter formats`: what this build can read.

use serde_json::json;
use stationd_converters::Format;

use crate::ctl::context::Context;
use crate::ctl::error::CtlError;

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
    let lines: Vec<_> = Format::ALL
        .iter()
        .map(|format| {
            let (name, patterns) = (format.as_str(), format.patterns().join(" "));
            format!("{name:<19} {patterns:<24} {}\n", format.arguments().join(" "))
        })
        .collect();
    context.show(&json!({ "formats": formats }), |_| lines.concat())
}
