//! Signatures of converters: minisign's, made with `stationctl converter sign` or with minisign itself.
//!
//! Source: <https://jedisct1.github.io/minisign/>, "Signature format". Only prehashed signatures count (`ED`); the
//! earlier kind asks for the whole file in the signing device and is not made any more.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use minisign_verify::{Error, PublicKey, Signature};

/// What is added to a program's name for that of its signature.
const SUFFIX: &str = ".minisig";

/// Longest signature file in bytes: two comments and two lines of base64.
const SIGNATURE_MAX: u64 = 16 * 1024;

/// Public keys, one of which must have signed a converter (setting `trusted_keys`). None: signatures do not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedKeys(Vec<TrustedKey>);

/// A minisign public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedKey(PublicKey);

/// Why a signed converter is not run.
#[derive(Debug)]
#[non_exhaustive]
pub enum SignatureFault {
    /// There is no signature beside it.
    Missing {
        /// Where it would be.
        expected: PathBuf,
    },
    /// The signature cannot be read.
    Unreadable(io::Error),
    /// It is none of minisign.
    Malformed,
    /// It is of minisign's earlier kind.
    Legacy,
    /// It is of another key.
    UnknownKey,
    /// The program is not what was signed.
    Altered,
}

impl TrustedKeys {
    /// These keys.
    pub fn new(keys: impl IntoIterator<Item = TrustedKey>) -> Self {
        Self(keys.into_iter().collect())
    }

    /// Whether signatures do not matter.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Checks the content of the program at `path` against the signature beside it.
    ///
    /// # Errors
    /// When none of the keys has signed just this content.
    pub(crate) fn check(&self, path: &Path, content: &[u8]) -> Result<(), SignatureFault> {
        let text = read_signature(path)?;
        let signature = Signature::decode(&text).map_err(|_| SignatureFault::Malformed)?;
        let mut fault = SignatureFault::UnknownKey;
        for TrustedKey(key) in &self.0 {
            fault = match key.verify(content, &signature, false) {
                Ok(()) => return Ok(()),
                Err(Error::UnexpectedKeyId) => continue,
                Err(Error::UnexpectedAlgorithm | Error::UnsupportedLegacyMode) => SignatureFault::Legacy,
                Err(Error::InvalidSignature) => SignatureFault::Altered,
                Err(_) => SignatureFault::Malformed,
            };
        }
        Err(fault)
    }
}

impl FromStr for TrustedKey {
    type Err = SignatureFault;

    /// Reads the second line of a `minisign.pub`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        PublicKey::from_base64(text)
            .map(Self)
            .map_err(|_| SignatureFault::Malformed)
    }
}

/// Where the signature of a program is: beside it, under its name and `.minisig`.
pub fn signature_path(program: &Path) -> PathBuf {
    let mut path = OsString::from(program);
    path.push(SUFFIX);
    path.into()
}

fn read_signature(program: &Path) -> Result<String, SignatureFault> {
    let expected = signature_path(program);
    let file = match File::open(&expected) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(SignatureFault::Missing { expected });
        }
        other => other.map_err(SignatureFault::Unreadable)?,
    };
    let mut text = String::new();
    file.take(SIGNATURE_MAX)
        .read_to_string(&mut text)
        .map_err(SignatureFault::Unreadable)?;
    Ok(text)
}

impl fmt::Display for SignatureFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { expected } => write!(
                f,
                "not signed: trusted_keys is set and there is no {}; sign it with stationctl converter sign",
                expected.display()
            ),
            Self::Unreadable(_) => f.write_str("its signature cannot be read"),
            Self::Malformed => f.write_str("its signature is none of minisign's"),
            Self::Legacy => f.write_str(
                "its signature is of minisign's earlier kind; sign it with stationctl converter sign",
            ),
            Self::UnknownKey => f.write_str("signed with a key that is not in trusted_keys"),
            Self::Altered => {
                f.write_str("altered: its content is not what was signed; install it anew, or sign it again")
            }
        }
    }
}

impl std::error::Error for SignatureFault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable(source) => Some(source),
            _ => None,
        }
    }
}
