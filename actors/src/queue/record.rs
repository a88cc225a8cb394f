//! The bytes of a value in the store, and of a spool file.
//!
//! | bytes | what |
//! | --- | --- |
//! | 0 | kind: `A` attempts, `C` counters, `E` entry, `J` job, `R` receipt |
//! | 1 | version of the kind, from 1 |
//! | 2..6 | length of the body, u32 little endian |
//! | 6..10 | CRC-32 (IEEE) over bytes 0..6 and the body, u32 little endian |
//! | 10.. | body: postcard, of exactly that length |
//! | rest | kind `E` only: the document, gzip'ed (gzip has its own CRC-32); empty when it lies in the spool |
//!
//! Version rule: the types of a version never change, since postcard decodes neither old bytes with a new field nor
//! tells when a variant moved. A change makes a new version beside the old one; the old one stays readable. A version
//! newer than known is refused, never guessed at. LMDB has no page checksums, hence the CRC.

mod v1;
mod v2;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub(super) use v1::{Attempts, Counters, EntryRecord, ReceiptRecord};
pub(super) use v2::JobEntry;

use crate::messages::queue::StoreError;
use crate::model::{JobRecord, NewReport, Priority};

/// Bytes before the body.
const HEAD_BYTES: usize = 10;

/// A type that stands in the store.
pub(super) trait Record: Serialize + DeserializeOwned {
    /// First byte.
    const KIND: u8;
    /// Second byte: the version written, and the newest one known.
    const VERSION: u8 = 1;
    /// The table it stands in, for messages.
    const TABLE: &'static str;

    /// Reads a body that this version, or one before it, wrote; what follows it.
    ///
    /// # Errors
    /// When it does not decode.
    fn read(_version: u8, body: &[u8]) -> postcard::Result<(Self, &[u8])> {
        postcard::take_from_bytes(body)
    }
}

/// The bytes of `record`, without a document.
pub(super) fn encode<R: Record>(record: &R) -> Vec<u8> {
    let mut bytes = vec![R::KIND, R::VERSION];
    bytes.resize(HEAD_BYTES, 0);
    let mut bytes = postcard::to_extend(record, bytes).expect("plain numbers and texts always encode");
    let body = bytes.len() - HEAD_BYTES;
    let length = u32::try_from(body).expect("texts are cut long before 4 GiB");
    fill(&mut bytes, 2, length.to_le_bytes());
    let sum = checksum(&bytes);
    fill(&mut bytes, 6, sum.to_le_bytes());
    bytes
}

fn fill(bytes: &mut [u8], at: usize, value: [u8; 4]) {
    bytes
        .iter_mut()
        .skip(at)
        .zip(value)
        .for_each(|(to, from)| *to = from);
}

/// CRC-32 of a whole record without its own four bytes.
fn checksum(record: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(record.get(..6).unwrap_or_default());
    sum.update(record.get(HEAD_BYTES..).unwrap_or_default());
    sum.finalize()
}

/// Reads a record and what follows it.
///
/// # Errors
/// Another kind, a wrong length or checksum, a body that does not decode, a newer version.
pub(super) fn split<R: Record>(bytes: &[u8]) -> Result<(R, &[u8]), StoreError> {
    let damaged = |detail: &str| StoreError::Damaged {
        table: R::TABLE,
        detail: detail.to_owned(),
    };
    let [kind, version, l0, l1, l2, l3, s0, s1, s2, s3, ..] = *bytes else {
        return Err(damaged("record is cut short"));
    };
    if kind != R::KIND {
        return Err(damaged("record is of another kind"));
    }
    let length = usize::try_from(u32::from_le_bytes([l0, l1, l2, l3])).unwrap_or(usize::MAX);
    let end = HEAD_BYTES.saturating_add(length);
    let (Some(record), Some(rest)) = (bytes.get(..end), bytes.get(end..)) else {
        return Err(damaged("record is cut short"));
    };
    if checksum(record) != u32::from_le_bytes([s0, s1, s2, s3]) {
        return Err(damaged("checksum is wrong"));
    }
    // Only after the checksum: a flipped bit in the version byte is damage, not a newer stationd.
    if version > R::VERSION {
        return Err(StoreError::Newer {
            found: version,
            known: R::VERSION,
        });
    }
    let body = record.get(HEAD_BYTES..).unwrap_or_default();
    match R::read(version, body) {
        Ok((record, [])) => Ok((record, rest)),
        Ok(_) => Err(damaged("record has bytes left over")),
        Err(_) => Err(damaged("record does not decode")),
    }
}

/// Reads a record that nothing follows.
///
/// # Errors
/// As [`split`], and when something follows.
pub(super) fn decode<R: Record>(bytes: &[u8]) -> Result<R, StoreError> {
    match split(bytes)? {
        (record, []) => Ok(record),
        _ => Err(StoreError::Damaged {
            table: R::TABLE,
            detail: "record has bytes after its end".to_owned(),
        }),
    }
}

/// Encodes the records of a job with one report, as an append does, and decodes them again; the bytes they take. So a
/// benchmark sees what a change of the format costs.
///
/// # Errors
/// When they do not decode, which they have no reason to.
pub fn recode(job: &JobRecord, report: &NewReport) -> Result<usize, StoreError> {
    let entry = encode(&EntryRecord::new(job, report, Priority::default(), job.ended));
    let trail = encode(&JobEntry::new(job, vec![job.id.0]));
    decode::<EntryRecord>(&entry)?;
    decode::<JobEntry>(&trail)?;
    Ok(entry.len() + trail.len())
}

#[cfg(test)]
pub(super) mod tests;
