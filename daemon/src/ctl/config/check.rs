//! `config check`: every fault of the files, or a summary.

use serde_json::json;

use super::options;
use crate::ctl::context::Context;
use crate::ctl::error::CtlError;
use crate::settings::{Summary, load};

pub(super) fn run(context: &Context) -> Result<(), CtlError> {
    let options = options(context);
    let settings = load(&options).map_err(CtlError::Settings)?;
    let warnings: Vec<_> = settings.warnings.iter().map(ToString::to_string).collect();
    let path = options.path().display().to_string();
    context.show(
        &json!({ "valid": true, "file": path, "warnings": warnings }),
        |_| format!("{path}: the settings are valid\n{}", Summary(&settings)),
    )
}
