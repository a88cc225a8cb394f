//! The parts, each as so many turns of the same work.

use std::ffi::OsStr;
use std::hint::black_box;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use stationd_actors::messages::queue::{ImportEntries, ImportedReport, Settle, Verdict};
use stationd_actors::model::{EntryId, NewReport, Priority, UnixMs};
use stationd_actors::queue::Store;
use stationd_converters::{Format, Source, answer};
use stationd_report::{Defaults, ReadLimits, read_output};
use stationd_tests::bench::{append, queue_settings, report};
use uuid::Uuid;

use crate::Outcome;

/// Steps of a report: about 6 KB.
const STEPS: u16 = 30;
/// Reports that wait where a part says so.
const DEPTH: u16 = 10_000;
/// Reports in one transaction while they are put there.
const AT_ONCE: u16 = 250;
const NOW: UnixMs = UnixMs(1_780_000_000_000);

/// A part of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    ConvertWsjf,
    ConvertCsv,
    CheckReport,
    BuildFilters,
    Queue,
    QueueAtDepth,
}

impl Part {
    pub(crate) const ALL: [Self; 6] = [
        Self::ConvertWsjf,
        Self::ConvertCsv,
        Self::CheckReport,
        Self::BuildFilters,
        Self::Queue,
        Self::QueueAtDepth,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ConvertWsjf => "convert-wsjf",
            Self::ConvertCsv => "convert-csv",
            Self::CheckReport => "check-and-complete-a-report",
            Self::BuildFilters => "build-the-filters",
            Self::Queue => "append-lease-and-settle-when-empty",
            Self::QueueAtDepth => "append-lease-and-settle-with-10000-waiting",
        }
    }

    /// What is to be there before the turns; not counted.
    pub(crate) fn prepare(self, dir: &Path) -> Outcome<()> {
        if self != Self::QueueAtDepth {
            return Ok(());
        }
        let mut store = open(dir)?;
        for first in (0..DEPTH).step_by(AT_ONCE.into()) {
            let reports = (first..first + AT_ONCE).map(waiting).collect();
            store.import(&ImportEntries { reports }, NOW)?;
        }
        Ok(())
    }

    /// Does the work so many times.
    pub(crate) fn run(self, turns: u16, dir: &Path) -> Outcome<()> {
        match self {
            Self::ConvertWsjf => convert(turns, Format::Wsjf, &report(1, STEPS), ""),
            Self::ConvertCsv => convert(turns, Format::Csv, csv().as_bytes(), CSV_ARGUMENTS),
            Self::CheckReport => check(turns),
            Self::BuildFilters => {
                for _ in 0..turns {
                    black_box(stationd_sandbox::filter_lengths());
                }
                Ok(())
            }
            Self::Queue | Self::QueueAtDepth => queue(turns, dir),
        }
    }
}

const CSV_ARGUMENTS: &str = r#"{"columns":{"serial":"Serial","step":"Step","value":"Value","unit":"Unit","status":"Status"},"constants":{"part_number":"BENCH","revision":"A","process_code":10}}"#;

fn csv() -> String {
    let rows = (1..=STEPS).map(|step| format!("B000001,Measurement {step},{step}.125,V,P\n"));
    std::iter::once("Serial,Step,Value,Unit,Status\n".to_owned())
        .chain(rows)
        .collect()
}

fn convert(turns: u16, format: Format, input: &[u8], arguments: &str) -> Outcome<()> {
    let source = Source {
        name: OsStr::new("input"),
        arguments,
    };
    for _ in 0..turns {
        let mut output = Vec::new();
        answer(format, black_box(input), &source, &mut output)?;
        if !black_box(&output).starts_with(br#"{"status":"converted""#) {
            return Err(String::from_utf8_lossy(&output).into());
        }
    }
    Ok(())
}

fn check(turns: u16) -> Outcome<()> {
    let input = report(1, STEPS);
    let file_time = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    let defaults = Defaults {
        id: Uuid::nil(),
        machine_name: "BENCH",
        location: "Lab",
        purpose: "Test",
        file_time: &file_time,
    };
    for _ in 0..turns {
        for document in read_output(black_box(&input), &ReadLimits::default())?.reports {
            black_box(document.complete(&defaults)?);
        }
    }
    Ok(())
}

fn open(dir: &Path) -> Outcome<Store> {
    Ok(Store::open(&queue_settings(dir, 256 * 1024 * 1024))?)
}

/// Each report comes in and goes out.
fn queue(turns: u16, dir: &Path) -> Outcome<()> {
    let mut store = open(dir)?;
    // Not those that were appended by an earlier process in the same folder.
    let first = DEPTH + turns * 100;
    for number in first..first + turns {
        store.append(&append(number.into(), vec![new_report(number)], NOW), NOW)?;
        for lease in store.take_leases(1, NOW)?.leases {
            let settle = Settle {
                entry: EntryId(lease.entry.id.0),
                verdict: Verdict::Delivered {
                    server_id: String::new(),
                },
            };
            store.settle(&settle, NOW)?;
        }
    }
    Ok(())
}

fn new_report(number: u16) -> NewReport {
    NewReport {
        report_id: Uuid::from_u128(u128::from(number) << 64),
        serial: format!("B{number:06}"),
        part_number: "BENCH".to_owned(),
        document: report(number, STEPS),
    }
}

fn waiting(number: u16) -> ImportedReport {
    ImportedReport {
        report: new_report(number),
        converter: "bench".to_owned(),
        priority: Priority::default(),
        queued: NOW,
        dead: false,
        failures: Vec::new(),
    }
}
