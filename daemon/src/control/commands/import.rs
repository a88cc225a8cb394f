//! `queue.import`: reports of another store, as `queue.export` gave them.

use std::io::Read as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::read::GzDecoder;
use serde::Deserialize;
use serde_json::{Value, json};
use stationd_actors::messages::queue::{ImportEntries, ImportedReport};
use stationd_actors::model::{NewReport, Priority, Refusal, UnixMs};
use stationd_report::{Document, ReadLimits};

use super::bad_arguments;
use crate::control::desk::{Desk, Role};
use crate::control::parts::FailurePart;
use crate::control::protocol::{Fault, code};

/// Most reports in one request.
const MOST: usize = 64;

/// Largest report in bytes, unpacked. A request of 1 MiB could otherwise unpack to 1 GiB.
const LARGEST: u64 = 64 * 1024 * 1024;

/// The reports.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ImportArguments {
    reports: Vec<Incoming>,
}

/// One report with what was known of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Incoming {
    converter: String,
    priority: Priority,
    /// RFC 3339.
    queued: String,
    #[serde(default)]
    dead: bool,
    #[serde(default)]
    failures: Vec<FailurePart>,
    /// The report, gzip, base64.
    document_gz: String,
}

pub(super) async fn import(desk: &Desk, arguments: ImportArguments) -> Result<Value, Fault> {
    if arguments.reports.len() > MOST {
        return Err(bad_arguments(&format!("too many reports (limit {MOST})")));
    }
    // Unpacking and checking megabytes is no work for the event loop.
    let checked = tokio::task::spawn_blocking(|| arguments.reports.into_iter().map(check).collect());
    let checked: Result<Vec<_>, _> = checked
        .await
        .map_err(|_stopped| Fault::new(code::UNAVAILABLE, "the daemon is stopping"))?;
    let message = ImportEntries { reports: checked? };
    let imported = desk
        .order(Role::Queue, &desk.roles.queue.import, message)
        .await??;
    Ok(json!({ "queued": imported.queued, "known": imported.known }))
}

fn check(incoming: Incoming) -> Result<ImportedReport, Fault> {
    let text = unpack(&incoming.document_gz)?;
    let document = Document::parse(&text, &ReadLimits::default())
        .map_err(|error| bad_arguments(&format!("report: {error}")))?;
    let report_id = document
        .id()
        .ok_or_else(|| bad_arguments("report without an id: it comes from no queue"))?;
    let failures: Result<Vec<_>, _> = incoming.failures.into_iter().map(refusal).collect();
    Ok(ImportedReport {
        report: NewReport {
            report_id,
            serial: document.serial().to_owned(),
            part_number: document.part_number().to_owned(),
            document: document.into_text().into_bytes(),
        },
        converter: incoming.converter,
        priority: incoming.priority,
        queued: moment(&incoming.queued)?,
        dead: incoming.dead,
        failures: failures?,
    })
}

fn unpack(packed: &str) -> Result<String, Fault> {
    let packed = BASE64_STANDARD
        .decode(packed)
        .map_err(|error| bad_arguments(&format!("document_gz: {error}")))?;
    let mut text = String::new();
    GzDecoder::new(packed.as_slice())
        .take(LARGEST)
        .read_to_string(&mut text)
        .map_err(|error| bad_arguments(&format!("document_gz: {error}")))?;
    Ok(text)
}

fn refusal(failure: FailurePart) -> Result<Refusal, Fault> {
    Ok(Refusal {
        at: moment(&failure.at)?,
        status: failure.status,
        words: failure.words,
    })
}

fn moment(text: &str) -> Result<UnixMs, Fault> {
    let at: jiff::Timestamp = text
        .parse()
        .map_err(|_| bad_arguments(&format!("`{}` is no time of RFC 3339", text.escape_debug())))?;
    Ok(UnixMs(at.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(bytes: &[u8]) -> String {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        BASE64_STANDARD.encode(encoder.finish().unwrap())
    }

    #[test]
    fn what_is_no_report_is_refused() {
        for document_gz in ["!", "AAAA", &packed(b"\xff"), &packed(b"{}"), &packed(b"[1")] {
            let incoming = Incoming {
                converter: "ict".to_owned(),
                priority: Priority::default(),
                queued: "2026-01-01T00:00:00Z".to_owned(),
                dead: false,
                failures: Vec::new(),
                document_gz: document_gz.to_owned(),
            };
            assert_eq!(
                check(incoming).unwrap_err().code,
                code::BAD_ARGUMENTS,
                "{document_gz}"
            );
        }
    }
}
