//! What a user may do with a file, by its owner and mode. Access control lists are not looked at.

use std::ffi::CString;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::{Gid, Group, Uid, User, getegid, geteuid, getgrouplist, getgroups};

/// A user with all groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) uid: u32,
    /// Its own group, to which is given what it is to read.
    pub(crate) gid: u32,
    /// All that it is a member of, and its own.
    pub(crate) gids: Vec<u32>,
}

/// The user whom the packages make, and as whom the unit runs the daemon.
const UNIT_USER: &str = "stationd";

impl Account {
    /// The user of the unit, where root asks for it: root itself may do everything, which says nothing of the daemon.
    pub(crate) fn of_unit() -> Option<Self> {
        Uid::effective().is_root().then(Self::of_packages)?
    }

    /// The user of the unit, whoever asks; none where no package has made it.
    pub(crate) fn of_packages() -> Option<Self> {
        let user = User::from_name(UNIT_USER).ok()??;
        let groups = getgrouplist(&CString::new(UNIT_USER).ok()?, user.gid).ok()?;
        Some(Self {
            uid: user.uid.as_raw(),
            gid: user.gid.as_raw(),
            gids: groups.into_iter().map(Gid::as_raw).collect(),
        })
    }

    /// The user of this process.
    pub(crate) fn of_caller() -> Self {
        let own = getegid();
        let groups = getgroups().unwrap_or_default().into_iter().chain([own]);
        Self {
            uid: geteuid().as_raw(),
            gid: own.as_raw(),
            gids: groups.map(Gid::as_raw).collect(),
        }
    }

    /// The user of a process; none when there is no such process. Source: `proc_pid_status(5)`.
    #[cfg(feature = "tools")]
    pub(crate) fn of_process(pid: u32) -> Option<Self> {
        Self::of_status(&std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?)
    }

    #[cfg(feature = "tools")]
    fn of_status(text: &str) -> Option<Self> {
        let numbers = |name: &str| -> Option<Vec<u32>> {
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().map(|word| word.parse().ok()).collect()
        };
        let effective = |name| numbers(name)?.get(1).copied();
        let gid = effective("Gid:")?;
        let mut gids = numbers("Groups:")?;
        gids.push(gid);
        Some(Self {
            uid: effective("Uid:")?,
            gid,
            gids,
        })
    }

    /// The user as a command names it: by number where it has no name.
    pub(crate) fn user_name(&self) -> String {
        let user = User::from_uid(Uid::from_raw(self.uid)).ok().flatten();
        user.map_or_else(|| self.uid.to_string(), |user| user.name)
    }

    /// Its own group as a command names it: by number where it has no name.
    pub(crate) fn group_name(&self) -> String {
        let group = Group::from_gid(Gid::from_raw(self.gid)).ok().flatten();
        group.map_or_else(|| self.gid.to_string(), |group| group.name)
    }

    /// Whether it has all of `rights`: 4 reads, 2 writes, 1 enters.
    pub(crate) fn may(&self, rights: u32, found: &Metadata) -> bool {
        let mode = found.mode();
        let bits = match () {
            () if self.uid == 0 => return true,
            () if found.uid() == self.uid => mode >> 6,
            () if self.gids.contains(&found.gid()) => mode >> 3,
            () => mode,
        };
        bits & rights == rights
    }

    /// Whether it may read a file, as far as whoever asks can see.
    pub(crate) fn may_read(&self, file: &Path) -> bool {
        let may =
            |rights: u32, path: &Path| std::fs::metadata(path).is_ok_and(|found| self.may(rights, &found));
        may(4, file) && file.ancestors().skip(1).all(|folder| may(1, folder))
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[cfg(feature = "tools")]
    #[test]
    fn the_user_of_a_process_is_read_with_its_groups() {
        let text = "Name:\tstationd\nUid:\t999\t998\t999\t999\nGid:\t999\t997\t999\t999\nGroups:\t20 44 \n";
        let expected = Account {
            uid: 998,
            gid: 997,
            gids: vec![20, 44, 997],
        };
        assert_eq!(Account::of_status(text), Some(expected));
        assert_eq!(Account::of_status("Name:\tx\n"), None);
    }

    #[test]
    fn a_file_is_read_as_its_mode_and_those_of_its_folders_say() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, "").unwrap();
        let found = std::fs::metadata(&file).unwrap();
        let account = |gid| Account {
            uid: found.uid() + 1,
            gid,
            gids: vec![gid],
        };
        let (member, stranger) = (account(found.gid()), account(found.gid() + 1));
        let set = |path: &Path, mode| std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        set(folder.path(), 0o755);
        for (mode, readers) in [
            (0o600, [false, false]),
            (0o640, [true, false]),
            (0o604, [false, true]),
        ] {
            set(&file, mode);
            assert_eq!(
                [&member, &stranger].map(|who| who.may_read(&file)),
                readers,
                "{mode:o}"
            );
        }
        set(folder.path(), 0o700);
        assert!(!stranger.may_read(&file), "the folder does not let it in");
    }
}
