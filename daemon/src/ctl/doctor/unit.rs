//! Does the sandbox of the running unit show the folders, and may it write there?
//!
//! A unit with `ProtectSystem=strict` sees the whole disk read-only but for `ReadWritePaths=`: rights look right and
//! nothing can be written. Seen from the process itself, through `/proc/PID/root`, a folder tells what it is.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rustix::fs::{StatVfsMountFlags, statvfs};
use stationd_actors::converter::ConverterSettings;

use super::{Finding, Scene};

const CHECK: &str = "unit";

pub(super) fn check(scene: &Scene) -> Vec<Finding> {
    let Some(status) = &scene.status else {
        return Vec::new();
    };
    let root = PathBuf::from(format!("/proc/{}/root", status.pid));
    if std::fs::read_dir(&root).is_err() {
        let remedy = "run stationctl doctor as root to see the folders as the unit does";
        return vec![Finding::warning(
            CHECK,
            "the unit's view of the disk cannot be looked at",
            remedy,
        )];
    }
    let settings = &scene.settings;
    let folders = settings.converters.iter().flat_map(ConverterSettings::folders);
    let folders: BTreeSet<_> = folders.chain([settings.state_dir.as_path()]).collect();
    let refused: Vec<_> = folders
        .into_iter()
        .filter(|folder| !is_writable(&root, folder))
        .collect();
    if refused.is_empty() {
        return vec![Finding::ok(
            CHECK,
            "the folders are writable inside the running unit",
        )];
    }
    let words = refused
        .iter()
        .map(|folder| folder.display().to_string())
        .collect::<Vec<_>>()
        .join(" ");
    vec![Finding::failure(
        CHECK,
        format!("read-only or hidden inside the running unit: {words}"),
        drop_in(&words),
    )]
}

/// Not mounted read-only as the process sees it. One that does not exist counts by the folder it will be made in.
fn is_writable(root: &Path, folder: &Path) -> bool {
    let beneath = |folder: &Path| root.join(folder.strip_prefix("/").unwrap_or(folder));
    // A folder that is there for us and not for the process is hidden from it.
    if folder.exists() && !beneath(folder).exists() {
        return false;
    }
    let nearest = folder.ancestors().map(beneath).find(|seen| seen.exists());
    nearest.is_some_and(|seen| {
        statvfs(&seen).is_ok_and(|found| !found.f_flag.contains(StatVfsMountFlags::RDONLY))
    })
}

fn drop_in(folders: &str) -> String {
    format!(
        "systemctl edit stationd, and add:\n  [Service]\n  ReadWritePaths={folders}\n(below /home also: \
         ProtectHome=no), then: systemctl restart stationd"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_only_we_see_is_hidden() {
        let root = tempfile::tempdir().unwrap();
        let ours = tempfile::tempdir().unwrap();
        assert!(!is_writable(root.path(), ours.path()));
        assert!(is_writable(Path::new("/"), ours.path()));
        assert!(is_writable(Path::new("/"), &ours.path().join("not/made/yet")));
    }
}
