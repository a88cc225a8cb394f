//! The fixtures: `fixtures/FORMAT/CASE/{input, arguments.json, expected.json}`. Expected is the answer as it goes
//! over the protocol; every report of it must pass the model's checks.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use stationd_report::{ReadLimits, read_output};

use crate::{Format, Source, answer, check_arguments};

/// Folders in a stable order.
fn folders(of: &Path) -> Vec<PathBuf> {
    let mut all: Vec<_> = std::fs::read_dir(of)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    all.sort();
    all
}

/// Converts a file, checks the answer as the daemon does, and returns it.
pub(crate) fn answered(format: Format, input: &[u8], name: &OsStr, arguments: &str) -> Value {
    let mut out = Vec::new();
    answer(format, input, &Source { name, arguments }, &mut out).unwrap();
    read_output(&out, &ReadLimits::default()).unwrap_or_else(|error| panic!("{}: {error}", name.display()));
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn every_fixture_gives_what_is_expected_of_it() {
    for format in folders(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")) {
        let kind: Format = format.file_name().unwrap().to_str().unwrap().parse().unwrap();
        for case in folders(&format) {
            let input = std::fs::read(case.join("input")).unwrap();
            let arguments = std::fs::read_to_string(case.join("arguments.json")).unwrap_or_default();
            let found = answered(kind, &input, case.file_name().unwrap(), &arguments);
            let expected: Value = std::fs::read_to_string(case.join("expected.json"))
                .map(|text| serde_json::from_str(&text).unwrap())
                .unwrap_or_default();
            assert_eq!(found, expected, "{}:\n{found:#}", case.display());
            if found["status"] == "converted" && !arguments.is_empty() {
                let arguments: Map<String, Value> = serde_json::from_str(&arguments).unwrap();
                let faults = check_arguments(kind, &arguments);
                assert_eq!(faults, [], "{}", case.display());
            }
        }
    }
}

#[test]
fn every_format_has_a_fixture_for_a_file_and_one_for_a_fault() {
    for format in Format::ALL {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fixtures")
            .join(format.as_str());
        let answers: Vec<_> = folders(&folder)
            .iter()
            .map(|case| std::fs::read_to_string(case.join("expected.json")).unwrap())
            .map(|text| serde_json::from_str::<Value>(&text).unwrap()["status"].clone())
            .collect();
        assert!(
            answers.contains(&"converted".into()) && answers.contains(&"rejected".into()),
            "{format}"
        );
    }
}

#[test]
fn no_cut_or_changed_fixture_makes_a_parser_panic() {
    let signs = [b'0', b'"', b'(', b')', b'|', b';', b'-', b'\n', b'<', 0xff];
    for format in folders(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")) {
        let kind: Format = format.file_name().unwrap().to_str().unwrap().parse().unwrap();
        for case in folders(&format) {
            let input = std::fs::read(case.join("input")).unwrap();
            let arguments = std::fs::read_to_string(case.join("arguments.json")).unwrap_or_default();
            let stride = (input.len() / 40).max(1);
            for (turn, at) in (0..input.len()).step_by(stride).enumerate() {
                let mut damaged = input.clone();
                damaged[at] = signs[turn % signs.len()];
                for bytes in [damaged.as_slice(), &input[..at]] {
                    let source = Source {
                        name: OsStr::new("x"),
                        arguments: &arguments,
                    };
                    let mut out = Vec::new();
                    answer(kind, bytes, &source, &mut out).unwrap();
                    // A report may have become wrong, an id for one: the daemon names it. The answer is whole.
                    serde_json::from_slice::<Value>(&out).unwrap();
                }
            }
        }
    }
}
