//! A copy of a source in another file system, or compressed: written, and known again. Blocking.

use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use super::source::{Identity, Source, digest};
use super::{folder, nofollow};
use crate::tree;

/// How the content gets to its new place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As it is.
    Plain,
    /// Compressed; a folder is left as it is.
    Gzip,
}

/// Writes the content of a file to `part`, with its time, and syncs it.
///
/// # Errors
/// When the file cannot be read, changed meanwhile, or the copy cannot be written.
pub(super) fn write_copy(source: &Source, part: &Path, form: Form) -> io::Result<()> {
    let mut from = &source.file;
    from.rewind()?;
    let meta = from.metadata()?;
    let mut out = nofollow::write(part, 0o600)?;
    let copied = match form {
        Form::Plain => io::copy(&mut from, &mut out)?,
        Form::Gzip => {
            let mut packed = GzEncoder::new(&mut out, Compression::default());
            let copied = io::copy(&mut from, &mut packed)?;
            packed.finish()?.flush()?;
            copied
        }
    };
    if copied != source.identity.size {
        return Err(io::Error::other("the file changed while it was copied"));
    }
    out.set_permissions(PermissionsExt::from_mode(meta.mode() & 0o777))?;
    out.set_modified(meta.modified()?)?;
    out.sync_all()
}

/// Whether a copy of this very content lies at `path`: of a file with its time, as [`write_copy`] leaves it; of a folder
/// with the same names. The content is read only where the rest agrees, and no more of it than the source has.
pub(super) fn is_copy(source: &Source, path: &Path, form: Form) -> bool {
    let same = if source.identity.is_folder {
        is_folder_copy(source, path)
    } else {
        is_file_copy(source, path, form)
    };
    // What cannot be read is taken for another file: it stays, whatever it is.
    same.unwrap_or(false)
}

fn is_file_copy(source: &Source, path: &Path, form: Form) -> io::Result<bool> {
    let file = nofollow::read(path)?;
    let meta = file.metadata()?;
    let Identity {
        size, modified_ns, ..
    } = source.identity;
    if !meta.is_file() || Identity::of(&meta).modified_ns != modified_ns {
        return Ok(false);
    }
    let hash = match form {
        Form::Plain if meta.len() != size => return Ok(false),
        Form::Plain => digest(file.take(size), size)?,
        // A byte more than the source has makes another hash.
        Form::Gzip => digest(GzDecoder::new(file).take(size.saturating_add(1)), size)?,
    };
    Ok(hash == source.hash)
}

fn is_folder_copy(source: &Source, path: &Path) -> io::Result<bool> {
    let tree = tree::look(path)?;
    Ok(tree.size == source.identity.size && folder::hash(&tree, path)? == source.hash)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::path::PathBuf;
    use std::time::UNIX_EPOCH;

    use tempfile::TempDir;

    use super::*;
    use crate::converter::source::{Offered, open};

    fn source(dir: &TempDir, content: &str) -> Source {
        let path = dir.path().join("SN1.log");
        fs::write(&path, content).unwrap();
        let seen = Identity::at(&path).unwrap();
        let offered = Offered {
            root: dir.path().to_owned(),
            named: path.clone(),
            path,
            size: seen.size,
            modified_ns: seen.modified_ns,
        };
        open(&offered).unwrap()
    }

    fn copy(dir: &TempDir, source: &Source, form: Form) -> PathBuf {
        let path = dir.path().join("copy");
        write_copy(source, &path, form).unwrap();
        path
    }

    #[test]
    fn a_copy_is_known_again_in_its_own_form_only() {
        let dir = TempDir::new().unwrap();
        let source = source(&dir, "content");
        for (form, other) in [(Form::Plain, Form::Gzip), (Form::Gzip, Form::Plain)] {
            let path = copy(&dir, &source, form);
            assert!(is_copy(&source, &path, form), "{form:?}");
            assert!(!is_copy(&source, &path, other), "{form:?}");
        }
        assert!(!is_copy(&source, &dir.path().join("none"), Form::Plain));
    }

    #[test]
    fn other_content_of_the_same_size_and_time_is_another_file() {
        let dir = TempDir::new().unwrap();
        let source = source(&dir, "content");
        for form in [Form::Plain, Form::Gzip] {
            let path = copy(&dir, &source, form);
            match form {
                Form::Plain => fs::write(&path, "CONTENT").unwrap(),
                Form::Gzip => {
                    let mut packed = GzEncoder::new(File::create(&path).unwrap(), Compression::default());
                    packed.write_all(b"content and more").unwrap();
                    packed.finish().unwrap();
                }
            }
            let time = source.file.metadata().unwrap().modified().unwrap();
            File::open(&path).unwrap().set_modified(time).unwrap();
            assert!(!is_copy(&source, &path, form), "{form:?}");
        }
    }

    #[test]
    fn the_same_content_of_another_time_is_another_file() {
        let dir = TempDir::new().unwrap();
        let source = source(&dir, "content");
        let path = copy(&dir, &source, Form::Plain);
        File::open(&path).unwrap().set_modified(UNIX_EPOCH).unwrap();
        assert!(!is_copy(&source, &path, Form::Plain));
    }

    #[test]
    fn a_link_to_the_source_is_no_copy_of_it() {
        let dir = TempDir::new().unwrap();
        let source = source(&dir, "content");
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(dir.path().join("SN1.log"), &link).unwrap();
        assert!(!is_copy(&source, &link, Form::Plain));
    }
}
