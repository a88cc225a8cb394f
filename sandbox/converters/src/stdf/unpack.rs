//! Compressed files.

use std::borrow::Cow;
use std::io::{ErrorKind, Read};

use flate2::read::MultiGzDecoder;

use crate::ConvertError;

/// The longest content of a compressed file, in bytes: a bomb is refused before it fills the child's memory.
const LONGEST: u64 = 128 * 1024 * 1024;

/// A file's content, and the fault of a compressed one that ends too early: what stands before is as it was written.
type Unpacked<'a> = (Cow<'a, [u8]>, Option<ConvertError>);

/// Unpacks a file that is compressed with gzip, by its first bytes.
pub(super) fn unpack(input: &[u8]) -> Result<Unpacked<'_>, ConvertError> {
    unpack_up_to(input, LONGEST)
}

fn unpack_up_to(input: &[u8], longest: u64) -> Result<Unpacked<'_>, ConvertError> {
    if !input.starts_with(b"\x1f\x8b") {
        return Ok((Cow::Borrowed(input), None));
    }
    let mut content = Vec::new();
    let read = MultiGzDecoder::new(input)
        .take(longest + 1)
        .read_to_end(&mut content);
    let fault = match read {
        Ok(_) => None,
        Err(error) => {
            let fault = ConvertError::new(format!("not a whole gzip file: {error}"));
            // Any other fault, as of its checksum, makes all of it doubtful.
            if error.kind() != ErrorKind::UnexpectedEof {
                return Err(fault);
            }
            Some(fault)
        }
    };
    if u64::try_from(content.len()).is_ok_and(|length| length > longest) {
        return Err(ConvertError::new(format!(
            "more than {longest} bytes when unpacked"
        )));
    }
    Ok((Cow::Owned(content), fault))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_file_that_unpacks_to_too_much_is_refused() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(&[0; 4096]).unwrap();
        let packed = packed.finish().unwrap();
        assert_eq!(unpack_up_to(&packed, 4096).unwrap().0.len(), 4096);
        let error = unpack_up_to(&packed, 4095).unwrap_err();
        assert_eq!(error.to_string(), "more than 4095 bytes when unpacked");
    }
}
