//! A converter's own file: what of it is looked at is what is run.

use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::io::Errno;

use crate::elf::{self, LOOKED_AT};
use crate::error::ProgramFault;
use crate::signature::TrustedKeys;

/// Largest signed program in bytes: it is held in memory while it runs.
const SIGNED_MAX: u64 = 128 * 1024 * 1024;

/// A converter's program or script.
#[derive(Debug)]
pub(super) struct Own {
    /// Its first bytes.
    pub(super) start: Vec<u8>,
    /// To be executed, or read, by descriptor.
    pub(super) file: OwnedFd,
    /// Whether `file` is a sealed copy of what was found to be signed, and not the file itself.
    pub(super) is_copy: bool,
    pub(super) is_executable: bool,
}

impl Own {
    /// Opens it. With keys, reads it once, checks that one of them has signed what was read, and goes on with that: no
    /// later change of the file makes a difference.
    pub(super) fn open(path: &Path, keys: &TrustedKeys) -> Result<Self, ProgramFault> {
        let file = elf::open_file(path)?;
        let is_executable = is_executable(&file)?;
        if keys.is_empty() {
            return Ok(Self {
                start: elf::start_of(&file, LOOKED_AT as u64)?,
                file: file.into(),
                is_copy: false,
                is_executable,
            });
        }
        let mut content = elf::start_of(&file, SIGNED_MAX + 1)?;
        if content.len() as u64 > SIGNED_MAX {
            return Err(ProgramFault::TooLong { limit: SIGNED_MAX });
        }
        keys.check(path, &content)?;
        let file = sealed(&content).map_err(ProgramFault::Copy)?;
        content.truncate(LOOKED_AT);
        Ok(Self {
            start: content,
            file,
            is_copy: true,
            is_executable,
        })
    }
}

/// Whether anybody may execute it.
pub(super) fn is_executable(file: &File) -> Result<bool, ProgramFault> {
    let mode = file.metadata().map_err(ProgramFault::Open)?.mode();
    Ok(mode & 0o111 != 0)
}

/// A file in memory that nobody can change any more, not even its owner.
fn sealed(content: &[u8]) -> io::Result<OwnedFd> {
    let usual = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    // To be asked for where vm.memfd_noexec is 1; unknown before Linux 6.3.
    let file = match memfd_create(c"converter", usual | MemfdFlags::EXEC) {
        Err(Errno::INVAL) => memfd_create(c"converter", usual),
        other => other,
    };
    let mut file = File::from(file?);
    file.write_all(content)?;
    file.rewind()?;
    let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
    fcntl_add_seals(&file, seals)?;
    Ok(file.into())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn a_sealed_copy_cannot_be_changed() {
        let mut copy = File::from(sealed(b"content").unwrap());
        assert!(copy.write_all(b"other").is_err());
        assert!(copy.set_len(0).is_err());
        let mut content = String::new();
        copy.read_to_string(&mut content).unwrap();
        assert_eq!(content, "content");
    }
}
