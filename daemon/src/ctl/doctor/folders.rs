//! May the daemon read and move files in its folders?

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::{Finding, Scene};
use crate::ctl::silent::Silent;
use crate::settings::Account;

const CHECK: &str = "folders";

pub(super) fn check(scene: &Scene) -> Vec<Finding> {
    let who = daemon(scene);
    let mut findings = Vec::new();
    for converter in &scene.settings.converters {
        let name = &converter.name;
        let whose = format!("converter {name}");
        let [drop_dir, made @ ..] = converter.folders();
        findings.push(look(CHECK, &whose, drop_dir, true, &who));
        // The daemon makes these when they are needed, where it may.
        let made = made
            .into_iter()
            .filter(|folder| folder.exists() || !may_make(folder, &who));
        findings.extend(made.map(|folder| look(CHECK, &whose, folder, true, &who)));
    }
    if scene.settings.state_dir.exists() {
        findings.push(look(CHECK, "state_dir", &scene.settings.state_dir, false, &who));
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

/// Whether a folder can be made where it is to be.
fn may_make(folder: &Path, who: &Account) -> bool {
    let above = folder.ancestors().skip(1).find_map(|above| above.metadata().ok());
    above.is_some_and(|above| above.is_dir() && who.may(0o3, &above))
}

/// What `check` says of what no other one looks at.
pub(super) fn silent(check: &'static str, silent: &Silent) -> Finding {
    let remedy = "see whether the server behind it answers, findmnt names it; work goes on by itself";
    Finding::failure(check, silent.to_string(), remedy)
}

/// What is said of a converter that gives no answer.
pub(super) fn silent_converter(converter: &Silent) -> Finding {
    silent(CHECK, converter)
}

/// Who the daemon is; while it is down, who it would be.
pub(super) fn daemon(scene: &Scene) -> Account {
    let running = scene
        .status
        .as_ref()
        .and_then(|status| Account::of_process(status.pid));
    running.or_else(Account::of_unit).unwrap_or_else(ourselves)
}

/// What `check` says of a folder of the daemon's, or one `shared` with a tester; `whose` it is stands before it.
pub(super) fn look(check: &'static str, whose: &str, folder: &Path, shared: bool, who: &Account) -> Finding {
    let shown = folder.display();
    let uid = who.uid;
    let group = who.group_name();
    let (users, give) = if shared {
        (
            "the tester and for stationd",
            format!("chgrp {group} {shown} && chmod g+rwxs {shown}"),
        )
    } else {
        let user = who.user_name();
        (
            "stationd",
            format!("chown {user}:{group} {shown} && chmod 0750 {shown}"),
        )
    };
    match std::fs::metadata(folder) {
        Ok(found) if !found.is_dir() => Finding::failure(
            check,
            format!("{whose}: {shown} is not a folder"),
            "name the right folder in the settings",
        ),
        Ok(found) if who.may(0o7, &found) => Finding::ok(check, format!("{whose}: {shown}")),
        Ok(found) => Finding::failure(
            check,
            format!(
                "{whose}: user {uid} may not read and write {shown} (mode {:03o}, owner {}:{})",
                found.mode() & 0o777,
                found.uid(),
                found.gid()
            ),
            give,
        ),
        Err(error) => Finding::failure(
            check,
            format!("{whose}: {shown}: {error}"),
            format!("make it, for {users}:\n  mkdir -p {shown} && {give}"),
        ),
    }
}

/// Whoever asks, with the group of the packages: what is said to help is meant for their daemon.
fn ourselves() -> Account {
    let caller = Account::of_caller();
    Account {
        gid: Account::of_packages().map_or(caller.gid, |packaged| packaged.gid),
        ..caller
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_made_where_that_is_allowed() {
        let dir = tempfile::tempdir().unwrap();
        let stranger = Account {
            uid: 12_345,
            gid: 54_321,
            gids: vec![54_321],
        };
        assert!(may_make(&dir.path().join("drop/done"), &ourselves()));
        assert!(!may_make(&dir.path().join("drop/done"), &stranger));
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(!may_make(&file.join("done"), &ourselves()));
    }

    #[test]
    fn a_folder_of_somebody_else_is_told_with_the_command_that_helps() {
        let stranger = Account {
            uid: 12_345,
            gid: 54_321,
            gids: vec![54_321],
        };
        let dir = tempfile::tempdir().unwrap();
        let finding = look(CHECK, "converter ict", dir.path(), true, &stranger);
        assert!(finding.words.contains("user 12345 may not read and write"));
        assert!(finding.remedy.unwrap().starts_with("chgrp 54321 "));
        assert!(
            look(CHECK, "converter ict", &dir.path().join("no"), true, &stranger)
                .remedy
                .unwrap()
                .contains("mkdir -p")
        );
    }
}
