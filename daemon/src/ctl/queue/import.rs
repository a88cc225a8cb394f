//! `queue import`: what `queue export` wrote, into the queue of this daemon.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use clap::Args;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stationd_actors::model::EntryState;
use stationd_report::{Document, ReadLimits};

use super::export::{Head, VERSION};
use crate::control::EntryPart;
use crate::ctl::bar::Bar;
use crate::ctl::client::Client;
use crate::ctl::context::Context;
use crate::ctl::error::CtlError;
use crate::ctl::words::count;

/// Reports in one request, at most.
const BATCH: usize = 64;

/// A request is sent when it has so many bytes; the daemon takes 1 MiB.
const BATCH_BYTES: usize = 512 * 1024;

/// Longest line of an export in bytes; a longer one is something else.
const LINE_LIMIT: u64 = 256 * 1024 * 1024;

/// Where from.
#[derive(Debug, Args)]
pub struct Arguments {
    /// File that `queue export` wrote
    file: PathBuf,
}

/// One line of the file.
#[derive(Debug, Deserialize)]
struct Line {
    entry: EntryPart,
    document: String,
}

/// What came of it.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Imported {
    queued: u64,
    known: u64,
}

/// May be repeated: reports that are known are passed over.
pub(super) fn run(context: &Context, arguments: &Arguments) -> Result<(), CtlError> {
    let file = &arguments.file;
    let input = |cause| CtlError::Input {
        path: file.clone(),
        cause,
    };
    let not_valid = |what| CtlError::NotValid {
        path: file.clone(),
        what,
    };
    let opened = File::open(file).map_err(input)?;
    let all_bytes = opened.metadata().map_err(input)?.len();
    let mut reader = BufReader::new(opened);
    let bar = Bar::new(context);
    let mut read_bytes = 0;
    let mut batch = Batch {
        client: context.client()?,
        reports: Vec::new(),
        bytes: 0,
        sum: Imported::default(),
    };
    for number in 1_u64.. {
        let not_valid_there = |what: String| not_valid(format!("line {number}: {what}"));
        let mut line = String::new();
        let bytes = reader.by_ref().take(LINE_LIMIT).read_line(&mut line);
        let bytes = bytes.map_err(|cause| match cause.kind() {
            io::ErrorKind::InvalidData => not_valid_there(cause.to_string()),
            _ => input(cause),
        })?;
        match bytes {
            0 if number == 1 => return Err(not_valid("it holds no report".to_owned())),
            0 => break,
            bytes => read_bytes += u64::try_from(bytes).unwrap_or(u64::MAX),
        }
        // An export that an early version wrote begins with its first report.
        if number == 1
            && let Ok(Head { stationd_queue }) = serde_json::from_str(&line)
        {
            check_version(stationd_queue).map_err(not_valid_there)?;
            continue;
        }
        let line: Line = serde_json::from_str(&line).map_err(|error| not_valid_there(error.to_string()))?;
        check(&line).map_err(not_valid_there)?;
        batch.add(line).map_err(|error| match error {
            Packing::Io(cause) => input(cause),
            Packing::Ctl(error) => error,
        })?;
        let taken = batch.sum.queued + batch.sum.known;
        bar.show(read_bytes, all_bytes, &format!("{taken} taken"));
    }
    batch.send()?;
    drop(bar);
    context.show(&batch.sum, |sum| {
        format!(
            "{} imported, {} known already\n",
            count(sum.queued, "report", "reports"),
            sum.known
        )
    })
}

fn check_version(found: u32) -> Result<(), String> {
    if found <= VERSION {
        return Ok(());
    }
    Err(format!(
        "an export of version {found}, this stationctl knows up to {VERSION}"
    ))
}

/// Looks at a report as the daemon will, which does not know the line it stands in.
fn check(line: &Line) -> Result<(), String> {
    let document = Document::parse(&line.document, &ReadLimits::default())
        .map_err(|error| format!("the report: {error}"))?;
    if document.id().is_none() {
        return Err("the report has no id: it comes from no queue".to_owned());
    }
    let failed = line.entry.last.iter().map(|failure| &failure.at);
    for moment in failed.chain([&line.entry.queued]) {
        if moment.parse::<jiff::Timestamp>().is_err() {
            return Err(format!("`{}` is no time of RFC 3339", moment.escape_debug()));
        }
    }
    Ok(())
}

/// Why a report could not be added.
enum Packing {
    Io(io::Error),
    Ctl(CtlError),
}

/// Reports on their way.
struct Batch {
    client: Client,
    reports: Vec<Value>,
    bytes: usize,
    sum: Imported,
}

impl Batch {
    fn add(&mut self, line: Line) -> Result<(), Packing> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        packed.write_all(line.document.as_bytes()).map_err(Packing::Io)?;
        let packed = BASE64_STANDARD.encode(packed.finish().map_err(Packing::Io)?);
        if self.reports.len() == BATCH || self.bytes + packed.len() > BATCH_BYTES {
            self.send().map_err(Packing::Ctl)?;
        }
        self.bytes += packed.len();
        let entry = line.entry;
        self.reports.push(json!({
            "converter": entry.converter,
            "priority": entry.priority,
            "queued": entry.queued,
            "dead": entry.state == EntryState::Dead,
            "failures": entry.last.into_iter().collect::<Vec<_>>(),
            "document_gz": packed,
        }));
        Ok(())
    }

    fn send(&mut self) -> Result<(), CtlError> {
        self.bytes = 0;
        let reports = std::mem::take(&mut self.reports);
        if reports.is_empty() {
            return Ok(());
        }
        let imported: Imported = self.client.ask("queue.import", &json!({ "reports": reports }))?;
        self.sum.queued += imported.queued;
        self.sum.known += imported.known;
        Ok(())
    }
}
