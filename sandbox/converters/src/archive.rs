//! ZIP archives, in memory and within limits. Source: .ZIP File Format Specification (APPNOTE.TXT), 4.3.

use std::io::Read as _;

use flate2::Crc;
use flate2::read::DeflateDecoder;

use crate::ConvertError;

/// The longest content of all entries together, in bytes: a bomb is refused before it fills the child's memory.
const LONGEST: usize = 128 * 1024 * 1024;

/// The most entries. Testers write some tens; each costs a search of the others' names.
const MOST: usize = 10_000;

/// Length of the record at the end, without its comment, which has up to 65,535 bytes.
const END: usize = 22;

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its path; bytes that are no UTF-8 are replaced.
    pub(crate) name: String,
    pub(crate) content: Vec<u8>,
}

/// Packs files into an archive, without compression: for a format whose results are a file and a folder beside it, as a
/// parser is given one file. A file's name is its path with `/`.
///
/// # Errors
/// When there are more files, or larger ones, than an archive of the 32-bit form holds.
pub fn pack(files: &[(String, Vec<u8>)]) -> Result<Vec<u8>, ConvertError> {
    let too_large = || ConvertError::new("the files are too many or too large for a ZIP archive");
    let short = |length: usize| u16::try_from(length).map_err(|_| too_large());
    let long = |length: usize| u32::try_from(length).map_err(|_| too_large());
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let mut sum = Crc::new();
        sum.update(content);
        let (offset, size) = (long(archive.len())?, long(content.len())?);
        // Version 2.0, UTF-8 names, stored, no time.
        let mut fields = vec![20, 0, 0, 8, 0, 0, 0, 0, 0, 0];
        fields.extend(sum.sum().to_le_bytes());
        fields.extend([size, size].map(u32::to_le_bytes).concat());
        fields.extend(short(name.len())?.to_le_bytes());
        fields.extend([0, 0]);
        archive.extend([b"PK\x03\x04", fields.as_slice(), name.as_bytes(), content].concat());
        directory.extend([b"PK\x01\x02\x14\x00", fields.as_slice(), &[0; 10]].concat());
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (count, at, length) = (short(files.len())?, long(archive.len())?, long(directory.len())?);
    archive.extend(directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend([count, count].map(u16::to_le_bytes).concat());
    archive.extend([length, at].map(u32::to_le_bytes).concat());
    archive.extend([0, 0]);
    Ok(archive)
}

/// Whether a file begins as an archive does.
pub(crate) fn is_archive(input: &[u8]) -> bool {
    input.starts_with(b"PK\x03\x04")
}

/// Unpacks the files of an archive, in the order of its directory. Folders have no entry.
pub(crate) fn unpack(input: &[u8]) -> Result<Vec<Entry>, ConvertError> {
    unpack_up_to(input, LONGEST)
}

fn unpack_up_to(input: &[u8], longest: usize) -> Result<Vec<Entry>, ConvertError> {
    let end = find_end(input).ok_or_else(|| damaged("no directory at its end"))?;
    let count = usize::from(u16_at(input, end + 10)?);
    let mut at = length(u32_at(input, end + 16)?);
    if count == 0xffff || at == 0xffff_ffff {
        return Err(ConvertError::new("a ZIP archive of the 64-bit form is not read"));
    }
    if count > MOST {
        return Err(ConvertError::new(format!(
            "a ZIP archive of more than {MOST} files"
        )));
    }
    let mut entries = Vec::new();
    let mut left = longest;
    for _ in 0..count {
        if bytes(input, at, 4)? != b"PK\x01\x02" {
            return Err(damaged("its directory ends early"));
        }
        let [name, extra, comment] = [28, 30, 32].map(|offset| u16_at(input, at + offset));
        let (name, extra, comment) = (usize::from(name?), usize::from(extra?), usize::from(comment?));
        let path = String::from_utf8_lossy(bytes(input, at + 46, name)?).into_owned();
        if !path.ends_with('/') {
            let content = content(input, at, &path, left)?;
            left -= content.len();
            entries.push(Entry { name: path, content });
        }
        at += 46 + name + extra + comment;
    }
    Ok(entries)
}

/// The content of the entry whose record in the directory begins at `at`.
fn content(input: &[u8], at: usize, path: &str, left: usize) -> Result<Vec<u8>, ConvertError> {
    let name = stationd_report::Excerpt::of(path);
    if u16_at(input, at + 8)? & 1 == 1 {
        return Err(ConvertError::new(format!("{name}: it is encrypted")));
    }
    let method = u16_at(input, at + 10)?;
    let sum = u32_at(input, at + 16)?;
    let packed = length(u32_at(input, at + 20)?);
    let header = length(u32_at(input, at + 42)?);
    if bytes(input, header, 4)? != b"PK\x03\x04" {
        return Err(damaged("a file of its directory is not there"));
    }
    let before = usize::from(u16_at(input, header + 26)?) + usize::from(u16_at(input, header + 28)?);
    let packed = bytes(input, header + 30 + before, packed)?;
    let most = u64::try_from(left).unwrap_or(u64::MAX);
    let mut content = Vec::new();
    let read = match method {
        0 => packed.take(most.saturating_add(1)).read_to_end(&mut content),
        8 => DeflateDecoder::new(packed)
            .take(most.saturating_add(1))
            .read_to_end(&mut content),
        _ => {
            return Err(ConvertError::new(format!(
                "{name}: compression method {method} is not read"
            )));
        }
    };
    read.map_err(|error| ConvertError::new(format!("{name}: cannot be unpacked: {error}")))?;
    if content.len() > left {
        return Err(ConvertError::new("a ZIP archive with too much in it"));
    }
    let mut found = Crc::new();
    found.update(&content);
    if found.sum() != sum {
        return Err(ConvertError::new(format!("{name}: its checksum is wrong")));
    }
    Ok(content)
}

/// Where the record at the end begins.
fn find_end(input: &[u8]) -> Option<usize> {
    let last = input.len().checked_sub(END)?;
    let first = last.saturating_sub(0xffff);
    (first..=last)
        .rev()
        .find(|&at| input.get(at..at + 4) == Some(b"PK\x05\x06"))
}

fn bytes(input: &[u8], at: usize, length: usize) -> Result<&[u8], ConvertError> {
    let end = at.checked_add(length);
    end.and_then(|end| input.get(at..end))
        .ok_or_else(|| damaged("it is cut off"))
}

fn u16_at(input: &[u8], at: usize) -> Result<u16, ConvertError> {
    let found = bytes(input, at, 2)?.first_chunk().copied();
    found
        .map(u16::from_le_bytes)
        .ok_or_else(|| damaged("it is cut off"))
}

fn u32_at(input: &[u8], at: usize) -> Result<u32, ConvertError> {
    let found = bytes(input, at, 4)?.first_chunk().copied();
    found
        .map(u32::from_le_bytes)
        .ok_or_else(|| damaged("it is cut off"))
}

/// A length of a file that is in memory; one that does not fit lies beyond its end.
fn length(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

fn damaged(how: &str) -> ConvertError {
    ConvertError::new(format!("not a whole ZIP archive: {how}"))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Write as _;

    use proptest::prelude::*;

    use super::*;

    /// An archive of packed files.
    pub(crate) fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let (mut all, mut directory) = (Vec::new(), Vec::new());
        for (name, content) in files {
            let mut packed = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
            packed.write_all(content).unwrap();
            let packed = packed.finish().unwrap();
            let mut sum = Crc::new();
            sum.update(content);
            let mut common = vec![20, 0, 0, 0, 8, 0, 0, 0, 0, 0];
            common.extend(sum.sum().to_le_bytes());
            common.extend(u32::try_from(packed.len()).unwrap().to_le_bytes());
            common.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
            common.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
            common.extend([0, 0]);
            let header = u32::try_from(all.len()).unwrap();
            all.extend(b"PK\x03\x04");
            all.extend(&common);
            all.extend(name.as_bytes());
            all.extend(packed);
            directory.extend(b"PK\x01\x02\x14\x00");
            directory.extend(common);
            directory.extend([0; 10]);
            directory.extend(header.to_le_bytes());
            directory.extend(name.as_bytes());
        }
        let count = u16::try_from(files.len()).unwrap().to_le_bytes();
        let (size, start) = (directory.len(), all.len());
        all.extend(directory);
        all.extend(b"PK\x05\x06\0\0\0\0");
        all.extend([count, count].concat());
        all.extend(u32::try_from(size).unwrap().to_le_bytes());
        all.extend(u32::try_from(start).unwrap().to_le_bytes());
        all.extend([0, 0]);
        all
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        let files = [
            ("a.txt".to_owned(), b"one".to_vec()),
            ("b/\u{e4}.txt".to_owned(), Vec::new()),
        ];
        let entries = unpack(&pack(&files).unwrap()).unwrap();
        let found: Vec<_> = entries
            .into_iter()
            .map(|entry| (entry.name, entry.content))
            .collect();
        assert_eq!(found, files);
    }

    #[test]
    fn files_come_out_as_they_went_in() {
        let packed = archive(&[("a/b.txt", b"hello hello hello"), ("c", b"")]);
        let found = unpack(&packed).unwrap();
        let found: Vec<_> = found
            .iter()
            .map(|entry| (entry.name.as_str(), entry.content.as_slice()))
            .collect();
        assert_eq!(found, [("a/b.txt", b"hello hello hello".as_slice()), ("c", b"")]);
    }

    #[test]
    fn a_bomb_and_a_damaged_archive_are_refused() {
        let packed = archive(&[("zeros", &[0; 5000])]);
        assert!(unpack_up_to(&packed, 5000).is_ok());
        assert_eq!(
            unpack_up_to(&packed, 4999).unwrap_err().to_string(),
            "a ZIP archive with too much in it"
        );
        assert!(unpack(&packed[..packed.len() - 1]).is_err());
        let mut changed = archive(&[("a", b"hello")]);
        changed[14] ^= 1;
        assert!(
            unpack(&changed).is_ok(),
            "the directory counts, not the header before the file"
        );
    }

    proptest! {
        #[test]
        fn a_changed_archive_never_panics(at in 0usize..200, to in any::<u8>(), cut in 0usize..40) {
            let mut packed = archive(&[("Info.xml", b"<a/>"), ("Run 1.xml", b"<testrun/>")]);
            let length = packed.len();
            packed[at % length] = to;
            packed.truncate(length - cut);
            drop(unpack(&packed));
        }
    }
}
