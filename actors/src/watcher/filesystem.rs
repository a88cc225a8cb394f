//! Which file systems tell nothing of what other machines write.

use std::path::Path;

use rustix::fs::statfs;

/// The names and magic numbers of file systems on which inotify sees local writes only.
///
/// On overlay, writes to a lower layer go unseen; on the others, everything another machine or the server process does.
/// Source: `linux/magic.h`; CIFS and SMB2 from `fs/smb/client/cifsfs.h`, 9P from `linux/magic.h`.
const SILENT: &[(u64, &str)] = &[
    (0x6969, "NFS"),
    (0x517b, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB2"),
    (0x6573_5546, "FUSE"),
    (0x794c_7630, "overlay"),
    (0x0102_1997, "9P"),
    (0x5346_414f, "AFS"),
    (0x7375_7245, "Coda"),
    (0x00c3_6400, "Ceph"),
];

/// The name of the silent file system that `path` lies on; none when inotify tells all.
///
/// A path that cannot be asked counts as telling all: the scan that follows reports the error.
pub(super) fn silent(path: &Path) -> Option<&'static str> {
    let magic = statfs(path).ok()?.f_type;
    #[expect(clippy::useless_conversion, reason = "32 bits on some targets, 64 on others")]
    let magic = i64::from(magic);
    name_of(magic.cast_unsigned())
}

/// The low 32 bits count: the field is a signed word, and CIFS sets its highest bit.
fn name_of(magic: u64) -> Option<&'static str> {
    let magic = magic & 0xffff_ffff;
    SILENT
        .iter()
        .find(|(number, _)| *number == magic)
        .map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_extended_magic_number_is_still_known() {
        assert_eq!(name_of(0xffff_ffff_ff53_4d42), Some("CIFS"));
        assert_eq!(name_of(0x6969), Some("NFS"));
        assert_eq!(name_of(0xef53), None);
    }

    #[test]
    fn a_folder_that_is_not_there_has_no_name() {
        assert_eq!(silent(Path::new("/nonexistent/folder")), None);
    }
}
