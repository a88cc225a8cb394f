//! From `[[converter]]` to what the watcher and the converter supervisor are told.

use std::path::{Path, PathBuf};
use std::time::Duration;

use stationd_actors::converter::{After, ConverterSettings, Station};
use stationd_actors::model::Priority;
use stationd_actors::scheduler::ScheduleSettings;
use stationd_actors::watcher::{FolderSettings, Patterns};
use stationd_sandbox::Program;

use super::converter::{ConverterKeys, Unit};
use super::reader::Findings;
use super::{Problem, program, unit};

/// What both roles are told of each converter, in the same order.
#[derive(Debug, Default)]
pub(super) struct Checked {
    pub(super) folders: Vec<FolderSettings>,
    pub(super) converters: Vec<ConverterSettings>,
    pub(super) schedules: Vec<ScheduleSettings>,
}

/// Fills in the folders beside the drop folder; those of a schedule are in the state folder.
pub(super) fn fill_in(converters: &mut [ConverterKeys], state_dir: &Path) {
    for keys in converters {
        let own = unit::schedule_dir(keys, state_dir);
        let beside = match Path::new(&keys.drop_dir).parent() {
            _ if keys.unit == Unit::Schedule => &own,
            Some(beside) if !keys.drop_dir.is_empty() => beside,
            _ => continue,
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
    state_dir: &Path,
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
        unit::check(keys, &path, findings);
        if keys.drop_dir.is_empty() && keys.unit != Unit::Schedule {
            let allowed = "an absolute path".into();
            findings.fault(&format!("{path}.drop_dir"), Problem::Missing { allowed });
        }
        let station = station(keys, &path, own, presets, findings);
        let schedule = unit::schedule(keys, &path, state_dir, findings);
        if let Some(program) = program::check(keys, &path, &station, findings) {
            let folder = folder(keys, schedule.as_ref());
            let time_zone = program::time_zone(keys, &path, findings);
            let converter = ConverterSettings {
                time_zone,
                ..converter(keys, program, station, &folder, schedule.is_some())
            };
            checked.converters.push(converter);
            checked.folders.push(folder);
            checked.schedules.extend(schedule);
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

fn converter(
    keys: &ConverterKeys,
    program: Program,
    station: Station,
    folder: &FolderSettings,
    scheduled: bool,
) -> ConverterSettings {
    ConverterSettings {
        name: keys.name.clone(),
        enabled: keys.enabled,
        priority: folder.priority,
        program,
        arguments: serde_json::Value::Object(keys.arguments.clone()).to_string(),
        time_zone: None,
        limits: keys.sandbox.limits.limits(),
        readable: (scheduled && !keys.drop_dir.is_empty())
            .then(|| PathBuf::from(&keys.drop_dir))
            .into_iter()
            .collect(),
        station,
        pair: keys.unit == Unit::Pair,
        after: if scheduled {
            After::Discard
        } else {
            keys.after.after()
        },
        done_dir: PathBuf::from(&keys.done_dir),
        error_dir: PathBuf::from(&keys.error_dir),
        pending_dir: PathBuf::from(&keys.pending_dir),
        drop_dir: folder.drop_dir.clone(),
        retries: keys.retries,
        retry_delay_s: keys.retry_delay_s.into(),
        alarm_below: keys.alarm_below,
        reject_below: keys.reject_below,
    }
}

fn folder(keys: &ConverterKeys, schedule: Option<&ScheduleSettings>) -> FolderSettings {
    let excluded = [&keys.done_dir, &keys.error_dir, &keys.pending_dir];
    FolderSettings {
        converter: keys.name.clone(),
        enabled: keys.enabled,
        priority: Priority::try_from(keys.priority).unwrap_or_default(),
        drop_dir: schedule.map_or_else(|| PathBuf::from(&keys.drop_dir), ScheduleSettings::orders),
        patterns: patterns(&keys.patterns, keys.ignore_case),
        ignore: patterns(&keys.ignore, keys.ignore_case),
        unit: unit::of_watcher(keys),
        recursive: keys.recursive,
        excluded: excluded.into_iter().map(PathBuf::from).collect(),
        watch: keys.watch,
        settle: Duration::from_millis(keys.settle_ms.into()),
        poll: Duration::from_secs(keys.poll_s.into()),
        rescan: Duration::from_secs(keys.rescan_s.into()),
    }
}

/// The patterns as one set; each was tried alone when it was read.
fn patterns(texts: &[String], ignore_case: bool) -> Patterns {
    let patterns = Patterns::new(texts).unwrap_or_default();
    if ignore_case {
        patterns.ignoring_case()
    } else {
        patterns
    }
}

/// Two converters must not take the same file, and none what another has put away.
fn check_nesting(converters: &[ConverterKeys], findings: &mut Findings) {
    // What a schedule fetches from is only read.
    let watched = || {
        let all = converters.iter().enumerate();
        all.filter(|(_, keys)| keys.unit != Unit::Schedule && !keys.drop_dir.is_empty())
    };
    for (index, keys) in watched() {
        let drop_dir = Path::new(&keys.drop_dir);
        let path = place(keys, index);
        for (other_index, other) in watched() {
            let theirs = Path::new(&other.drop_dir);
            let within = drop_dir == theirs || (other.recursive && drop_dir.starts_with(theirs));
            let earlier = other_index < index || drop_dir != theirs;
            // One without a name has that fault first.
            if other_index != index && earlier && within && !other.name.is_empty() {
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
