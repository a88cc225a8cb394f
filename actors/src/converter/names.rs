//! Names for files in the done, error and pending folders: never one that is taken, never too long.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use sha2::{Digest, Sha256};

/// Longest name in bytes. Source: `limits.h`, `NAME_MAX`; ext4, XFS, Btrfs and tmpfs have the same.
const NAME_MAX: usize = 255;
/// Names that are tried for one file before the folder counts as unusable.
const TRIES: u32 = 1_000;
/// What follows the last dot is an extension up to this length; longer, it is part of the name.
const EXTENSION_MAX: usize = 16;

/// A name with a suffix that makes it another file's companion; a name too long for it is cut and told apart by a hash.
pub(super) fn with_suffix(name: &OsStr, suffix: &str) -> OsString {
    join(name.as_bytes(), suffix.as_bytes())
}

/// The names for a file in a folder where its own may be taken: itself, then with a time, then with time and number.
///
/// `suffix` goes behind each (`.gz`, or empty).
pub(super) fn free_names(name: &OsStr, stamp: String, suffix: &str) -> impl Iterator<Item = OsString> {
    let (stem, extension) = split(name.as_bytes());
    (0..TRIES).map(move |number| {
        let tail = match number {
            0 => String::new(),
            1 => format!(".{stamp}"),
            _ => format!(".{stamp}-{number}"),
        };
        join(stem, &[tail.as_bytes(), extension, suffix.as_bytes()].concat())
    })
}

/// `SN1.log` is `SN1` and `.log`; a name of one dot at its beginning has no extension.
fn split(name: &[u8]) -> (&[u8], &[u8]) {
    match name.iter().rposition(|byte| *byte == b'.') {
        Some(dot) if dot > 0 && name.len() - dot <= EXTENSION_MAX => name.split_at(dot),
        _ => (name, b""),
    }
}

/// Bytes in hexadecimal.
pub(super) fn hex_digits(bytes: &[u8]) -> String {
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    halves
        .filter_map(|half| char::from_digit(half.into(), 16))
        .collect()
}

fn join(stem: &[u8], tail: &[u8]) -> OsString {
    if stem.len() + tail.len() <= NAME_MAX {
        return OsString::from_vec([stem, tail].concat());
    }
    let hash = hex_digits(Sha256::digest(stem).get(..4).unwrap_or_default());
    let mut room = NAME_MAX.saturating_sub(tail.len() + 1 + hash.len());
    // Not in the middle of a UTF-8 character: the byte behind the cut must begin one.
    while room > 0 && stem.get(room).is_some_and(|byte| byte & 0xc0 == 0x80) {
        room -= 1;
    }
    let cut = stem.get(..room).unwrap_or(stem);
    OsString::from_vec([cut, b"~", hash.as_bytes(), tail].concat())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_taken_name_gets_a_time_and_then_a_number_before_its_extension() {
        let names: Vec<_> = free_names(OsStr::new("result.log"), "20261121T080000Z".to_owned(), "")
            .take(3)
            .collect();
        assert_eq!(
            names,
            [
                "result.log",
                "result.20261121T080000Z.log",
                "result.20261121T080000Z-2.log"
            ]
        );
        let hidden: Vec<_> = free_names(OsStr::new(".hidden"), "T".to_owned(), ".gz")
            .take(2)
            .collect();
        assert_eq!(hidden, [".hidden.gz", ".hidden.T.gz"]);
    }

    #[test]
    fn a_name_of_255_bytes_keeps_whole_characters_beside_its_suffix() {
        let long = "ü".repeat(127) + "x";
        let name = with_suffix(OsStr::new(&long), ".reason.json");
        assert!(name.len() <= NAME_MAX);
        assert!(name.to_str().unwrap().ends_with(".reason.json"));
        let other = "ü".repeat(127) + "y";
        assert_ne!(with_suffix(OsStr::new(&other), ".reason.json"), name);
    }

    proptest! {
        #[test]
        fn every_name_fits_and_differs_from_the_others(name in prop::collection::vec(1_u8.., 1..=255)) {
            prop_assume!(!name.contains(&b'/'));
            let names: Vec<_> = free_names(OsStr::from_bytes(&name), "20261121T080000Z".to_owned(), "").take(20).collect();
            prop_assert_eq!(names[0].as_bytes(), &name[..]);
            for (at, one) in names.iter().enumerate() {
                prop_assert!(one.len() <= NAME_MAX);
                prop_assert!(!names[..at].contains(one));
            }
        }
    }
}
