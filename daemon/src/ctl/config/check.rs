//! `config check`: every fault of the files, or a summary.

use serde_json::json;

use super::{load, options};
use crate::ctl::context::Context;
use crate::ctl::error::CtlError;
use crate::settings::Summary;

pub(super) fn run(context: &Context) -> Result<(), CtlError> {
    let settings = load(context)?;
    let warnings: Vec<_> = settings.warnings.iter().map(ToString::to_string).collect();
    let path = options(context).path().display().to_string();
    context.show(
        &json!({ "valid": true, "file": path, "warnings": warnings }),
        |_| format!("{path}: the settings are valid\n{}", Summary(&settings)),
    )
}
