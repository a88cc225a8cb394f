//! What is known of an archived source, beside its content.
//!
//! `archive/AB/REST.gz` is the content, compressed; AB and REST are its SHA-256 in hexadecimal. `archive/AB/REST.NAME.json`
//! is its record for converter NAME, a JSON object with `version` 1; a newer version is left alone. The record's
//! modification time is `archived`, so that ages are known without reading it. Paths are bytes, so they stand in
//! hexadecimal; `path` shows the same for people.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::converter::pending::{hex, unhex};
use crate::model::{JobId, Shown, SourceHash, TraceId, UnixMs};

/// The version written; see the head of this file.
const VERSION: u32 = 1;

/// The record of an archived source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::converter) struct Record {
    version: u32,
    /// Whose source it was.
    pub(in crate::converter) converter: String,
    /// The job that converted it.
    job: String,
    /// The name of its way.
    trace: String,
    path: String,
    path_hex: String,
    sha256: String,
    /// Size of the content in bytes.
    pub(in crate::converter) size: u64,
    /// When it was last written, in nanoseconds since 1970.
    pub(in crate::converter) modified_ns: i64,
    /// When the watcher found it.
    pub(in crate::converter) seen: UnixMs,
    /// When it was archived.
    pub(in crate::converter) archived: UnixMs,
}

/// What makes a record.
#[derive(Debug, Clone, Copy)]
pub(in crate::converter) struct Archived<'a> {
    pub(in crate::converter) converter: &'a str,
    pub(in crate::converter) job: JobId,
    pub(in crate::converter) trace: TraceId,
    /// Where it was dropped.
    pub(in crate::converter) path: &'a Path,
    pub(in crate::converter) hash: SourceHash,
    pub(in crate::converter) size: u64,
    pub(in crate::converter) modified_ns: i128,
    pub(in crate::converter) seen: UnixMs,
    pub(in crate::converter) at: UnixMs,
}

impl Record {
    /// The record of a source.
    pub(in crate::converter) fn new(of: &Archived<'_>) -> Self {
        Self {
            version: VERSION,
            converter: of.converter.to_owned(),
            job: of.job.to_string(),
            trace: of.trace.to_string(),
            path: Shown(of.path).to_string(),
            path_hex: hex(of.path.as_os_str()),
            sha256: of.hash.to_string(),
            size: of.size,
            modified_ns: i64::try_from(of.modified_ns).unwrap_or_default(),
            seen: of.seen,
            archived: of.at,
        }
    }

    /// Reads a record; none when it is damaged or of another version.
    pub(in crate::converter) fn read(text: &[u8]) -> Option<Self> {
        let record: Self = serde_json::from_str(std::str::from_utf8(text).ok()?).ok()?;
        (record.version == VERSION).then_some(record)
    }

    /// Its text.
    pub(in crate::converter) fn text(&self) -> Vec<u8> {
        // Plain data with text keys: serde_json has no reason to refuse it.
        serde_json::to_vec_pretty(self).unwrap_or_default()
    }

    /// Where it was dropped.
    pub(in crate::converter) fn path(&self) -> Option<PathBuf> {
        unhex(&self.path_hex).map(PathBuf::from)
    }

    /// The hash of its content; none when it is damaged.
    pub(in crate::converter) fn hash(&self) -> Option<SourceHash> {
        self.sha256.parse().ok()
    }
}
