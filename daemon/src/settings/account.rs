//! What a user may do with a file, by its owner and mode. Access control lists are not looked at.

use std::ffi::CString;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::{Gid, Uid, User, getgrouplist};

/// A user with all groups.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) uid: u32,
    pub(crate) gids: Vec<u32>,
}

/// The user whom the packages make, and as whom the unit runs the daemon.
const UNIT_USER: &str = "stationd";

impl Account {
    /// The user of the unit, where root asks for it: root itself may do everything, which says nothing of the daemon.
    pub(crate) fn of_unit() -> Option<Self> {
        if !Uid::effective().is_root() {
            return None;
        }
        let user = User::from_name(UNIT_USER).ok()??;
        let groups = getgrouplist(&CString::new(UNIT_USER).ok()?, user.gid).ok()?;
        Some(Self {
            uid: user.uid.as_raw(),
            gids: groups.into_iter().map(Gid::as_raw).collect(),
        })
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

    #[test]
    fn a_file_is_read_as_its_mode_and_those_of_its_folders_say() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, "").unwrap();
        let found = std::fs::metadata(&file).unwrap();
        let account = |gid| Account {
            uid: found.uid() + 1,
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
