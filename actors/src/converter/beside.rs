//! The folder beside a file that holds the rest of its results, as Klippel's test system writes them.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use nix::sys::memfd::{MFdFlags, memfd_create};
use stationd_sandbox::Program;

/// The most bytes of a file and its folder together.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// The most files in a folder.
const MOST_FILES: usize = 1000;

/// The folder beside a file, for a built-in format whose results are both; whether it is there or not.
pub fn folder(program: &Program, file: &Path) -> Option<PathBuf> {
    let Program::Builtin { format } = program else {
        return None;
    };
    let name = format.folder_beside(file.file_name()?)?;
    Some(file.with_file_name(name))
}

/// What a parser is given for a file: the file, or it and its folder in an archive in memory.
///
/// # Errors
/// When the folder cannot be read, or holds more than a job may have.
pub fn input(file: File, path: &Path, folder: Option<&Path>) -> io::Result<OwnedFd> {
    let Some(folder) = folder.filter(|folder| folder.is_dir()) else {
        return Ok(file.into());
    };
    let mut files = vec![(name_of(path.file_name()), read(&file, MOST_BYTES)?)];
    let mut left = MOST_BYTES.saturating_sub(length(&files));
    let mut names: Vec<OsString> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect::<io::Result<_>>()?;
    names.sort();
    if names.len() > MOST_FILES {
        let what = format!("more than {MOST_FILES} files in {}", folder.display());
        return Err(io::Error::other(what));
    }
    for name in names {
        let inside = folder.join(&name);
        if !inside.symlink_metadata()?.is_file() {
            continue;
        }
        let content = read(&File::open(&inside)?, left)?;
        left -= u64::try_from(content.len()).unwrap_or(left);
        let path = format!("{}/{}", name_of(folder.file_name()), name_of(Some(&name)));
        files.push((path, content));
    }
    let archive = stationd_converters::pack(&files).map_err(io::Error::other)?;
    let mut memory = File::from(memfd_create(c"stationd-input", MFdFlags::MFD_CLOEXEC)?);
    memory.write_all(&archive)?;
    memory.rewind()?;
    Ok(memory.into())
}

fn name_of(name: Option<&std::ffi::OsStr>) -> String {
    name.unwrap_or_default().to_string_lossy().into_owned()
}

fn length(files: &[(String, Vec<u8>)]) -> u64 {
    files.iter().map(|(_, content)| content.len() as u64).sum()
}

fn read(mut file: &File, most: u64) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut content)?;
    if content.len() as u64 > most {
        let what = format!("more than {most} bytes in a file and its folder");
        return Err(io::Error::other(what));
    }
    file.rewind()?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use stationd_converters::Format;
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn a_klippel_file_is_given_with_its_folder_and_others_alone() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("DUT 1.5.txt");
        fs::write(&path, "own").unwrap();
        let klippel = Program::Builtin {
            format: Format::Klippel,
        };
        let beside = folder(&klippel, &path).unwrap();
        assert_eq!(beside, dir.path().join("DUT 1.5"));
        let given = |folder: Option<&Path>| {
            let input = input(File::open(&path).unwrap(), &path, folder).unwrap();
            let mut content = Vec::new();
            File::from(input).read_to_end(&mut content).unwrap();
            content
        };
        assert_eq!(given(Some(&beside)), b"own");
        fs::create_dir(&beside).unwrap();
        fs::write(beside.join("values.txt"), "more").unwrap();
        let packed = given(Some(&beside));
        for part in ["DUT 1.5.txt", "own", "DUT 1.5/values.txt", "more"] {
            let found = packed.windows(part.len()).any(|window| window == part.as_bytes());
            assert!(found, "{part}");
        }
        let other = Program::Builtin {
            format: Format::WatsText,
        };
        assert_eq!(folder(&other, &path), None);
    }
}
