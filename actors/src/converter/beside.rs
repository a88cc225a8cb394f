//! The folder beside a file that holds the rest of its results, as Klippel's test system writes them.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{MemfdFlags, memfd_create};
use stationd_converters::LEFT_OUT;
use stationd_sandbox::Program;

/// The most bytes of a file and its folder together.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// The most files of a folder that are read.
const MOST_FILES: usize = 1000;

/// The longest text about files that were not read, in bytes.
const MOST_SAID: usize = 64 * 1024;

/// The folder beside a file, for a built-in format whose results are both; whether it is there or not.
pub fn folder(program: &Program, file: &Path) -> Option<PathBuf> {
    let Program::Builtin { format } = program else {
        return None;
    };
    let name = format.folder_beside(file.file_name()?)?;
    Some(file.with_file_name(name))
}

/// What a parser is given for a file: the file, or it and its folder in an archive in memory. What of the folder does
/// not fit, or is no file, is named in a file of its own in the archive.
///
/// # Errors
/// When the folder cannot be read, or the file alone is more than a job may have.
pub fn input(file: File, path: &Path, folder: Option<&Path>) -> io::Result<OwnedFd> {
    let Some(folder) = folder.filter(|folder| folder.is_dir()) else {
        return Ok(file.into());
    };
    let mut files = vec![(name_of(path.file_name()), read(&file, MOST_BYTES)?)];
    let mut left = MOST_BYTES.saturating_sub(length(&files));
    let own = name_of(folder.file_name());
    let (wanted, left_out) = choose(folder, left)?;
    for name in wanted {
        let content = read(&File::open(folder.join(&name))?, left)?;
        left -= u64::try_from(content.len()).unwrap_or(left);
        files.push((format!("{own}/{}", name_of(Some(&name))), content));
    }
    if !left_out.is_empty() {
        files.push((format!("{own}/{LEFT_OUT}"), left_out.into_bytes()));
    }
    let archive = stationd_converters::pack(&files).map_err(io::Error::other)?;
    let mut memory = File::from(memfd_create(c"stationd-input", MemfdFlags::CLOEXEC)?);
    memory.write_all(&archive)?;
    memory.rewind()?;
    Ok(memory.into())
}

/// The files of a folder that fit into so many bytes, in the order of their names, and what is said of the others. Small
/// files come first: results are texts, and what is large is a picture or a database.
fn choose(folder: &Path, mut left: u64) -> io::Result<(Vec<OsString>, String)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let about = folder.join(&name).symlink_metadata()?;
        all.push((about.len(), about.is_file(), name));
    }
    all.sort();
    let (mut wanted, mut others) = (Vec::new(), String::new());
    for (bytes, is_file, name) in all {
        if is_file && bytes <= left && wanted.len() < MOST_FILES {
            left -= bytes;
            wanted.push(name);
            continue;
        }
        let (what, name) = (
            if is_file { "the file" } else { "no file," },
            name_of(Some(&name)),
        );
        let line = format!("{what} {name} of {bytes} bytes was not read\n");
        // A folder may hold any number of them; who reads of some hundred needs no more.
        if others.len() < MOST_SAID {
            others.push_str(&line);
        }
    }
    wanted.sort();
    Ok((wanted, others))
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
        fs::create_dir(beside.join("sub")).unwrap();
        let large = File::create(beside.join("a.kdb")).unwrap();
        large.set_len(MOST_BYTES + 1).unwrap();
        let packed = given(Some(&beside));
        let packed = String::from_utf8_lossy(&packed);
        for part in [
            "DUT 1.5/values.txt",
            "no file, sub of ",
            "the file a.kdb of 67108865 bytes was not read\n",
        ] {
            assert!(packed.contains(part), "{part}");
        }
        let other = Program::Builtin {
            format: Format::WatsText,
        };
        assert_eq!(folder(&other, &path), None);
    }
}
