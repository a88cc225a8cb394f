//! The little of an ELF header that decides whether a program can run here.
//!
//! Source: elf(5).

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::error::ProgramFault;

/// Bytes of a program that are looked at; the header and the names in it stand at its start.
pub(crate) const LOOKED_AT: usize = 8 * 1024;

/// `e_machine` and `EI_CLASS` of this system.
const NATIVE: (u16, u8) = if cfg!(target_arch = "x86_64") {
    (62, 2)
} else if cfg!(target_arch = "aarch64") {
    (183, 2)
} else {
    (40, 1)
};

const PT_INTERP: u32 = 3;

/// What an ELF header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Elf {
    /// `e_machine`.
    pub(crate) machine: u16,
    /// The dynamic loader it names; `None` for a static program.
    pub(crate) interpreter: Option<PathBuf>,
}

/// Reads a program's header.
///
/// # Errors
/// When it cannot be read, is no ELF file, or is for another machine or word size.
pub(crate) fn read(path: &Path) -> Result<Elf, ProgramFault> {
    open(path).map(|(_, elf)| elf)
}

/// Opens a program and reads its header: what is looked at is what is run, whatever lies at the path a moment later.
///
/// # Errors
/// As [`read`].
pub(crate) fn open(path: &Path) -> Result<(File, Elf), ProgramFault> {
    let file = open_file(path)?;
    let elf = parse(&start_of(&file, LOOKED_AT as u64)?)?;
    Ok((file, elf))
}

/// Opens a regular file, to look at it and to run it.
///
/// # Errors
/// When it cannot be read, or is a folder, a pipe or a device.
pub(crate) fn open_file(path: &Path) -> Result<File, ProgramFault> {
    // Not blocking, should it be a pipe.
    let file = File::options()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)
        .map_err(ProgramFault::Open)?;
    if file.metadata().map_err(ProgramFault::Open)?.is_file() {
        Ok(file)
    } else {
        Err(ProgramFault::NotAProgram)
    }
}

/// The first bytes of a file.
pub(crate) fn start_of(file: &File, length: u64) -> Result<Vec<u8>, ProgramFault> {
    let mut bytes = Vec::new();
    file.take(length)
        .read_to_end(&mut bytes)
        .map_err(ProgramFault::Open)?;
    Ok(bytes)
}

/// Reads a header from the first bytes of a program, [`LOOKED_AT`] if there are so many.
///
/// # Errors
/// As [`read`].
pub(crate) fn parse(bytes: &[u8]) -> Result<Elf, ProgramFault> {
    let class = bytes.get(4).copied().unwrap_or(0);
    if !bytes.starts_with(b"\x7fELF") {
        return Err(ProgramFault::NotAProgram);
    }
    let machine = number(bytes, 18, 2)
        .and_then(|machine| u16::try_from(machine).ok())
        .unwrap_or(0);
    if (machine, class) != NATIVE {
        return Err(ProgramFault::Machine {
            found: machine,
            expected: NATIVE.0,
        });
    }
    Ok(Elf {
        machine,
        interpreter: interpreter(bytes, class == 2),
    })
}

/// The path in the program header of type `PT_INTERP`.
fn interpreter(bytes: &[u8], is_64: bool) -> Option<PathBuf> {
    let word = if is_64 { 8 } else { 4 };
    let headers = number(bytes, if is_64 { 32 } else { 28 }, word)?;
    let size = number(bytes, if is_64 { 54 } else { 42 }, 2)?;
    let count = number(bytes, if is_64 { 56 } else { 44 }, 2)?;
    for index in 0..count {
        let header = headers.checked_add(index.checked_mul(size)?)?;
        if u32::try_from(number(bytes, header, 4)?).ok()? != PT_INTERP {
            continue;
        }
        let offset = number(bytes, header.checked_add(if is_64 { 8 } else { 4 })?, word)?;
        let length = number(bytes, header.checked_add(if is_64 { 32 } else { 16 })?, word)?;
        let name = bytes
            .get(offset..offset.checked_add(length)?)?
            .split(|&byte| byte == 0)
            .next()?;
        return Some(PathBuf::from(OsStr::from_bytes(name)));
    }
    None
}

/// A little-endian number, as all our systems have.
fn number(bytes: &[u8], offset: usize, width: usize) -> Option<usize> {
    let field = bytes.get(offset..offset.checked_add(width)?)?;
    let value = field
        .iter()
        .rev()
        .fold(0_u64, |value, &byte| value << 8 | u64::from(byte));
    usize::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> Vec<u8> {
        let file = open_file(Path::new("/proc/self/exe")).unwrap();
        start_of(&file, LOOKED_AT as u64).unwrap()
    }

    #[test]
    fn a_folder_is_no_program() {
        assert!(matches!(read(Path::new("/")), Err(ProgramFault::NotAProgram)));
    }

    #[test]
    fn this_test_is_a_program_for_this_machine() {
        let elf = read(Path::new("/proc/self/exe")).unwrap();
        assert_eq!(elf.machine, NATIVE.0);
        assert!(elf.interpreter.is_none_or(|loader| loader.is_absolute()));
    }

    #[test]
    fn a_program_for_another_machine_is_named_as_such() {
        let mut bytes = own();
        bytes[18] = 8;
        assert!(matches!(
            parse(&bytes),
            Err(ProgramFault::Machine { found: 8, .. })
        ));
    }

    #[test]
    fn half_a_header_is_an_error_or_has_no_loader() {
        let bytes = own();
        for length in 0..512 {
            drop(parse(&bytes[..length]));
        }
        assert!(matches!(parse(b"#!/bin/sh\n"), Err(ProgramFault::NotAProgram)));
        assert!(matches!(parse(b""), Err(ProgramFault::NotAProgram)));
    }
}
