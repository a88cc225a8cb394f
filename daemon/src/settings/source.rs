//! The files that settings are read from: the main one, its backup, and those of `FILE.d/`.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::layer::{Table, set_origin};
use super::reader::Findings;
use super::upgrade::{UpgradeError, convert, is_old, with_suffix};
use super::{Backup, Fault, Origin, Problem, text};

/// Largest settings file in bytes; a larger one is some other file.
const LARGEST_FILE: u64 = 1024 * 1024;

/// Reads the main file; with `use_backup` its backup, when the file is damaged and the backup is not.
pub(super) fn main_file(path: &Path, use_backup: bool, findings: &mut Findings) -> Table {
    let mut found = Findings::default();
    let table = any_file(path, &mut found);
    let backup = with_suffix(path, ".bak");
    if use_backup && (table.is_empty() || found.faults.iter().any(is_damage)) && backup.exists() {
        let mut from_backup = Findings::default();
        let older = any_file(&backup, &mut from_backup);
        if from_backup.faults.is_empty() && !older.is_empty() {
            let empty = || fault(path, Problem::Conflict("is empty".into()));
            let damage = found.faults.into_iter().find(is_damage).unwrap_or_else(empty);
            findings.backup = Some(Backup { path: backup, damage });
            findings.add(from_backup);
            return older;
        }
    }
    findings.add(found);
    table
}

/// Whether the file is not what somebody wrote, or nobody could mean what he wrote.
fn is_damage(fault: &Fault) -> bool {
    match &fault.problem {
        Problem::Syntax { .. } => true,
        Problem::Old(error) => matches!(error, UpgradeError::Json(_)),
        Problem::Unreadable(error) => error.kind() == std::io::ErrorKind::InvalidData,
        _ => false,
    }
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

fn content(path: &Path) -> Result<String, Problem> {
    // A directory or a FIFO in the place of the file must not make the daemon wait.
    let metadata = std::fs::metadata(path).map_err(Problem::Unreadable)?;
    if !metadata.is_file() {
        return Err(Problem::Unreadable(std::io::Error::other("not a regular file")));
    }
    if metadata.len() > LARGEST_FILE {
        let limit_bytes = LARGEST_FILE;
        return Err(Problem::TooLarge { limit_bytes });
    }
    let mut content = String::new();
    let file = std::fs::File::open(path).map_err(Problem::Unreadable)?;
    file.take(LARGEST_FILE)
        .read_to_string(&mut content)
        .map_err(Problem::Unreadable)?;
    Ok(content)
}

/// `FILE.d/*.toml`, by name; names that begin with a dot are an editor's.
pub(super) fn drop_ins(file: &Path, faults: &mut Vec<Fault>) -> Vec<PathBuf> {
    let folder = with_suffix(file, ".d");
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
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
