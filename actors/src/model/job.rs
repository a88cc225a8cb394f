//! A job: one source file on its way through one converter.

use std::ffi::OsString;
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{JobId, SourceHash, TraceId, UnixMs};

/// Names in a drop folder that begin so are the daemon's own, in the middle of a step; the watcher passes over them.
pub const OWN_PREFIX: &str = ".stationd-";
/// Ends the name, after [`OWN_PREFIX`], of a source that was set aside to be removed. One that is left after a crash is
/// offered again at the next start: its content is known by then, or must not be lost.
pub const TAKEN_SUFFIX: &str = ".taken";
/// Ends the name, after [`OWN_PREFIX`], of a copy that is not whole yet, and of a folder that is being removed and not whole
/// any more. One that is left after a crash is removed.
pub const PART_SUFFIX: &str = ".part";

/// A complete file in a drop folder, as the watcher saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Absolute path; any bytes.
    pub path: PathBuf,
    /// Size in bytes.
    pub size: u64,
    /// Modification time in nanoseconds since 1970; with `size`, tells whether the file changed since.
    pub modified_ns: i128,
    /// When the watcher found it complete.
    pub seen: UnixMs,
    /// The name of its way from here on.
    pub trace: TraceId,
}

/// A path or name for people: one line, whatever bytes it has.
///
/// Bytes that are no UTF-8 are written `\xff`, control characters and the backslash as in a Rust string, so that no name
/// can end a line of the journal or recolour a terminal.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a>(pub &'a Path);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.as_os_str().as_bytes().utf8_chunks() {
            for letter in chunk.valid().chars() {
                match letter {
                    '\\' => f.write_str("\\\\")?,
                    _ if letter.is_control() || is_layout(letter) => letter.escape_default().fmt(f)?,
                    _ => write!(f, "{letter}")?,
                }
            }
            chunk
                .invalid()
                .iter()
                .try_for_each(|byte| write!(f, "\\x{byte:02x}"))?;
        }
        Ok(())
    }
}

impl Shown<'_> {
    /// The path or name that was shown as `text`, in the journal's quotes or without; none when nothing is shown so.
    pub fn read(text: &str) -> Option<PathBuf> {
        let mut bytes = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some((plain, escape)) = rest.split_once('\\') {
            bytes.extend_from_slice(plain.as_bytes());
            rest = read_escape(escape, &mut bytes)?;
        }
        bytes.extend_from_slice(rest.as_bytes());
        Some(PathBuf::from(OsString::from_vec(bytes)))
    }
}

/// Adds what the escape stands for that follows a backslash, and gives the text after it.
fn read_escape<'t>(escape: &'t str, bytes: &mut Vec<u8>) -> Option<&'t str> {
    let mut letters = escape.chars();
    match letters.next()? {
        '\\' => bytes.push(b'\\'),
        '"' => bytes.push(b'"'),
        '\'' => bytes.push(b'\''),
        'n' => bytes.push(b'\n'),
        'r' => bytes.push(b'\r'),
        't' => bytes.push(b'\t'),
        'x' => {
            let (digits, rest) = escape.strip_prefix('x')?.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            return Some(rest);
        }
        'u' => {
            let (digits, rest) = escape.strip_prefix("u{")?.split_once('}')?;
            let letter = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
            bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            return Some(rest);
        }
        _ => return None,
    }
    Some(letters.as_str())
}

/// Line separators and the marks that turn the direction of writing.
fn is_layout(letter: char) -> bool {
    matches!(letter, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobEnd {
    /// Its reports are in the queue.
    Converted,
    /// The converter, or the duplicate rule, had no report to give; nothing is wrong.
    Skipped,
    /// The converter asked for a later retry; the file waits in the pending folder.
    Suspended,
    /// The file's own fault: it is not valid in its format; the file is in the error folder.
    Rejected,
    /// The converter's fault, or a limit; the file is in the error folder.
    Failed,
}

impl JobEnd {
    /// The word for it in journal, records and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Converted => "converted",
            Self::Skipped => "skipped",
            Self::Suspended => "suspended",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
        }
    }
}

/// What happened to one file: a line of the audit trail. Times are of the wall clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRecord {
    /// The job.
    pub id: JobId,
    /// Its way.
    pub trace: TraceId,
    /// Bytes of the file's absolute path in the drop folder.
    pub path: Vec<u8>,
    /// Name of the converter in the settings.
    pub converter: String,
    /// What ran: `builtin:csv`, `exec:/usr/lib/…`, `python:/usr/lib/…`, with its version where known.
    pub program: String,
    /// The converter's arguments, as JSON.
    pub arguments: String,
    /// SHA-256 of the content.
    pub source_hash: SourceHash,
    /// Size of the content in bytes.
    pub source_size: u64,
    /// When the watcher found the file complete.
    pub seen: UnixMs,
    /// When the job began.
    pub started: UnixMs,
    /// When it ended.
    pub ended: UnixMs,
    /// CPU time of the converter, in milliseconds.
    pub cpu_ms: u64,
    /// Largest resident memory of the converter, in KiB.
    pub max_rss_kib: u64,
    /// How it ended.
    pub end: JobEnd,
    /// Why, for an end other than converted; what was assumed, for a converted one. Empty when there is nothing to say.
    pub reason: String,
    /// How its child was confined: `full (Landlock 7, seccomp)`; empty when there was no child, or a version wrote the
    /// record that did not say.
    pub confinement: String,
    /// What the child tried and was refused: `network: socket(AF_INET, SOCK_STREAM)`.
    pub denied: Vec<String>,
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn no_name_can_end_a_line_or_turn_its_direction() {
        let shown = |bytes: &[u8]| Shown(Path::new(OsStr::from_bytes(bytes))).to_string();
        assert_eq!(shown(b"a\n<3>x\x1b[31m"), r"a\n<3>x\u{1b}[31m");
        assert_eq!(shown(b"\xff\xfe.log"), r"\xff\xfe.log");
        assert_eq!(shown("a\u{202e}gol.\\ü".as_bytes()), r"a\u{202e}gol.\\ü");
    }

    proptest::proptest! {
        #[test]
        fn a_name_is_found_again_from_how_it_is_shown(bytes: Vec<u8>) {
            let path = Path::new(OsStr::from_bytes(&bytes));
            let shown = Shown(path).to_string();
            assert_eq!(Shown::read(&shown).as_deref(), Some(path));
            // The journal has it in quotes.
            let quoted = shown.replace('"', "\\\"");
            assert_eq!(Shown::read(&quoted).as_deref(), Some(path));
        }

        #[test]
        fn any_text_is_read_or_refused(text: String, escape: String) {
            let _read = Shown::read(&format!("{text}\\{escape}"));
            let _short = Shown::read(&format!("\\x{escape}"));
            let _letter = Shown::read(&format!("\\u{{{escape}}}"));
        }
    }
}
