//! `config repair`: the backup in the place of a damaged settings file.

use std::path::Path;

use serde_json::json;

use crate::ctl::context::Context;
use crate::ctl::error::CtlError;
use crate::settings::repair_file;

pub(super) fn run(context: &Context, file: &Path) -> Result<(), CtlError> {
    let Some(repaired) = repair_file(file).map_err(CtlError::Repair)? else {
        let told = json!({ "repaired": false });
        return context.show(&told, |_| format!("{} is not damaged\n", file.display()));
    };
    let told = json!({
        "repaired": true,
        "damage": repaired.damage.to_string(),
        "kept": repaired.kept,
        "backup": repaired.backup,
    });
    context.show(&told, |_| {
        format!(
            "{}: the file {}\nput in its place: {}\nkept as: {}\n",
            file.display(),
            repaired.damage,
            repaired.backup.display(),
            repaired.kept.display()
        )
    })
}
