//! Files that are read without waiting for another machine, or for another program.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{AtFlags, FileType, FsWord, StatxFlags, fstat, fstatfs, statx};
use rustix::io::Result;

/// File systems of this machine's own disks and memory: ext2 to ext4, XFS, Btrfs, F2FS, UBIFS, `SquashFS`, EROFS,
/// overlay and tmpfs. What is not named, such as every network's and FUSE, may take as long as it likes. Source: linux/magic.h.
const LOCAL: [i64; 9] = [
    0xEF53,
    0x5846_5342,
    0x9123_683E,
    0xF2F5_2010,
    0x2405_1905,
    0x7371_7368,
    0xE0F5_E1E2,
    0x794C_7630,
    0x0102_1994,
];

/// Whether a file or folder is on one of this machine's own disks, or in its memory. To know it, the kernel may ask who
/// has the file.
pub(crate) fn is_local(file: &OwnedFd) -> bool {
    let Ok(disk) = fstatfs(file) else {
        return false;
    };
    is_named(disk.f_type)
}

/// The bytes of a file; none of a folder or pipe. The kernel may ask who has it.
pub(crate) fn length(file: &OwnedFd) -> Option<u64> {
    let stat = fstat(file).ok()?;
    let length = u64::try_from(stat.st_size).ok();
    length.filter(|_| FileType::from_raw_mode(stat.st_mode).is_file())
}

/// What kind of file it is, which the kernel knows of an open one: nobody is asked, as fstat(2) would on a network's file
/// system.
pub(crate) fn kind(file: impl AsFd) -> Result<FileType> {
    let flags = AtFlags::EMPTY_PATH | AtFlags::STATX_DONT_SYNC;
    let stat = statx(file, c"", flags, StatxFlags::TYPE)?;
    Ok(FileType::from_raw_mode(stat.stx_mode.into()))
}

/// The low 32 bits count: the field is a signed word, which 32-bit systems fill.
fn is_named(magic: FsWord) -> bool {
    #[expect(clippy::useless_conversion, reason = "32 bits on some targets, 64 on others")]
    let magic = i64::from(magic);
    LOCAL.contains(&(magic & 0xFFFF_FFFF))
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn a_file_in_memory_is_local_and_what_the_kernel_makes_up_is_not() {
        let memory = rustix::fs::memfd_create("file", rustix::fs::MemfdFlags::CLOEXEC).unwrap();
        assert!(is_local(&memory));
        let made_up = OwnedFd::from(File::open("/proc/self/status").unwrap());
        assert!(!is_local(&made_up));
    }

    #[test]
    fn a_file_has_a_length_and_a_folder_has_none() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(1000).unwrap();
        assert_eq!(length(&file.into()), Some(1000));
        assert_eq!(length(&File::open("/").unwrap().into()), None);
    }
}
