//! What a `[[converter]]` takes for one result: a file, a folder, both together, or nothing but its schedule.

use std::path::{Path, PathBuf};
use std::time::Duration;

use stationd_actors::clock;
use stationd_actors::scheduler::{Cron, CronError, ScheduleSettings};
use stationd_actors::watcher;

use super::Problem;
use super::converter::{AfterKey, CRON, ConverterKeys, Kind, Unit};
use super::reader::Findings;

/// Keys about dropped files, of which a schedule has none.
const OF_FILES: [&str; 9] = [
    "patterns",
    "ignore",
    "ignore_case",
    "recursive",
    "watch",
    "settle_ms",
    "poll_s",
    "rescan_s",
    "after",
];

/// Checks the keys that belong to the unit; `path` is the converter's place in the settings.
pub(super) fn check(keys: &ConverterKeys, path: &str, findings: &mut Findings) {
    let (folder, schedule) = (keys.unit == Unit::Folder, keys.unit == Unit::Schedule);
    let foreign = [
        ("marker", "folder", !keys.marker.is_empty() && !folder),
        ("min_files", "folder", keys.min_files > 0 && !folder),
        ("every_s", "schedule", keys.every_s > 0 && !schedule),
        ("cron", "schedule", !keys.cron.is_empty() && !schedule),
        ("on_start", "schedule", keys.on_start && !schedule),
        (
            "recursive",
            "file",
            keys.recursive && (folder || keys.unit == Unit::Pair),
        ),
    ];
    for (key, unit, wrong) in foreign {
        if wrong {
            let text = format!("has a meaning only with unit = \"{unit}\"");
            findings.fault(&format!("{path}.{key}"), Problem::Conflict(text.into()));
        }
    }
    let external = matches!(keys.kind, Kind::Exec | Kind::Python | Kind::PyWats);
    let refused_cron = findings.is_faulty(&format!("{path}.cron"));
    let wrong: &[(bool, &str)] = match keys.unit {
        Unit::File => &[],
        Unit::Folder => &[
            (
                keys.marker.is_empty() && keys.min_files == 0,
                "marker or min_files says when a folder is complete",
            ),
            (
                !external,
                "the built-in formats are of single files: kind must be exec or python",
            ),
            (
                matches!(keys.after, AfterKey::Zip | AfterKey::Archive),
                "a folder is neither zipped nor archived: after must be move, delete or keep",
            ),
        ],
        Unit::Pair => &[(
            !matches!(keys.after, AfterKey::Move | AfterKey::Delete),
            "a file with its folder is moved as one: after must be move or delete",
        )],
        Unit::Schedule => &[
            (
                keys.every_s == 0 && keys.cron.is_empty() && !keys.on_start && !refused_cron,
                "every_s, cron or on_start says when it runs",
            ),
            (
                !external,
                "the built-in formats are of single files: kind must be exec or python",
            ),
        ],
    };
    for (_, text) in wrong.iter().filter(|(wrong, _)| *wrong) {
        findings.fault(&format!("{path}.unit"), Problem::Conflict((*text).into()));
    }
    if schedule {
        refuse_keys_of_files(path, findings);
    }
}

/// A key that has no effect would surprise whoever wrote it.
fn refuse_keys_of_files(path: &str, findings: &mut Findings) {
    for key in OF_FILES {
        let key = format!("{path}.{key}");
        if findings.places.contains_key(&key) {
            let text = "has no meaning with unit = \"schedule\", which takes no files";
            findings.fault(&key, Problem::Conflict(text.into()));
        }
    }
}

/// The unit as the watcher knows it. The orders of a schedule are files.
pub(super) fn of_watcher(keys: &ConverterKeys) -> watcher::Unit {
    match keys.unit {
        Unit::File | Unit::Schedule => watcher::Unit::File,
        Unit::Pair => watcher::Unit::Pair,
        Unit::Folder => watcher::Unit::Folder {
            marker: keys.marker.clone(),
            min_files: keys.min_files,
        },
    }
}

/// The folder of a schedule's orders, and what becomes of them.
pub(super) fn schedule_dir(keys: &ConverterKeys, state_dir: &Path) -> PathBuf {
    state_dir.join("schedule").join(&keys.name)
}

/// The schedule of `keys`; none when it has another unit, or a fault.
pub(super) fn schedule(
    keys: &ConverterKeys,
    path: &str,
    state_dir: &Path,
    findings: &mut Findings,
) -> Option<ScheduleSettings> {
    if keys.unit != Unit::Schedule {
        return None;
    }
    let cron = if keys.cron.is_empty() {
        None
    } else {
        Some(cron(keys, path, findings)?)
    };
    Some(ScheduleSettings {
        converter: keys.name.clone(),
        dir: schedule_dir(keys, state_dir),
        pending_dir: PathBuf::from(&keys.pending_dir),
        place: PathBuf::from(&keys.drop_dir),
        every: (keys.every_s > 0).then(|| Duration::from_secs(keys.every_s.into())),
        cron,
        on_start: keys.on_start,
    })
}

fn cron(keys: &ConverterKeys, path: &str, findings: &mut Findings) -> Option<Cron> {
    let allowed = match Cron::parse(&keys.cron, clock::now()) {
        Ok(cron) => return Some(cron),
        Err(CronError::Never) => "a day that comes within four years",
        Err(_) => CRON.allowed,
    };
    let problem = Problem::value(format!("{:?}", keys.cron), allowed);
    findings.fault(&format!("{path}.cron"), problem);
    None
}
