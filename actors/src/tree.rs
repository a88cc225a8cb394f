//! A folder that is a result, or part of one: what is in it, found in bounded time. Blocking; no link is followed.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Folders in folders; the sandbox copies no deeper ones.
const DEPTH_MAX: usize = 16;
/// Files and folders in all; the sandbox copies no more.
const ENTRIES_MAX: usize = 10_000;

/// What a look at the folder shows. Two equal looks mean that nothing was written in between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tree {
    /// Sizes of its files together, in bytes.
    pub(crate) size: u64,
    /// The latest modification time of anything in it, itself included, in nanoseconds since 1970.
    pub(crate) modified_ns: i128,
    /// Its regular files, relative to it, in the order of their bytes.
    pub(crate) files: Vec<PathBuf>,
}

/// Looks through a folder.
///
/// # Errors
/// When something in it cannot be read, or it is larger or deeper than a result may be.
pub(crate) fn look(folder: &Path) -> io::Result<Tree> {
    let meta = folder.symlink_metadata()?;
    let mut tree = Tree {
        size: 0,
        modified_ns: modified_ns(&meta),
        files: Vec::new(),
    };
    let mut left = ENTRIES_MAX;
    let mut below = vec![(PathBuf::new(), 1)];
    while let Some((inner, depth)) = below.pop() {
        for entry in std::fs::read_dir(folder.join(&inner))? {
            left = left
                .checked_sub(1)
                .ok_or_else(|| too_large(ENTRIES_MAX, "entries"))?;
            let entry = entry?;
            let meta = entry.metadata()?;
            tree.modified_ns = tree.modified_ns.max(modified_ns(&meta));
            let name = inner.join(entry.file_name());
            if meta.is_dir() && depth >= DEPTH_MAX {
                return Err(too_large(DEPTH_MAX, "levels of folders"));
            } else if meta.is_dir() {
                below.push((name, depth + 1));
            } else if meta.is_file() {
                tree.size = tree.size.saturating_add(meta.len());
                tree.files.push(name);
            }
        }
    }
    tree.files.sort();
    Ok(tree)
}

fn too_large(most: usize, of: &str) -> io::Error {
    io::Error::other(format!("more than {most} {of}"))
}

fn modified_ns(meta: &std::fs::Metadata) -> i128 {
    i128::from(meta.mtime()) * 1_000_000_000 + i128::from(meta.mtime_nsec())
}

/// The folder beside a file that has its name without the extension; none for a name without one.
pub(crate) fn folder_of(file: &Path) -> Option<PathBuf> {
    let folder = file.with_extension("");
    (folder != file).then_some(folder)
}

impl Tree {
    /// Whether a file of this name lies directly in the folder.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.files.binary_search(&PathBuf::from(name)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn result() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("curves/left")).unwrap();
        fs::write(dir.path().join("index.txt"), "abc").unwrap();
        fs::write(dir.path().join("curves/left/1.txt"), "12345").unwrap();
        symlink("/etc/shadow", dir.path().join("link.txt")).unwrap();
        dir
    }

    #[test]
    fn a_folder_is_its_files_and_no_link_is_followed() {
        let dir = result();
        let tree = look(dir.path()).unwrap();
        assert_eq!(tree.size, 8);
        assert_eq!(
            tree.files,
            [Path::new("curves/left/1.txt"), Path::new("index.txt")]
        );
        assert!(tree.has("index.txt") && !tree.has("1.txt") && !tree.has("link.txt"));
    }

    #[test]
    fn a_bottomless_folder_is_refused() {
        let dir = result();
        fs::create_dir_all(dir.path().join("d/".repeat(20))).unwrap();
        assert!(look(dir.path()).unwrap_err().to_string().contains("16 levels"));
    }
}
