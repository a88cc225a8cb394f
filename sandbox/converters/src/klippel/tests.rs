use std::ffi::OsStr;

use serde_json::json;

use crate::Format;
use crate::fixtures::answered;
use crate::samples::sample;

#[test]
fn the_sample_failed_three_of_eight_tests() {
    let Some(input) = sample("klippel/DUT xyz115 2020-05-14 10-01-37-5 UTC+0200.txt") else {
        return;
    };
    let arguments = r#"{"process_code": 30, "part_number": "SPK", "revision": "A"}"#;
    let answer = answered(Format::Klippel, &input, OsStr::new("x.txt"), arguments);
    assert_eq!(answer["status"], "converted", "{answer}");
    let report = &answer["reports"][0];
    assert_eq!(
        (&report["sn"], &report["result"], &report["start"]),
        (
            &json!("xyz115"),
            &json!("F"),
            &json!("2020-05-14T10:01:37.563+02:00")
        )
    );
    assert_eq!(report["uut"]["user"], "win:m.liebig");
    let found: Vec<_> = report["root"]["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| (step["name"].as_str().unwrap(), step["status"].as_str().unwrap()))
        .collect();
    assert_eq!(
        found,
        [
            ("resp", "P"),
            ("level", "P"),
            ("pol", "P"),
            ("thd", "P"),
            ("rbz", "P"),
            ("imp", "F"),
            ("re", "F"),
            ("fs", "F")
        ]
    );
    assert!(
        answer["reason"]
            .as_str()
            .unwrap()
            .contains("folder of the same name")
    );
}
