//! The real exports and the golden files.

use std::path::PathBuf;

use super::{SMALL, complete, json, limits};
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

#[test]
fn digits_and_white_space_stay_as_they_are() {
    let text = "{ \"pn\":\"PN\", \"sn\":\"SN\",\"rev\":\"A\", \"processCode\": 10,\r\n\t\"odd\":[12345678901234567890, 1.50 ,1E+2],\
        \"id\":null,\"start\":\"2026-10-25T02:30:00\",\"root\":{\"stepType\":\"WATS_SeqCall\",\"status\":\"Failed\"}}";
    let (document, assumed) = complete(Document::parse(text, &limits()).unwrap());
    assert_eq!(
        document.text(),
        "{\"type\":\"T\",\"result\":\"F\",\"machineName\":\"ICT-3\",\"location\":\"Hall 3\",\"purpose\":\"Production\", \
         \"pn\":\"PN\", \"sn\":\"SN\",\"rev\":\"A\", \"processCode\": 10,\r\n\t\"odd\":[12345678901234567890, 1.50 ,1E+2],\
         \"id\":\"00000000-0000-0000-0000-000000000007\",\"start\":\"2026-10-25T02:30:00+01:00\",\
         \"root\":{\"stepType\":\"WATS_SeqCall\",\"status\":\"Failed\"}}"
    );
    assert_eq!(assumed.len(), 7);
    assert_eq!(document.result(), Some(ReportStatus::Failed));
}

#[test]
fn an_id_in_another_spelling_is_written_as_the_wire_needs_it() {
    for spelling in [
        "{0A1B2C3D-0000-4000-8000-000000000001}",
        "0a1b2c3d000040008000000000000001",
    ] {
        let text = SMALL.replacen("0a1b2c3d-0000-4000-8000-000000000001", spelling, 1);
        let (document, assumed) = complete(Document::parse(&text, &limits()).unwrap());
        assert_eq!(document.text(), SMALL);
        assert_eq!(
            assumed,
            [format!(
                "id 0a1b2c3d-0000-4000-8000-000000000001 (written {spelling} in the file)"
            )]
        );
    }
}

#[test]
fn a_missing_start_is_the_time_of_the_file() {
    let text = SMALL.replacen("\"start\":\"2026-01-02T03:04:05+01:00\",", "", 1);
    let (document, assumed) = complete(Document::parse(&text, &limits()).unwrap());
    assert_eq!(json(document.text())["start"], "2026-01-05T08:00:00.250000+01:00");
    assert_eq!(
        assumed,
        ["start 2026-01-05T08:00:00.250000+01:00 (time of the file)"]
    );
}

#[test]
fn a_report_that_the_settings_do_not_complete_is_refused() {
    let text = SMALL.replacen("\"location\":\"L\",", "", 1);
    let file_time = super::file_time();
    let defaults = Defaults {
        id: uuid::Uuid::nil(),
        machine_name: "M",
        location: "",
        purpose: "P",
        file_time: &file_time,
    };
    let error = Document::parse(&text, &limits())
        .unwrap()
        .complete(&defaults)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "$.location: missing, and the setting station.location is empty"
    );
}

#[test]
fn local_starts_of_steps_get_the_offset_that_the_zone_has_at_them() {
    let text = SMALL
        .replacen("2026-01-02T03:04:05+01:00", "2026-10-25T01:59:00", 1)
        .replacen(
            "\"status\":\"P\"}}",
            "\"status\":\"P\",\"steps\":[ {\"stepType\":\"x\",\"name\":\"\u{e9}\",\"start\":\"2026-10-25T02:30:00.5\",\"steps\":[\
             {\"stepType\":\"x\",\"name\":\"b\",\"start\":\"2026-10-25T03:30:00\"}]}, {\"stepType\":\"x\",\"start\":\"2026-10-25T03:30:00Z\"},\
             {\"stepType\":\"x\",\"start\":\"soon\"}]}}",
            1,
        );
    let zone = jiff::tz::TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    let (document, assumed) = Document::parse(&text, &limits()).unwrap().with_offsets(&zone);
    let expected = text
        .replacen("01:59:00", "01:59:00+02:00", 1)
        .replacen("02:30:00.5", "02:30:00.5+02:00", 1)
        .replacen("03:30:00\"", "03:30:00+01:00\"", 1);
    assert_eq!(document.text(), expected);
    let words: Vec<_> = assumed.iter().map(ToString::to_string).collect();
    assert_eq!(
        words,
        [
            "offset +02:00 of start (from the station's time zone)",
            "offsets of the starts of steps (from the station's time zone; the clock showed 1 of these times twice or \
             never)",
        ]
    );
}

#[test]
fn a_start_that_the_clock_showed_twice_or_never_says_so() {
    // Central Europe, written as a rule so that no time zone files are needed.
    let zone = jiff::tz::TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    let file_time = "2026-10-25T12:00:00Z"
        .parse::<jiff::Timestamp>()
        .unwrap()
        .to_zoned(zone);
    let defaults = Defaults {
        id: uuid::Uuid::nil(),
        machine_name: "M",
        location: "L",
        purpose: "P",
        file_time: &file_time,
    };
    for (start, offset, doubt) in [
        ("2026-07-01T12:00:00", "+02:00", Doubt::None),
        ("2026-01-01T12:00:00", "+01:00", Doubt::None),
        ("2026-10-25T02:30:00", "+02:00", Doubt::Twice),
        ("2026-03-29T02:30:00", "+01:00", Doubt::Never),
    ] {
        let text = SMALL.replacen("2026-01-02T03:04:05+01:00", start, 1);
        let (document, assumed) = Document::parse(&text, &limits())
            .unwrap()
            .complete(&defaults)
            .unwrap();
        assert_eq!(json(document.text())["start"], format!("{start}{offset}"));
        assert_eq!(
            assumed,
            [Assumption::Offset {
                offset: offset.to_owned(),
                zone: None,
                doubt
            }]
        );
    }
}
