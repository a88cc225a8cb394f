//! Exported entries as lines of JSON: the same on every machine.
//!
//! The first line is `{"stationd_queue":1}`: the kind of file and its version. Each further line is one entry; members
//! that a version does not know are passed over, a newer version is refused. The document stands in it as text.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::messages::queue::ImportedReport;
use crate::model::{EntryState, Lease, NewReport, Priority, Refusal, UnixMs};

/// The version written, and the newest one known.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Head {
    stationd_queue: u32,
}

#[derive(Serialize, Deserialize)]
struct Line {
    report_id: Uuid,
    serial: String,
    part_number: String,
    converter: String,
    priority: Priority,
    queued_ms: i64,
    dead: bool,
    #[serde(default)]
    failures: Vec<Refusal>,
    document: String,
}

/// Why an exported file cannot be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum PortableError {
    /// It is not an export.
    NotAnExport,
    /// A newer stationd wrote it.
    Newer(u32),
    /// A line is not what it should be.
    Line {
        /// Its number, from 1.
        line: usize,
        /// The cause.
        cause: serde_json::Error,
    },
}

impl fmt::Display for PortableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnExport => f.write_str("not a file of `stationctl queue export`"),
            Self::Newer(found) => write!(
                f,
                "export has version {found}, this stationctl knows up to {VERSION}"
            ),
            Self::Line { line, .. } => write!(f, "line {line} of the export"),
        }
    }
}

impl std::error::Error for PortableError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Line { cause, .. } => Some(cause),
            _ => None,
        }
    }
}

/// The first line of an export, without its end.
pub fn export_head() -> String {
    format!("{{\"stationd_queue\":{VERSION}}}")
}

/// The line of an entry, without its end.
///
/// # Panics
/// Never: texts and numbers are always JSON.
pub fn export_line(lease: Lease) -> String {
    let report = ImportedReport::from(lease);
    let line = Line {
        report_id: report.report.report_id,
        serial: report.report.serial,
        part_number: report.report.part_number,
        converter: report.converter,
        priority: report.priority,
        queued_ms: report.queued.0,
        dead: report.dead,
        failures: report.failures,
        // Documents are checked to be UTF-8 before they are queued.
        document: String::from_utf8_lossy(&report.report.document).into_owned(),
    };
    serde_json::to_string(&line).expect("texts and numbers are always JSON")
}

/// Checks the first line of an export.
///
/// # Errors
/// It is none, or a newer one.
pub fn read_export_head(text: &str) -> Result<(), PortableError> {
    let head: Head = serde_json::from_str(text).map_err(|_| PortableError::NotAnExport)?;
    if head.stationd_queue > VERSION {
        return Err(PortableError::Newer(head.stationd_queue));
    }
    Ok(())
}

/// Reads the line of an entry; `number` counts lines from 1, for the error.
///
/// # Errors
/// It is not JSON, or a member is missing or wrong.
pub fn read_export_line(text: &str, number: usize) -> Result<ImportedReport, PortableError> {
    let line: Line =
        serde_json::from_str(text).map_err(|cause| PortableError::Line { line: number, cause })?;
    Ok(ImportedReport {
        report: NewReport {
            report_id: line.report_id,
            serial: line.serial,
            part_number: line.part_number,
            document: line.document.into_bytes(),
        },
        converter: line.converter,
        priority: line.priority,
        queued: UnixMs(line.queued_ms),
        dead: line.dead,
        failures: line.failures,
    })
}

impl From<Lease> for ImportedReport {
    fn from(lease: Lease) -> Self {
        let entry = lease.entry;
        Self {
            report: NewReport {
                report_id: entry.report_id,
                serial: entry.serial,
                part_number: entry.part_number,
                document: lease.document,
            },
            converter: entry.converter,
            priority: entry.priority,
            queued: entry.queued,
            dead: entry.state == EntryState::Dead,
            failures: entry.last.into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imported() -> ImportedReport {
        ImportedReport {
            report: NewReport {
                report_id: Uuid::from_u128(7),
                serial: "SN \"1\"\n".to_owned(),
                part_number: "PN".to_owned(),
                document: "{\"value\": 1.50, \"unit\": \"Ω\"}".as_bytes().to_vec(),
            },
            converter: "ict".to_owned(),
            priority: Priority::default(),
            queued: UnixMs(5),
            dead: true,
            failures: vec![],
        }
    }

    #[test]
    fn an_old_line_is_still_read() {
        let line = r#"{"report_id":"00000000-0000-0000-0000-000000000007","serial":"SN \"1\"\n","part_number":"PN",
            "converter":"ict","priority":5,"queued_ms":5,"dead":true,"failures":[],"from_the_future":0,
            "document":"{\"value\": 1.50, \"unit\": \"Ω\"}"}"#;
        assert_eq!(read_export_line(line, 2).unwrap(), imported());
    }

    #[test]
    fn the_head_tells_the_version() {
        read_export_head(&export_head()).unwrap();
        assert!(matches!(
            read_export_head("{\"stationd_queue\":2}"),
            Err(PortableError::Newer(2))
        ));
        assert!(matches!(
            read_export_head("SN;result"),
            Err(PortableError::NotAnExport)
        ));
        let error = read_export_line("{}", 12).unwrap_err();
        assert_eq!(error.to_string(), "line 12 of the export");
    }
}
