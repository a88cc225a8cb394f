//! From `[[converter]]` to what the watcher and the converter supervisor are told.

use std::path::{Path, PathBuf};
use std::time::Duration;

use stationd_actors::converter::{ConverterSettings, Station};
use stationd_actors::model::Priority;
use stationd_actors::watcher::{self, FolderSettings, Patterns};

use super::converter::{AfterKey, ConverterKeys, Kind, Unit};
use super::keys::Choice;
use super::reader::Findings;
use super::{Problem, program};

/// What both roles are told of each converter, in the same order.
#[derive(Debug, Default)]
pub(super) struct Checked {
    pub(super) folders: Vec<FolderSettings>,
    pub(super) converters: Vec<ConverterSettings>,
}

/// Fills in the folders beside the drop folder.
pub(super) fn fill_in(converters: &mut [ConverterKeys]) {
    for keys in converters {
        let Some(beside) = Path::new(&keys.drop_dir)
            .parent()
            .filter(|_| !keys.drop_dir.is_empty())
        else {
            continue;
        };
        for (dir, name) in [
            (&mut keys.done_dir, "done"),
            (&mut keys.error_dir, "error"),
            (&mut keys.pending_dir, "pending"),
        ] {
            if dir.is_empty() {
                *dir = beside.join(name).to_string_lossy().into_owned();
            }
        }
    }
}

/// Checks every converter by itself and against the others.
pub(super) fn check(
    converters: &[ConverterKeys],
    own: &Station,
    presets: &[(String, Station)],
    findings: &mut Findings,
) -> Checked {
    let mut checked = Checked::default();
    for (index, keys) in converters.iter().enumerate() {
        let path = place(keys, index);
        if keys.name.is_empty() {
            let allowed = "a name of 1 to 64 of the characters a-z, 0-9 and -".into();
            findings.fault(&format!("{path}.name"), Problem::Missing { allowed });
        }
        check_numbers(keys, &path, findings);
        check_unit(keys, &path, findings);
        if keys.drop_dir.is_empty() && keys.unit != Unit::Schedule {
            let allowed = "an absolute path".into();
            findings.fault(&format!("{path}.drop_dir"), Problem::Missing { allowed });
        }
        let station = station(keys, &path, own, presets, findings);
        if let Some(program) = program::check(keys, &path, findings) {
            let priority = Priority::try_from(keys.priority).unwrap_or_default();
            checked.folders.push(folder(keys, priority));
            checked.converters.push(ConverterSettings {
                name: keys.name.clone(),
                enabled: keys.enabled,
                priority,
                program,
                arguments: serde_json::Value::Object(keys.arguments.clone()).to_string(),
                limits: keys.sandbox.limits.limits(),
                station,
                after: keys.after.after(),
                done_dir: PathBuf::from(&keys.done_dir),
                error_dir: PathBuf::from(&keys.error_dir),
                pending_dir: PathBuf::from(&keys.pending_dir),
                drop_dir: PathBuf::from(&keys.drop_dir),
                retries: keys.retries,
                retry_delay_s: keys.retry_delay_s.into(),
                alarm_below: keys.alarm_below,
                reject_below: keys.reject_below,
            });
        }
    }
    check_nesting(converters, findings);
    checked
}

/// The place of a converter in the settings, as the reader names it.
fn place(keys: &ConverterKeys, index: usize) -> String {
    if keys.name.is_empty() {
        format!("converter[{}]", index + 1)
    } else {
        format!("converter.{}", keys.name)
    }
}

fn check_numbers(keys: &ConverterKeys, path: &str, findings: &mut Findings) {
    if keys.reject_below > keys.alarm_below {
        let text = format!(
            "found {}, which is above alarm_below = {}",
            keys.reject_below, keys.alarm_below
        );
        findings.fault(&format!("{path}.reject_below"), Problem::Conflict(text.into()));
    }
    if keys.patterns.is_empty() {
        let problem = Problem::value("an empty list", "at least one pattern; [\"*\"] takes every file");
        findings.fault(&format!("{path}.patterns"), problem);
    }
}

fn check_unit(keys: &ConverterKeys, path: &str, findings: &mut Findings) {
    let (folder, schedule) = (keys.unit == Unit::Folder, keys.unit == Unit::Schedule);
    let foreign = [
        ("marker", "folder", !keys.marker.is_empty() && !folder),
        ("min_files", "folder", keys.min_files > 0 && !folder),
        ("every_s", "schedule", keys.every_s > 0 && !schedule),
        ("cron", "schedule", !keys.cron.is_empty() && !schedule),
        ("on_start", "schedule", keys.on_start && !schedule),
    ];
    for (key, unit, wrong) in foreign {
        if wrong {
            let text = format!("has a meaning only with unit = \"{unit}\"");
            findings.fault(&format!("{path}.{key}"), Problem::Conflict(text.into()));
        }
    }
    if schedule {
        let found = format!("{:?}", keys.unit.word());
        findings.fault(&format!("{path}.unit"), Problem::Unsupported { found });
    }
    if folder {
        check_folder_unit(keys, path, findings);
    }
}

