//! May the daemon read and move files in its folders?

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use nix::unistd::{getegid, geteuid, getgroups};

use super::{Finding, Scene};

const CHECK: &str = "folders";

pub(super) fn check(scene: &Scene) -> Vec<Finding> {
    let who = scene
        .status
        .as_ref()
        .and_then(|status| Who::of_process(status.pid))
        .unwrap_or_else(Who::ourselves);
    let mut findings = Vec::new();
    for converter in &scene.settings.converters {
        let name = &converter.name;
        let whose = format!("converter {name}");
        findings.push(look(&whose, &converter.drop_dir, true, &who));
        // The daemon makes these when they are needed.
        let made = [&converter.done_dir, &converter.error_dir, &converter.pending_dir];
        for folder in made.into_iter().filter(|folder| folder.exists()) {
            findings.push(look(&whose, folder, true, &who));
        }
    }
    if scene.settings.state_dir.exists() {
        findings.push(look("state_dir", &scene.settings.state_dir, false, &who));
    }
    let fine = findings.iter().all(|finding| finding.remedy.is_none());
    if fine {
        let words = format!(
            "user {} may read and write all {} of them",
            who.uid,
            findings.len()
        );
        return vec![Finding::ok(CHECK, words)];
    }
    findings.retain(|finding| finding.remedy.is_some());
    findings
}

fn look(whose: &str, folder: &Path, shared: bool, who: &Who) -> Finding {
    let shown = folder.display();
    let uid = who.uid;
    let give = if shared {
        format!("chgrp stationd {shown} && chmod g+rwxs {shown}")
    } else {
        format!("chown stationd: {shown} && chmod 0750 {shown}")
    };
    match std::fs::metadata(folder) {
        Ok(found) if !found.is_dir() => Finding::failure(
            CHECK,
            format!("{whose}: {shown} is not a folder"),
            "name the right folder in the settings",
        ),
        Ok(found) if who.may_use(&found) => Finding::ok(CHECK, format!("{whose}: {shown}")),
        Ok(found) => Finding::failure(
            CHECK,
            format!(
                "{whose}: user {uid} may not read and write {shown} (mode {:03o}, owner {}:{})",
                found.mode() & 0o777,
                found.uid(),
                found.gid()
            ),
            give,
        ),
        Err(error) => Finding::failure(
            CHECK,
            format!("{whose}: {shown}: {error}"),
            format!("make it, for the tester and for stationd:\n  mkdir -p {shown} && {give}"),
        ),
    }
}

/// A user with all groups. Access control lists are not looked at.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Who {
    uid: u32,
    gids: Vec<u32>,
}

impl Who {
    fn ourselves() -> Self {
        let groups = getgroups().unwrap_or_default();
        Self {
            uid: geteuid().as_raw(),
            gids: groups
                .into_iter()
                .chain([getegid()])
                .map(nix::unistd::Gid::as_raw)
                .collect(),
        }
    }

    /// The user of a process. Source: `proc_pid_status(5)`.
    fn of_process(pid: u32) -> Option<Self> {
        Self::of_status(&std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?)
    }

    fn of_status(text: &str) -> Option<Self> {
        let numbers = |name: &str| -> Option<Vec<u32>> {
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().map(|word| word.parse().ok()).collect()
        };
        let effective = |name| numbers(name)?.get(1).copied();
        let mut gids = numbers("Groups:")?;
        gids.push(effective("Gid:")?);
        Some(Self {
            uid: effective("Uid:")?,
            gids,
        })
    }

    fn may_use(&self, found: &Metadata) -> bool {
        let mode = found.mode();
        let bits = match () {
            () if self.uid == 0 => return true,
            () if found.uid() == self.uid => mode >> 6,
            () if self.gids.contains(&found.gid()) => mode >> 3,
            () => mode,
        };
        bits & 0o7 == 0o7
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_of_a_process_is_read_with_its_groups() {
        let text = "Name:\tstationd\nUid:\t999\t998\t999\t999\nGid:\t999\t997\t999\t999\nGroups:\t20 44 \n";
        let expected = Who {
            uid: 998,
            gids: vec![20, 44, 997],
        };
        assert_eq!(Who::of_status(text), Some(expected));
        assert_eq!(Who::of_status("Name:\tx\n"), None);
    }

    #[test]
    fn a_folder_of_somebody_else_is_told_with_the_command_that_helps() {
        let stranger = Who {
            uid: 12_345,
            gids: vec![12_345],
        };
        let dir = tempfile::tempdir().unwrap();
        let finding = look("converter ict", dir.path(), true, &stranger);
        assert!(finding.words.contains("user 12345 may not read and write"));
        assert!(finding.remedy.unwrap().starts_with("chgrp stationd"));
        assert!(
            look("converter ict", &dir.path().join("no"), true, &stranger)
                .remedy
                .unwrap()
                .contains("mkdir -p")
        );
    }
}
