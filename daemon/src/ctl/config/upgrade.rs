//! `config upgrade`: settings of the vendor's client as ours.

use std::path::Path;

use serde_json::json;

use crate::ctl::context::Context;
use crate::ctl::error::CtlError;
use crate::settings::upgrade::upgrade_file;

pub(super) fn run(context: &Context, file: &Path) -> Result<(), CtlError> {
    let Some(written) = upgrade_file(file).map_err(CtlError::Upgrade)? else {
        let told = json!({ "upgraded": false });
        return context.show(&told, |_| {
            format!("{} is of the new schema already\n", file.display())
        });
    };
    let told = json!({
        "upgraded": true,
        "backup": written.backup,
        "token_file": written.token_file,
        "without_counterpart": written.without_counterpart,
    });
    context.show(&told, |_| {
        let mut text = format!(
            "{} is upgraded, the old one is {}\n",
            file.display(),
            written.backup.display()
        );
        if let Some(token) = &written.token_file {
            text.extend(["the token is now in ", &token.display().to_string(), "\n"]);
        }
        for key in &written.without_counterpart {
            text.extend(["no counterpart: ", key, "\n"]);
        }
        text
    })
}
