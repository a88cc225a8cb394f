//! The document of an entry as it is kept: gzip'ed, with the checksum that gzip brings.
//!
//! Source: RFC 1952. What is kept is what a server gets that takes compressed bodies.

use std::cell::RefCell;
use std::fmt;
use std::io;

use flate2::{Compress, Compression, Crc, Decompress, FlushCompress, FlushDecompress, Status};

/// Reports shrink to a tenth at level 3 already; level 6 takes twice the time for a tenth less, on the thread that
/// everything waits for.
const LEVEL: Compression = Compression::new(3);

/// What stands before the compressed data: magic number, method, no flags, no time, no hint, no system.
const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// Compresses and restores documents with the same memory each time: 300 KiB, which to get and clear anew took longer
/// than to compress a report of usual size.
#[derive(Default)]
pub(super) struct Codec {
    compress: RefCell<Option<Compress>>,
    decompress: RefCell<Option<Decompress>>,
}

impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Codec")
    }
}

impl Codec {
    /// Compresses a document.
    pub(super) fn pack(&self, document: &[u8]) -> Vec<u8> {
        let mut compress = self.compress.borrow_mut();
        let compress = compress.get_or_insert_with(|| Compress::new(LEVEL, false));
        compress.reset();
        let mut packed = Vec::with_capacity(document.len() / 4 + 64);
        packed.extend(HEAD);
        let mut rest = document;
        loop {
            let before = compress.total_in();
            let status = compress
                .compress_vec(rest, &mut packed, FlushCompress::Finish)
                .expect("the state was reset, and any bytes can be compressed");
            if status == Status::StreamEnd {
                break;
            }
            rest = rest.get(taken(before, compress.total_in())..).unwrap_or_default();
            packed.reserve(document.len() / 4 + 64);
        }
        let mut crc = Crc::new();
        crc.update(document);
        packed.extend(crc.sum().to_le_bytes());
        packed.extend(crc.amount().to_le_bytes());
        packed
    }

    /// Restores a document of `bytes` bytes.
    ///
    /// # Errors
    /// What is packed is damaged, or of another length.
    pub(super) fn unpack(&self, packed: &[u8], bytes: u64) -> io::Result<Vec<u8>> {
        let (data, sum, length) = parts(packed).ok_or_else(|| damaged("not a gzip file of ours"))?;
        let mut decompress = self.decompress.borrow_mut();
        let decompress = decompress.get_or_insert_with(|| Decompress::new(false));
        decompress.reset(false);
        // One byte more than expected is enough to see that the length is wrong.
        let room = usize::try_from(bytes).unwrap_or(usize::MAX).saturating_add(1);
        let mut document = Vec::with_capacity(room.min(data.len().saturating_mul(EXPANSION)));
        let status = decompress.decompress_vec(data, &mut document, FlushDecompress::Finish)?;
        if status != Status::StreamEnd || u64::try_from(document.len()) != Ok(bytes) {
            return Err(damaged(format_args!("document has not the {bytes} bytes it had")));
        }
        let mut crc = Crc::new();
        crc.update(&document);
        if taken(0, decompress.total_in()) != data.len() || crc.sum() != sum || crc.amount() != length {
            return Err(damaged("document has another checksum than it had"));
        }
        Ok(document)
    }

    /// Gives the memory back until it is needed again.
    pub(super) fn rest(&self) {
        self.compress.take();
        self.decompress.take();
    }
}

/// What a byte can become at most: the length in a damaged record may be anything. Source: zlib's technical notes, 1032.
const EXPANSION: usize = 1_100;

/// How much of the input was used up between two totals.
fn taken(before: u64, after: u64) -> usize {
    usize::try_from(after - before).unwrap_or(usize::MAX)
}

/// The compressed data, the checksum and the length.
fn parts(packed: &[u8]) -> Option<(&[u8], u32, u32)> {
    let (head, rest) = packed.split_first_chunk::<{ HEAD.len() }>()?;
    let (rest, length) = rest.split_last_chunk()?;
    let (data, sum) = rest.split_last_chunk()?;
    // Time, hint and system say nothing about the content.
    let ours = head.starts_with(&[0x1f, 0x8b, 8, 0]);
    let number = u32::from_le_bytes;
    ours.then(|| (data, number(*sum), number(*length)))
}

fn damaged(words: impl fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, words.to_string())
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

    #[test]
    fn a_document_comes_back_as_it_was_whatever_was_packed_before() {
        let codec = Codec::default();
        let noise: Vec<u8> = (0..100_000_u32)
            .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect();
        for document in [
            Vec::new(),
            b"{}".to_vec(),
            vec![b'x'; 100_000],
            noise,
            b"{}".to_vec(),
        ] {
            let packed = codec.pack(&document);
            let bytes = u64::try_from(document.len()).unwrap();
            assert_eq!(codec.unpack(&packed, bytes).unwrap(), document);
            assert!(codec.unpack(&packed, bytes + 1).is_err());
            assert!(bytes == 0 || codec.unpack(&packed, bytes - 1).is_err());
            codec.rest();
        }
    }

    #[test]
    fn others_read_it_and_it_is_read_from_others() {
        let codec = Codec::default();
        let document = br#"{"serialNumber": "SN1"}"#;
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(&codec.pack(document)[..])
            .read_to_end(&mut text)
            .unwrap();
        assert_eq!(text, document);
        let mut other = flate2::write::GzEncoder::new(Vec::new(), LEVEL);
        other.write_all(document).unwrap();
        assert_eq!(codec.unpack(&other.finish().unwrap(), 23).unwrap(), document);
    }

    #[test]
    fn a_flipped_bit_is_noticed() {
        let codec = Codec::default();
        let document = br#"{"serialNumber": "SN1"}"#;
        let mut packed = codec.pack(document);
        for at in 10..packed.len() {
            packed[at] ^= 1;
            assert!(codec.unpack(&packed, 23).is_err(), "byte {at}");
            packed[at] ^= 1;
        }
        assert!(codec.unpack(&packed, 23).is_ok());
        assert!(codec.unpack(&packed[..packed.len() - 1], 23).is_err());
    }
}
