//! Do files lie in a drop folder that no pattern takes?

use std::path::PathBuf;

use stationd_actors::model::{OWN_PREFIX, Shown};
use stationd_actors::watcher::{FolderSettings, Unit};

use super::{Finding, Scene};
use crate::ctl::left_out::{fits_no_pattern, keys};
use crate::ctl::words::count;

const CHECK: &str = "patterns";

/// Most entries of a drop folder that are looked at: enough to see that something is wrong, soon done on a slow share.
const MOST: u64 = 10_000;

pub(super) fn check(scene: &Scene) -> Vec<Finding> {
    let folders = scene.settings.folders.iter().filter(|folder| folder.enabled);
    folders
        .filter_map(|folder| {
            let left_out = look(folder);
            let example = left_out.example?;
            let converter = &folder.converter;
            let among = match left_out.seen {
                MOST.. => format!(" among the first {MOST}"),
                _ => String::new(),
            };
            let words = format!(
                "converter {converter}: no pattern takes {}{among} in {}, such as {}: {}",
                count(left_out.number, "file", "files"),
                folder.drop_dir.display(),
                Shown(&example),
                keys(&scene.settings, converter, "patterns"),
            );
            let remedy = "results of the tester need a pattern, or ignore_case = true; what is none is named in ignore; then: \
                          systemctl reload stationd";
            Some(Finding::warning(CHECK, words, remedy))
        })
        .collect()
}

#[derive(Debug, Default)]
struct LeftOut {
    /// Entries looked at.
    seen: u64,
    number: u64,
    /// The first of them, relative to the drop folder.
    example: Option<PathBuf>,
}

/// Looks through a folder as the watcher does. What cannot be read is the other checks' to tell.
fn look(folder: &FolderSettings) -> LeftOut {
    let mut found = LeftOut::default();
    let mut folders = vec![folder.drop_dir.clone()];
    while let Some(dir) = folders.pop() {
        for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
            if found.seen == MOST {
                return found;
            }
            found.seen += 1;
            let (name, path) = (entry.file_name(), entry.path());
            let Ok(kind) = entry.file_type() else { continue };
            let result = match folder.unit {
                Unit::Folder { .. } => kind.is_dir(),
                Unit::File | Unit::Pair => kind.is_file(),
            };
            if folder.excluded.contains(&path) || name.as_encoded_bytes().starts_with(OWN_PREFIX.as_bytes()) {
            } else if result && fits_no_pattern(folder, &name) {
                found.number += 1;
                let below = path.strip_prefix(&folder.drop_dir).unwrap_or(&path);
                found.example.get_or_insert_with(|| below.to_owned());
            } else if kind.is_dir() && folder.recursive && folder.unit == Unit::File {
                folders.push(path);
            }
        }
    }
    found
}
