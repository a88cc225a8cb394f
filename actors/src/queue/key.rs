//! Keys of the store's tables. Numbers are big endian, so that LMDB's byte order is their order.
//!
//! | table | key | value |
//! | --- | --- | --- |
//! | `meta` | a name | see `store.rs` |
//! | `reports` | seq (8) | record `E` and document |
//! | `ready` | priority (1), not_before in ms (8), seq (8) | empty |
//! | `dead` | seq (8) | empty |
//! | `attempts` | seq (8), absent for an entry never tried | record `A` |
//! | `done` | seq (8) | record `R` |
//! | `jobs` | number of the job record (8) | record `J` |
//! | `by_job` | job id (8) | number of its latest job record (8) |
//! | `by_name` | file name (1 to 255), 0, number (8) | empty |
//! | `by_source_hash` | SHA-256 of the source (32) | number of its latest converted job record (8) |
//! | `by_report_id` | report id (16), seq (8) | empty |
//! | `by_serial` | first 255 bytes of the serial number, 0, seq (8) | empty |
//! | `damaged` | seq (8) | the bytes of a record that does not decode |

use std::ops::Bound;

use uuid::Uuid;

use crate::model::{Priority, UnixMs};

/// Most bytes of a text in a key: the longest file name, and well below LMDB's limit of 511 with what follows.
const TEXT_BYTES: usize = 255;

/// The key of an entry, or of a job record.
pub(super) fn number(number: u64) -> [u8; 8] {
    number.to_be_bytes()
}

/// Reads what [`number`] wrote, at the end of any key.
pub(super) fn last_number(key: &[u8]) -> Option<u64> {
    key.last_chunk().copied().map(u64::from_be_bytes)
}

/// All keys from this one on.
pub(super) fn onwards(key: &[u8]) -> (Bound<&[u8]>, Bound<&[u8]>) {
    (Bound::Included(key), Bound::Unbounded)
}

/// Place of an entry in `ready`: most urgent first, then by the end of its delay (0 without one), then by age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// 1 to 10.
    pub(super) priority: u8,
    /// End of its delay in Unix milliseconds; 0 when it has none.
    pub(super) not_before: u64,
    /// The entry.
    pub(super) seq: u64,
}

impl Place {
    /// Bytes of a key in `ready`.
    pub(super) const BYTES: usize = 17;

    /// The place of an entry without a delay.
    pub(super) fn due(priority: Priority, seq: u64) -> Self {
        Self {
            priority: priority.into(),
            not_before: 0,
            seq,
        }
    }

    /// Its key.
    pub(super) fn key(self) -> [u8; Self::BYTES] {
        let mut key = [0; Self::BYTES];
        let parts = std::iter::once(self.priority)
            .chain(self.not_before.to_be_bytes())
            .chain(self.seq.to_be_bytes());
        key.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        key
    }

    /// Reads a key; none when it is not of this form.
    pub(super) fn read(key: &[u8]) -> Option<Self> {
        let (priority, rest) = key.split_first()?;
        let (not_before, rest) = rest.split_first_chunk()?;
        Some(Self {
            priority: *priority,
            not_before: u64::from_be_bytes(*not_before),
            seq: u64::from_be_bytes(rest.try_into().ok()?),
        })
    }
}

/// A moment as it stands in a [`Place`]: never 0, which means that there is no delay.
pub(super) fn moment(at: UnixMs) -> u64 {
    u64::try_from(at.0).unwrap_or(0).max(1)
}

/// What all keys of one report id in `by_report_id` begin with.
pub(super) fn report_prefix(id: Uuid) -> [u8; 16] {
    id.into_bytes()
}

/// The key of an entry in `by_report_id`.
pub(super) fn report(id: Uuid, seq: u64) -> Vec<u8> {
    [&report_prefix(id)[..], &number(seq)].concat()
}

/// What all keys of one text in `by_serial` or `by_name` begin with. Longer texts share it: compare the record.
pub(super) fn text_prefix(text: &[u8]) -> Vec<u8> {
    let mut key: Vec<u8> = text.iter().copied().take(TEXT_BYTES).collect();
    key.push(0);
    key
}

/// The key of `number` in `by_serial` or `by_name`.
pub(super) fn text(text: &[u8], of: u64) -> Vec<u8> {
    let mut key = text_prefix(text);
    key.extend(number(of));
    key
}

/// The last component of a path's bytes.
pub(super) fn file_name(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_sort_by_priority_then_delay_then_age() {
        let place = |priority, not_before, seq| Place {
            priority,
            not_before,
            seq,
        };
        let ordered = [
            place(1, 0, 256),
            place(1, 7, 3),
            place(2, 0, 1),
            place(2, 0, 2),
            place(10, 0, 0),
        ];
        assert!(ordered.map(Place::key).is_sorted());
        assert_eq!(ordered.map(|place| Place::read(&place.key()).unwrap()), ordered);
        assert_eq!(Place::read(b"short"), None);
    }

    #[test]
    fn a_long_serial_number_still_fits_a_key() {
        assert!(text("é".repeat(4000).as_bytes(), u64::MAX).len() < 511);
    }

    #[test]
    fn a_moment_before_1970_is_a_delay_that_has_ended() {
        assert_eq!(moment(UnixMs(-5)), 1);
    }
}
