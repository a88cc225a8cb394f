//! What the uploader knows of its server over a restart.
//!
//! | bytes | meaning |
//! | --- | --- |
//! | 0 | version, 1 |
//! | 1.. | [`KeptV1`] in postcard |
//!
//! A version's type is frozen; another version than ours is passed over, as the server shows the same again soon.

use serde::{Deserialize, Serialize};

use super::verdict::Park;

const VERSION: u8 = 1;

/// Version 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct KeptV1 {
    /// The breaker was not closed.
    pub(super) open: bool,
    /// Uploads were parked: 1 for the credentials, 2 for the path, 0 if not.
    parked: u8,
    /// Whether the server takes compressed bodies, as far as it is known.
    pub(super) gzip: Option<bool>,
}

impl KeptV1 {
    pub(super) fn new(open: bool, parked: Option<Park>, gzip: Option<bool>) -> Self {
        let parked = match parked {
            None => 0,
            Some(Park::Credentials) => 1,
            Some(Park::Path) => 2,
        };
        Self { open, parked, gzip }
    }

    /// Why uploads were parked.
    pub(super) fn parked(self) -> Option<Park> {
        match self.parked {
            1 => Some(Park::Credentials),
            2 => Some(Park::Path),
            _ => None,
        }
    }

    pub(super) fn encode(self) -> Vec<u8> {
        // A struct of three plain members cannot fail to encode into memory.
        postcard::to_extend(&self, vec![VERSION]).unwrap_or_default()
    }

    /// What `bytes` say, if they are of this version and whole.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (&version, value) = bytes.split_first()?;
        let (kept, rest) = postcard::take_from_bytes(value).ok()?;
        (version == VERSION && rest.is_empty()).then_some(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_1_decodes() {
        let kept = KeptV1::new(true, Some(Park::Path), Some(false));
        assert_eq!(kept.encode(), [1, 1, 2, 1, 0]);
        assert_eq!(KeptV1::decode(&[1, 1, 2, 1, 0]), Some(kept));
        assert_eq!(kept.parked(), Some(Park::Path));
    }

    #[test]
    fn other_bytes_are_passed_over() {
        for bytes in [
            &[][..],
            &[1],
            &[2, 1, 2, 1, 0],
            &[1, 1, 2, 1, 0, 0],
            &[1, 9, 9, 9, 9],
        ] {
            assert_eq!(KeptV1::decode(bytes), None);
        }
    }
}
