//! A source that is a folder: its hash, and its copy to another file system. Blocking.
//!
//! Each file is opened through its held folder, so that a link put in the place of a folder leads nowhere.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::anchor::Anchor;
use super::nofollow;
use crate::model::SourceHash;
use crate::tree::Tree;

/// Bytes read at once.
const CHUNK: usize = 64 * 1024;

/// Opens a file of a folder for reading.
///
/// # Errors
/// When it is no regular file, or a link stands on its way.
pub(super) fn open(folder: &Path, name: &Path) -> io::Result<File> {
    let path = folder.join(name);
    let held = Anchor::of_file(folder, &path)?;
    let path = held.at(name.file_name().unwrap_or(OsStr::new("")));
    let file = nofollow::read(&path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::other("no regular file any more"))
    }
}

/// SHA-256 over each file's name, a zero byte, its size (64 bits, little-endian) and its content, in the order of the
/// names.
///
/// # Errors
/// When a file cannot be read, or is none by now.
pub(super) fn hash(tree: &Tree, folder: &Path) -> io::Result<SourceHash> {
    let mut hasher = Sha256::new();
    let mut chunk = vec![0; CHUNK];
    for name in &tree.files {
        let file = open(folder, name)?;
        let size = file.metadata()?.len();
        hasher.update(name.as_os_str().as_bytes());
        hasher.update([0]);
        hasher.update(size.to_le_bytes());
        let mut left = file.take(size);
        loop {
            let read = left.read(&mut chunk)?;
            if read == 0 {
                break;
            }
            hasher.update(chunk.get(..read).unwrap_or_default());
        }
    }
    Ok(SourceHash(hasher.finalize().into()))
}

/// Copies a folder to `to`, which is made, and syncs it; links, pipes and devices stay behind.
///
/// # Errors
/// When something cannot be read or written.
pub(super) fn copy(tree: &Tree, from: &Path, to: &Path) -> io::Result<()> {
    std::fs::create_dir(to)?;
    let mut folders = vec![PathBuf::new()];
    for name in &tree.files {
        if let Some(folder) = name
            .parent()
            .filter(|folder| Some(*folder) != folders.last().map(PathBuf::as_path))
        {
            std::fs::create_dir_all(to.join(folder))?;
            folders.push(folder.to_owned());
        }
        let mut source = open(from, name)?;
        let mut target = File::options().write(true).create_new(true).open(to.join(name))?;
        io::copy(&mut source, &mut target)?;
        target.set_modified(source.metadata()?.modified()?)?;
        target.sync_all()?;
    }
    folders
        .iter()
        .try_for_each(|folder| File::open(to.join(folder))?.sync_all())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::tree::look;

    fn result() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("curves/left")).unwrap();
        fs::write(dir.path().join("index.txt"), "abc").unwrap();
        fs::write(dir.path().join("curves/left/1.txt"), "12345").unwrap();
        dir
    }

    fn hash_of(dir: &Path) -> SourceHash {
        hash(&look(dir).unwrap(), dir).unwrap()
    }

    #[test]
    fn the_hash_of_a_folder_follows_names_and_contents_only() {
        let (one, two) = (result(), result());
        assert_eq!(hash_of(one.path()), hash_of(two.path()));
        fs::rename(two.path().join("index.txt"), two.path().join("Index.txt")).unwrap();
        assert_ne!(hash_of(one.path()), hash_of(two.path()));
    }

    #[test]
    fn a_copied_folder_has_the_same_hash_and_a_swapped_one_is_not_copied() {
        let dir = result();
        let tree = look(dir.path()).unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let to = elsewhere.path().join("copy");
        copy(&tree, dir.path(), &to).unwrap();
        assert_eq!(hash_of(&to), hash_of(dir.path()));
        fs::rename(dir.path().join("curves"), elsewhere.path().join("curves")).unwrap();
        std::os::unix::fs::symlink(elsewhere.path().join("curves"), dir.path().join("curves")).unwrap();
        assert!(hash(&tree, dir.path()).is_err());
        assert!(copy(&tree, dir.path(), &elsewhere.path().join("again")).is_err());
    }
}
