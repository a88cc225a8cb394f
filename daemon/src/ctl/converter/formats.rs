//! `converter formats`: what this build can read.

use serde_json::json;
use stationd_converters::Format;

use crate::ctl::context::Context;
use crate::ctl::error::CtlError;

pub(super) fn run(context: &Context) -> Result<(), CtlError> {
    let names: Vec<_> = Format::ALL.iter().map(|format| format.as_str()).collect();
    context.show(&json!({ "formats": names }), |_| {
        format!("{}\n", names.join("\n"))
    })
}
