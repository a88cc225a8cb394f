//! Every line the watcher writes.

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::time::Duration;

use super::look::Odd;
use super::memory::MAX_KEPT;
use super::{FolderSettings, Unit};
use crate::model::Shown;

fn shown(path: &Path) -> String {
    Shown(path).to_string()
}

/// W101: a folder is watched from now on.
pub(super) fn watching(folder: &FolderSettings, files: u64, polled: Option<&str>) {
    let how = match polled {
        None => "inotify".to_owned(),
        Some(why) => format!("poll every {} s ({why})", folder.poll.as_secs()),
    };
    log::info!(
        target: "watcher", code = "W101", folder = shown(&folder.drop_dir), converter = folder.converter.as_str(),
        files = files, watch = how; "watching"
    );
}

/// W102: a missing drop folder was made at start.
pub(super) fn created(folder: &FolderSettings) {
    log::info!(
        target: "watcher", code = "W102", folder = shown(&folder.drop_dir), converter = folder.converter.as_str();
        "drop folder was missing, made it"
    );
}

/// W110: a folder cannot be read; said again every 10 min.
pub(super) fn missing(folder: &FolderSettings, every: Duration, cause: &str) {
    let every = every.as_secs();
    log::warn!(
        target: "watcher", code = "W110", folder = shown(&folder.drop_dir), converter = folder.converter.as_str(),
        cause = cause; "folder cannot be read, looking again every {every} s"
    );
}

/// W111: it can be read again.
pub(super) fn back(folder: &FolderSettings, after: Duration, files: u64) {
    log::info!(
        target: "watcher", code = "W111", folder = shown(&folder.drop_dir), converter = folder.converter.as_str(),
        files = files; "folder can be read again after {} s", after.as_secs()
    );
}

/// W120: something that is no file, or a folder that cannot be read; each is said once.
pub(super) fn odd(folder: &FolderSettings, name: &OsStr, odd: &Odd) {
    log::warn!(
        target: "watcher", code = "W120", file = shown(Path::new(name)), folder = shown(&folder.drop_dir),
        converter = folder.converter.as_str(); "skipped: {odd}"
    );
}

/// W121: more of the same in one scan.
pub(super) fn odd_unnamed(folder: &FolderSettings, count: u64) {
    log::warn!(
        target: "watcher", code = "W121", folder = shown(&folder.drop_dir), converter = folder.converter.as_str();
        "skipped {count} more that are no files"
    );
}

/// W122: a result is not whole, or its writer has it open, and nothing was added to it for 10 min; each is said once.
pub(super) fn incomplete(folder: &FolderSettings, name: &OsStr) {
    let missing = match &folder.unit {
        Unit::Folder { marker, .. } if !marker.is_empty() => format!("the file {marker} in it (marker)"),
        Unit::Folder { min_files, .. } => format!("{min_files} files in it (min_files)"),
        Unit::Pair => "the folder of its name beside it".to_owned(),
        Unit::File => "its end".to_owned(),
    };
    log::warn!(
        target: "watcher", code = "W122", file = shown(Path::new(name)), folder = shown(&folder.drop_dir),
        converter = folder.converter.as_str(), missing = missing;
        "not complete for 10 min, waiting"
    );
}

/// W130: the kernel dropped events.
pub(super) fn overflow() {
    log::warn!(
        target: "watcher", code = "W130";
        "too many events at once, looking through every folder instead; nothing is lost"
    );
}

/// W131: inotify cannot be used, or not for all folders.
pub(super) fn unwatched(folder: &FolderSettings, cause: &io::Error) {
    log::warn!(
        target: "watcher", code = "W131", folder = shown(&folder.drop_dir), converter = folder.converter.as_str(),
        cause = cause.to_string(), next = "raise fs.inotify.max_user_watches or max_user_instances";
        "cannot be watched, looking every {} s instead", folder.poll.as_secs()
    );
}

/// W132: the inotify instance failed.
pub(super) fn inotify_failed(cause: &io::Error) {
    log::warn!(
        target: "watcher", code = "W132", cause = cause.to_string();
        "inotify failed, opening it again; folders are polled until then"
    );
}

/// W140: more files are kept in a folder than can be remembered.
pub(super) fn too_many_kept(folder: &FolderSettings) {
    log::warn!(
        target: "watcher", code = "W140", folder = shown(&folder.drop_dir), converter = folder.converter.as_str(),
        next = "use after = \"move\", or empty the folder";
        "more than {MAX_KEPT} kept files, the others are recognised by their content at each scan"
    );
}

/// W150: a converter's folder was switched on or off.
pub(super) fn switched(folder: &FolderSettings, enabled: bool) {
    let what = if enabled {
        "files are taken again"
    } else {
        "files are no longer taken"
    };
    log::info!(
        target: "watcher", code = "W150", converter = folder.converter.as_str(),
        folder = shown(&folder.drop_dir); "{what}"
    );
}

/// W151: paused or resumed.
pub(super) fn paused(paused: bool) {
    let what = if paused {
        "paused, files wait in their folders"
    } else {
        "resumed"
    };
    log::info!(target: "watcher", code = "W151"; "{what}");
}

#[cfg(test)]
mod tests {
    use log::Level::{Info, Warn};

    use super::*;
    use crate::listener::heard;
    use crate::watcher::turns::tests::settings;

    #[test]
    fn every_line_has_its_level_code_and_keys() {
        let folder = settings(5);
        let cause = io::Error::from(io::ErrorKind::NotFound);
        let minute = Duration::from_secs(60);
        let lines = heard(|| {
            watching(&folder, 12, None);
            created(&folder);
            missing(&folder, minute, "it is away");
            back(&folder, minute, 12);
            odd(&folder, OsStr::new("a\nb"), &Odd::Link);
            odd_unnamed(&folder, 3);
            incomplete(&folder, OsStr::new("unit1"));
            overflow();
            unwatched(&folder, &cause);
            inotify_failed(&cause);
            too_many_kept(&folder);
            switched(&folder, false);
            paused(true);
        });
        let place = ["folder", "converter"];
        let with = |more: &[&'static str]| [&place[..], more].concat();
        let expected = [
            (Info, "W101", with(&["files", "watch"])),
            (Info, "W102", with(&[])),
            (Warn, "W110", with(&["cause"])),
            (Info, "W111", with(&["files"])),
            (Warn, "W120", vec!["file", "folder", "converter"]),
            (Warn, "W121", with(&[])),
            (Warn, "W122", vec!["file", "folder", "converter", "missing"]),
            (Warn, "W130", vec![]),
            (Warn, "W131", with(&["cause", "next"])),
            (Warn, "W132", vec!["cause"]),
            (Warn, "W140", with(&["next"])),
            (Info, "W150", vec!["converter", "folder"]),
            (Info, "W151", vec![]),
        ];
        assert_eq!(lines.len(), expected.len());
        for (line, (level, code, keys)) in lines.iter().zip(expected) {
            assert_eq!(
                (line.level, line.code.as_str(), line.target.as_str()),
                (level, code, "watcher")
            );
            assert_eq!(line.keys, keys, "{code}");
            assert!(!line.text.contains('\n'), "{code}");
        }
    }
}
