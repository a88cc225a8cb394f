//! The secret of the control socket: 256 random bits, written as 64 hexadecimal digits in a file of its own.
//!
//! The file has mode 0640 and group `stationd` where that group exists: whoever may read it may command the daemon.

use std::fmt;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

use rand::TryRngCore as _;
use rand::rngs::OsRng;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::listen::{station_group, unlink};

/// Hexadecimal digits of a key.
const DIGITS: usize = 64;

/// The secret, as its 64 lower-case hexadecimal digits.
#[derive(Clone)]
pub struct Key(Zeroizing<String>);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// Why there is no key.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeyError {
    /// The file could not be read or written.
    File {
        /// What was being done: `open`, `read`, `write` and so on.
        doing: &'static str,
        /// The key file.
        path: PathBuf,
        /// The cause.
        cause: io::Error,
    },
    /// The file holds something else.
    Malformed {
        /// The key file.
        path: PathBuf,
    },
    /// The kernel gave no random bytes.
    Random(rand::rand_core::OsError),
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { doing, path, .. } => write!(f, "{doing} key file {}", path.display()),
            Self::Malformed { path } => {
                write!(
                    f,
                    "key file {} does not hold {DIGITS} hexadecimal digits",
                    path.display()
                )
            }
            Self::Random(_) => f.write_str("no random bytes from the kernel"),
        }
    }
}

impl std::error::Error for KeyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File { cause, .. } => Some(cause),
            Self::Malformed { .. } => None,
            Self::Random(cause) => Some(cause),
        }
    }
}

impl Key {
    /// Reads the key file.
    ///
    /// # Errors
    /// When it cannot be read, or does not hold 64 hexadecimal digits and at most white space around them.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let failed = |doing| {
            move |cause| KeyError::File {
                doing,
                path: path.to_owned(),
                cause,
            }
        };
        let mut text = Zeroizing::new(String::with_capacity(2 * DIGITS));
        File::open(path)
            .map_err(failed("open"))?
            .take(4 * DIGITS as u64)
            .read_to_string(&mut text)
            .map_err(failed("read"))?;
        let digits = text.trim_ascii();
        if digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            Ok(Self(Zeroizing::new(digits.to_ascii_lowercase())))
        } else {
            Err(KeyError::Malformed {
                path: path.to_owned(),
            })
        }
    }

    /// Makes a new key and writes it: whole and synced under its name, or not at all.
    ///
    /// # Errors
    /// When the kernel has no random bytes, or the file cannot be written.
    pub fn make(path: &Path) -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0_u8; DIGITS / 2]);
        OsRng
            .try_fill_bytes(bytes.as_mut_slice())
            .map_err(KeyError::Random)?;
        let mut digits = Zeroizing::new(String::with_capacity(DIGITS));
        for byte in bytes.iter() {
            for nibble in [byte >> 4, byte & 15] {
                digits.extend(char::from_digit(nibble.into(), 16));
            }
        }
        let key = Self(digits);
        key.store(path)?;
        Ok(key)
    }

    fn store(&self, path: &Path) -> Result<(), KeyError> {
        let failed = |doing| {
            move |cause| KeyError::File {
                doing,
                path: path.to_owned(),
                cause,
            }
        };
        let fresh = path.with_extension("new");
        // Left over from a start that was cut off; nobody else writes this name.
        unlink(&fresh).map_err(failed("clear the way for"))?;
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&fresh)
            .map_err(failed("make"))?;
        if let Some(group) = station_group() {
            // Not a member of the group, and not root: then the owner alone has it.
            let _unable = fchown(&file, None, Some(group.as_raw())).is_err();
        }
        file.set_permissions(Permissions::from_mode(0o640))
            .map_err(failed("set the mode of"))?;
        file.write_all(self.0.as_bytes())
            .and_then(|()| file.write_all(b"\n"))
            .and_then(|()| file.sync_all())
            .map_err(failed("write"))?;
        std::fs::rename(&fresh, path).map_err(failed("put in place"))?;
        let folder = path.parent().unwrap_or(Path::new("/"));
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(failed("sync the folder of"))
    }

    /// Whether `token` is the secret; takes the same time for every wrong one of the right length.
    pub fn matches(&self, token: &str) -> bool {
        self.0.as_bytes().ct_eq(token.as_bytes()).into()
    }

    /// The 64 digits, for the `auth` request.
    pub fn digits(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    #[test]
    fn a_new_key_is_read_back_and_nobody_else_may_read_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("control.key");
        let made = Key::make(&path).unwrap();
        assert!(Key::read(&path).unwrap().matches(made.digits()));
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o640);
        assert!(!format!("{made:?}").contains(made.digits()));
        assert!(!Key::make(&path).unwrap().matches(made.digits()));
    }

    #[test]
    fn a_truncated_key_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("control.key");
        for text in ["", "abc", &"g".repeat(64), &"a".repeat(65)] {
            std::fs::write(&path, text).unwrap();
            assert!(
                matches!(Key::read(&path), Err(KeyError::Malformed { .. })),
                "{text}"
            );
        }
    }

    #[test]
    fn a_key_matches_only_itself() {
        let dir = tempfile::tempdir().unwrap();
        let key = Key::make(&dir.path().join("control.key")).unwrap();
        assert!(!key.matches(""));
        assert!(!key.matches(&"0".repeat(64)));
        assert!(!key.matches(&format!("{} ", key.digits())));
    }
}
