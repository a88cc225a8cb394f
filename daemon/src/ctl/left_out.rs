//! Files in a drop folder that are never taken: no pattern fits their names, `ignore` does, or they are no files. The daemon
//! passes them over with a word or without, for they may be anybody's.

use std::ffi::OsStr;
use std::fs::FileType;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use stationd_actors::watcher::{FolderSettings, Unit};

use crate::settings::Settings;

/// A file that lies in a drop folder and is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LeftOut {
    /// The file.
    pub(super) path: PathBuf,
    /// The name of the converter whose folder it is.
    pub(super) converter: String,
    /// Why, with the keys of the settings.
    pub(super) reason: String,
}

/// Looks for the file that `of` names, by its path or by its name alone, in each drop folder.
pub(super) fn find(settings: &Settings, of: &Path) -> Option<LeftOut> {
    settings.folders.iter().find_map(|folder| {
        let path = if of.components().count() > 1 {
            std::path::absolute(of).ok()?
        } else {
            folder.drop_dir.join(of)
        };
        let within = path.parent()?;
        let watched = within == folder.drop_dir || (folder.recursive && within.starts_with(&folder.drop_dir));
        let kind = path.symlink_metadata().ok().filter(|_| watched)?.file_type();
        let reason =
            reason(settings, folder, path.file_name()?).or_else(|| kind_reason(&folder.unit, kind))?;
        let converter = folder.converter.clone();
        Some(LeftOut {
            path,
            converter,
            reason,
        })
    })
}

/// Whether a file of this name fits no pattern, and is not ignored on purpose.
pub(super) fn fits_no_pattern(folder: &FolderSettings, name: &OsStr) -> bool {
    !folder.patterns.is_match(name) && !folder.ignore.is_match(name)
}

fn reason(settings: &Settings, folder: &FolderSettings, name: &OsStr) -> Option<String> {
    let converter = &folder.converter;
    if folder.ignore.is_match(name) {
        Some(format!(
            "it is to be ignored: {}",
            keys(settings, converter, "ignore")
        ))
    } else if folder.patterns.is_match(name) {
        None
    } else {
        let keys = keys(settings, converter, "patterns");
        Some(format!("no pattern fits its name: {keys}"))
    }
}

/// What it is instead of a result.
fn kind_reason(unit: &Unit, kind: FileType) -> Option<String> {
    let is_result = match unit {
        Unit::Folder { .. } => kind.is_dir(),
        Unit::File | Unit::Pair => kind.is_file(),
    };
    let found = match () {
        () if is_result => return None,
        () if kind.is_symlink() => "a symbolic link",
        () if kind.is_dir() => "a folder",
        () if kind.is_file() => "a file",
        () => "a pipe, a socket or a device",
    };
    let wanted = match unit {
        Unit::Folder { .. } => "folders",
        Unit::File | Unit::Pair => "regular files",
    };
    Some(format!("it is {found}, and this converter takes {wanted} alone"))
}

/// `patterns` or `ignore` of a converter with its value, and whether the case of letters counts.
pub(super) fn keys(settings: &Settings, converter: &str, list: &str) -> String {
    let shown = |key| {
        let setting = settings.values.get(&format!("converter.{converter}.{key}"));
        setting.map(|setting| format!("{key} = {}", setting.value))
    };
    [shown(list), shown("ignore_case")]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ")
}
