//! What a process has in its memory.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;

/// How much is read at once.
const CHUNK: usize = 1024 * 1024;

/// The places in the writable memory of a process that hold `secret`, each with the name of its mapping; none where this
/// user may not look, as one who is not root may not look into a daemon.
///
/// # Panics
/// When the process ended.
pub fn places_of(pid: u32, secret: &[u8]) -> Option<Vec<String>> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).ok()?;
    let memory = File::open(format!("/proc/{pid}/mem")).ok()?;
    let mut found = Vec::new();
    for line in maps.lines() {
        let mut words = line.split_ascii_whitespace();
        let (range, rights) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let name = words.nth(3).unwrap_or("anonymous");
        // What cannot be written holds no secret: programs, and what the kernel shows of itself.
        if !rights.starts_with("rw") {
            continue;
        }
        let (from, to) = range.split_once('-').expect("a range has two ends");
        let number = |text| u64::from_str_radix(text, 16).expect("addresses are hexadecimal");
        let mapping = read(&memory, number(from), number(to));
        let hits = mapping.windows(secret.len()).enumerate();
        let hits = hits.filter(|(_, bytes)| *bytes == secret);
        found.extend(hits.map(|(at, _)| {
            let around = mapping.get(at.saturating_sub(32)..(at + secret.len() + 32).min(mapping.len()));
            format!("{name}: {}", around.unwrap_or_default().escape_ascii())
        }));
    }
    Some(found)
}

/// A mapping, as far as it is still there.
fn read(memory: &File, mut from: u64, to: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut chunk = vec![0; CHUNK];
    while from < to {
        let Ok(length) = memory.read_at(&mut chunk, from) else {
            break;
        };
        let wanted = usize::try_from(to - from).unwrap_or(CHUNK).min(length);
        if wanted == 0 {
            break;
        }
        bytes.extend_from_slice(chunk.get(..wanted).unwrap_or_default());
        from += u64::try_from(wanted).expect("a chunk has few bytes");
    }
    bytes
}
