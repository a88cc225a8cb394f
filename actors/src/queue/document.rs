//! The document of an entry as it is kept: gzip'ed, with the checksum that gzip brings.

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

/// Reports shrink to a tenth at level 3 already; level 6 takes twice the time for a tenth less, on the thread that
/// everything waits for.
const LEVEL: Compression = Compression::new(3);

/// Compresses a document.
pub(super) fn pack(document: &[u8]) -> Vec<u8> {
    let packed = Vec::with_capacity(document.len() / 4 + 64);
    let mut encoder = GzEncoder::new(packed, LEVEL);
    encoder
        .write_all(document)
        .and_then(|()| encoder.finish())
        .expect("writing to memory does not fail")
}

/// Restores a document of `bytes` bytes.
///
/// # Errors
/// What is packed is damaged, or of another length.
pub(super) fn unpack(packed: &[u8], bytes: u64) -> io::Result<Vec<u8>> {
    let mut document = Vec::with_capacity(usize::try_from(bytes).unwrap_or(0));
    // One byte more than expected is enough to see that the length is wrong.
    GzDecoder::new(packed)
        .take(bytes.saturating_add(1))
        .read_to_end(&mut document)?;
    if u64::try_from(document.len()) == Ok(bytes) {
        Ok(document)
    } else {
        Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("document has not the {bytes} bytes it had"),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_comes_back_as_it_was() {
        for document in [Vec::new(), b"{}".to_vec(), vec![b'x'; 100_000]] {
            let packed = pack(&document);
            let bytes = u64::try_from(document.len()).unwrap();
            assert_eq!(unpack(&packed, bytes).unwrap(), document);
            assert!(unpack(&packed, bytes + 1).is_err());
        }
    }

    #[test]
    fn a_flipped_bit_is_noticed() {
        let document = br#"{"serialNumber": "SN1"}"#;
        let mut packed = pack(document);
        for at in 10..packed.len() {
            packed[at] ^= 1;
            assert_ne!(
                unpack(&packed, 23).ok().as_deref(),
                Some(&b"{\"serialNumber\": \"SN2\"}"[..])
            );
            packed[at] ^= 1;
        }
        packed[12] ^= 0x10;
        assert!(unpack(&packed, 23).is_err());
    }
}
