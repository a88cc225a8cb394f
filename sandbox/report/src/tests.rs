//! The real exports and the golden files, and what breaks them.

use std::path::PathBuf;

use jiff::Zoned;
use uuid::Uuid;

use crate::*;

/// A file of the samples beside the checkout; `None`, said aloud, when they are not there.
fn sample(name: &str) -> Option<String> {
    let shared = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let path = shared.join(name);
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        use std::io::Write as _;
        writeln!(std::io::stderr(), "skipped: no sample {}", path.display()).unwrap();
    }
    text
}

const COMPLETE: [&str; 5] = [
    "samples/wats/uut-wsjf-export.json",
    "samples/wats/uur_example.json",
    "samples/wats/generated/wsjf-pass.json",
    "wsjf/golden_uut_all_steps.wire.json",
    "wsjf/golden_uur.wire.json",
];

fn limits() -> ReadLimits {
    ReadLimits::default()
}

fn file_time() -> Zoned {
    "2026-01-05T08:00:00.25+01:00[+01:00]".parse().unwrap()
}

fn complete(document: Document) -> (Document, Vec<String>) {
    let defaults = Defaults {
        id: Uuid::from_u128(7),
        machine_name: "ICT-3",
        location: "Hall 3",
        purpose: "Production",
        file_time: &file_time(),
    };
    let (document, assumed) = document.complete(&defaults).unwrap();
    (document, assumed.iter().map(ToString::to_string).collect())
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn complete_reports_of_servers_and_generators_stay_byte_for_byte() {
    for name in COMPLETE {
        let Some(text) = sample(name) else { continue };
        let document = Document::parse(&text, &limits()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (document, assumed) = complete(document);
        assert_eq!(document.text(), text.trim_ascii(), "{name}");
        assert_eq!(assumed, [""; 0], "{name}");
    }
}

#[test]
fn the_model_reads_and_writes_the_real_exports_without_loss() {
    for name in COMPLETE
        .into_iter()
        .chain(["samples/wats/standard-json-small.json"])
    {
        let Some(text) = sample(name) else { continue };
        let report = Report::read(&text, &limits()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let written = serde_json::to_string(&report).unwrap();
        assert_eq!(json(&written), json(&text), "{name}");
        assert_eq!(Report::read(&written, &limits()).unwrap(), report, "{name}");
    }
}

#[test]
fn a_small_report_gets_what_is_missing_and_says_what_was_assumed() {
    let Some(text) = sample("samples/wats/standard-json-small.json") else {
        return;
    };
    let document = Document::parse(&text, &limits()).unwrap();
    assert_eq!(
        (document.serial(), document.part_number(), document.id()),
        ("SN12345", "TestPart-001", None)
    );
    let (document, assumed) = complete(document);
    assert_eq!(
        assumed,
        [
            "id 00000000-0000-0000-0000-000000000007 (made from station and content)",
            "location \"Hall 3\" (from the settings)",
            "purpose \"Production\" (from the settings)",
            "offset +01:00 of start (from the station's time zone)",
        ]
    );
    let mut expected = json(&text);
    expected["id"] = "00000000-0000-0000-0000-000000000007".into();
    expected["location"] = "Hall 3".into();
    expected["purpose"] = "Production".into();
    expected["start"] = "2024-01-15T10:00:00+01:00".into();
    assert_eq!(json(document.text()), expected);
    assert!(
        document.text().contains("\n    \"passFail\": ["),
        "the rest of the text keeps its form"
    );
}
