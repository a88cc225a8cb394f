use std::ffi::OsStr;

use serde_json::json;

use crate::Format;
use crate::fixtures::answered;
use crate::samples::sample;

#[test]
fn the_sample_is_a_failed_panel_of_three_images() {
    let Some(input) = sample("saki/SAKI-testdata.xml") else {
        return;
    };
    let arguments = r#"{"process_code": 20, "revision": "A"}"#;
    let answer = answered(Format::Saki, &input, OsStr::new("x.xml"), arguments);
    assert_eq!(answer["status"], "converted", "{answer}");
    let report = &answer["reports"][0];
    assert_eq!(
        (&report["sn"], &report["pn"], &report["result"], &report["start"]),
        (
            &json!("SN123456789"),
            &json!("PN1"),
            &json!("F"),
            &json!("2024-01-10T08:59:14")
        )
    );
    assert_eq!(
        answer["reason"],
        "startDate taken for month, day, year; start_format names another order"
    );
    let images = report["root"]["steps"].as_array().unwrap();
    let statuses: Vec<_> = images
        .iter()
        .map(|image| image["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["F", "P", "P"]);
    let counts: Vec<_> = images
        .iter()
        .flat_map(|image| image["steps"].as_array().unwrap())
        .map(|list| {
            (
                list["name"].as_str().unwrap(),
                list["steps"].as_array().unwrap().len(),
            )
        })
        .collect();
    assert_eq!(
        counts,
        [
            ("FalseCalls", 23),
            ("Failed", 6),
            ("FalseCalls", 2),
            ("FalseCalls", 3)
        ]
    );
    let first = &images[0]["steps"][1]["steps"][0];
    assert_eq!((&first["name"], &first["status"]), (&json!("C1164"), &json!("F")));
    assert_eq!(first["additionalResults"][0]["props"][0]["value"], "4326543");
}

#[test]
fn each_image_can_be_a_unit() {
    let Some(input) = sample("saki/SAKI-testdata.xml") else {
        return;
    };
    let arguments = r#"{"process_code": 20, "revision": "A", "unit_per_image": true,
        "image_serial": "{panel}-{image}", "start_format": "%d/%m/%Y %H:%M:%S"}"#;
    let answer = answered(Format::Saki, &input, OsStr::new("x.xml"), arguments);
    let found: Vec<_> = answer["reports"]
        .as_array()
        .unwrap()
        .iter()
        .map(|report| (report["sn"].as_str().unwrap(), report["result"].as_str().unwrap()))
        .collect();
    assert_eq!(
        found,
        [
            ("SN123456789-1", "F"),
            ("SN123456789-2", "P"),
            ("SN123456789-3", "P")
        ]
    );
    assert_eq!(answer["reports"][0]["start"], "2024-10-01T08:59:14");
}

#[test]
fn a_panel_that_passed_has_the_result_of_a_component_that_did_not() {
    let text = r#"<Panel barcode="P1" result="passed" startDate="01/13/2024" startTime="08:59:14" side="PN1">
        <Image id="1" result="passed"><Results><Failed><Reference designator="R1"/></Failed></Results></Image>
        <Image id="2" result="passed"><Results><Failed/><FalseCalls><Reference designator="R1"/></FalseCalls></Results></Image>
        </Panel>"#;
    let panel = r#"{"process_code": 20, "revision": "A"}"#;
    let images = panel
        .replace('{', r#"{"unit_per_image": true, "image_serial": "S", "#)
        .replace("\"S\"", "\"{panel}-{image}\"");
    for (arguments, results) in [(panel, vec!["F"]), (&images, vec!["F", "P"])] {
        let answer = answered(Format::Saki, text.as_bytes(), OsStr::new("x.xml"), arguments);
        let reports = answer["reports"].as_array().unwrap();
        let found: Vec<_> = reports.iter().map(|report| &report["result"]).collect();
        assert_eq!(found, results, "{answer}");
        let reason = answer["reason"].as_str().unwrap();
        assert!(reason.contains("a result of passed, where"), "{reason}");
    }
}
