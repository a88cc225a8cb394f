//! The files that settings are read from: the main one, its backup, and those of `FILE.d/`.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::damage::Damage;
use super::layer::{Table, set_origin};
use super::reader::Findings;
use super::upgrade::{convert, is_old};
use super::write::{LARGEST_FILE, read, with_suffix};
use super::{Backup, Fault, Origin, Problem, text};

/// Reads the main file; its backup instead, where the file is damaged and the backup can be read.
pub(super) fn main_file(path: &Path, findings: &mut Findings) -> Table {
    let mut found = Findings::default();
    let table = any_file(path, &mut found);
    let damage = read(path).ok().and_then(|content| Damage::of(&content));
    let backup = with_suffix(path, ".bak");
    if let Some(damage) = damage
        && backup.exists()
    {
        let mut from_backup = Findings::default();
        let older = any_file(&backup, &mut from_backup);
        if from_backup.faults.is_empty() && !older.is_empty() {
            findings.backup = Some(Backup { path: backup, damage });
            findings.add(from_backup);
            return older;
        }
        found.add(from_backup);
    }
    findings.add(found);
    table
}

/// Reads a file of the new or of the old format.
fn any_file(path: &Path, findings: &mut Findings) -> Table {
    let content = match content(path) {
        Ok(content) => content,
        Err(problem) => {
            findings.faults.push(fault(path, problem));
            return Table::new();
        }
    };
    if !is_old(&content) {
        return text::read(&content, &Arc::from(path), &mut findings.faults);
    }
    match convert(&content) {
        Err(error) => {
            findings.faults.push(fault(path, Problem::Old(error)));
            Table::new()
        }
        Ok(upgrade) => {
            let origin = Origin::Named(Arc::from(path));
            let text = upgrade.settings.to_string();
            let mut table = text::read(&text, &Arc::from(path), &mut findings.faults);
            set_origin(&mut table, &origin);
            findings.old_token = upgrade.token.map(|token| (token, origin));
            let lost = upgrade.without_counterpart.join(", ");
            let text = format!("{} has schema 1.0; without counterpart: {lost}", path.display());
            findings.warn("", &text);
            table
        }
    }
}

/// Reads a file of `FILE.d/`.
pub(super) fn drop_in(path: &Path, faults: &mut Vec<Fault>) -> Table {
    match content(path) {
        Ok(content) => text::read(&content, &Arc::from(path), faults),
        Err(problem) => {
            faults.push(fault(path, problem));
            Table::new()
        }
    }
}

fn fault(path: &Path, problem: Problem) -> Fault {
    Fault {
        place: Origin::Named(Arc::from(path)),
        key: String::new(),
        problem,
    }
}

fn content(path: &Path) -> Result<Zeroizing<String>, Problem> {
    let mut content = read(path).map_err(|error| match error.kind() {
        io::ErrorKind::FileTooLarge => Problem::TooLarge {
            limit_bytes: LARGEST_FILE,
        },
        _ => Problem::Unreadable(error),
    })?;
    let text = String::from_utf8(std::mem::take(&mut content));
    text.map(Zeroizing::new).map_err(|error| {
        let utf8_error = error.utf8_error();
        drop(Zeroizing::new(error.into_bytes()));
        Problem::Unreadable(io::Error::new(io::ErrorKind::InvalidData, utf8_error))
    })
}

/// `FILE.d/*.toml`, by name; names that begin with a dot are an editor's.
pub(super) fn drop_ins(file: &Path, faults: &mut Vec<Fault>) -> Vec<PathBuf> {
    let folder = with_suffix(file, ".d");
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            faults.push(fault(&folder, Problem::Unreadable(error)));
            return Vec::new();
        }
    };
    let mut paths = Vec::new();
    for entry in entries {
        match entry {
            Ok(entry) => paths.push(entry.path()),
            Err(error) => faults.push(fault(&folder, Problem::Unreadable(error))),
        }
    }
    paths.retain(|path| {
        let hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        !hidden && path.extension().is_some_and(|extension| extension == "toml")
    });
    paths.sort();
    paths
}