fn check_folder_unit(keys: &ConverterKeys, path: &str, findings: &mut Findings) {
    let wrong = [
        (
            keys.marker.is_empty() && keys.min_files == 0,
            "marker or min_files says when a folder is complete",
        ),
        (
            keys.kind == Kind::Builtin,
            "the built-in formats are of single files: kind must be exec or python",
        ),
        (
            matches!(keys.after, AfterKey::Zip | AfterKey::Archive),
            "a folder is neither zipped nor archived: after must be move, delete or keep",
        ),
    ];
    for (_, text) in wrong.into_iter().filter(|(wrong, _)| *wrong) {
        findings.fault(&format!("{path}.unit"), Problem::Conflict(text.into()));
    }
}

/// What makes one result, as the watcher knows it. A schedule is refused before it gets here.
fn unit(keys: &ConverterKeys) -> watcher::Unit {
    match keys.unit {
        Unit::Folder => watcher::Unit::Folder {
            marker: keys.marker.clone(),
            min_files: keys.min_files,
        },
        Unit::File | Unit::Schedule => watcher::Unit::File,
    }
}

fn station(
    keys: &ConverterKeys,
    path: &str,
    own: &Station,
    presets: &[(String, Station)],
    findings: &mut Findings,
) -> Station {
    if keys.station.is_empty() {
        return own.clone();
    }
    if let Some((_, station)) = presets.iter().find(|(key, _)| *key == keys.station) {
        return station.clone();
    }
    let known: Vec<_> = presets.iter().map(|(key, _)| key.as_str()).collect();
    let allowed = if known.is_empty() {
        "the key of one of [[station.presets]], of which there is none".to_owned()
    } else {
        format!("the key of one of [[station.presets]]: {}", known.join(", "))
    };
    let problem = Problem::value(format!("{:?}", keys.station), allowed);
    findings.fault(&format!("{path}.station"), problem);
    own.clone()
}

fn folder(keys: &ConverterKeys, priority: Priority) -> FolderSettings {
    let excluded = [&keys.done_dir, &keys.error_dir, &keys.pending_dir];
    FolderSettings {
        converter: keys.name.clone(),
        enabled: keys.enabled,
        priority,
        drop_dir: PathBuf::from(&keys.drop_dir),
        patterns: patterns(&keys.patterns),
        ignore: patterns(&keys.ignore),
        unit: unit(keys),
        recursive: keys.recursive,
        excluded: excluded.into_iter().map(PathBuf::from).collect(),
        watch: keys.watch,
        settle: Duration::from_millis(keys.settle_ms.into()),
        poll: Duration::from_secs(keys.poll_s.into()),
        rescan: Duration::from_secs(keys.rescan_s.into()),
    }
}

/// The patterns as one set; each was tried alone when it was read.
fn patterns(texts: &[String]) -> Patterns {
    Patterns::new(texts).unwrap_or_default()
}

/// Two converters must not take the same file, and none what another has put away.
fn check_nesting(converters: &[ConverterKeys], findings: &mut Findings) {
    for (index, keys) in converters.iter().enumerate() {
        let drop_dir = Path::new(&keys.drop_dir);
        if keys.drop_dir.is_empty() {
            continue;
        }
        let path = place(keys, index);
        for (other_index, other) in converters.iter().enumerate() {
            let theirs = Path::new(&other.drop_dir);
            let within = drop_dir == theirs || (other.recursive && drop_dir.starts_with(theirs));
            let earlier = other_index < index || drop_dir != theirs;
            if other_index != index && !other.drop_dir.is_empty() && earlier && within {
                let text = format!(
                    "{:?} is watched by converter `{}` too; each file would be taken twice",
                    keys.drop_dir, other.name
                );
                findings.fault(&format!("{path}.drop_dir"), Problem::Conflict(text.into()));
            }
            for (key, dir) in [
                ("done_dir", &other.done_dir),
                ("error_dir", &other.error_dir),
                ("pending_dir", &other.pending_dir),
            ] {
                let put_away = Path::new(dir);
                let inside = drop_dir.starts_with(put_away);
                if !dir.is_empty() && inside {
                    let text = format!(
                        "{:?} lies in {key} {dir:?} of converter `{}`",
                        keys.drop_dir, other.name
                    );
                    findings.fault(&format!("{path}.drop_dir"), Problem::Conflict(text.into()));
                }
            }
        }
    }
}
