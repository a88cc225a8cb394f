//! What is said of where each member came from, for files in which a person can look it up.

use std::ffi::OsStr;

use serde_json::Value;

use crate::{Format, Source, answer_explained};

/// Where the members of a file's reports are from, by their paths.
fn explained(format: Format, input: &str, arguments: &str) -> Vec<Vec<(String, Option<String>)>> {
    let source = Source {
        name: OsStr::new("SN7.txt"),
        arguments,
    };
    let mut out = Vec::new();
    answer_explained(format, input.as_bytes(), &source, &mut out).unwrap();
    let answer: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(answer["status"], "converted", "{answer}");
    let reports = answer["explanation"].as_array().unwrap().iter();
    let text = |member: &Value| member.as_str().map(str::to_owned);
    reports
        .map(|report| {
            let members = report.as_array().unwrap().iter();
            members
                .map(|member| (text(&member["path"]).unwrap(), text(&member["from"])))
                .collect()
        })
        .collect()
}

/// Asserts where members are from; an empty place is none.
fn assert_from(report: &[(String, Option<String>)], expected: &[(&str, &str)]) {
    for (path, from) in expected {
        let found = report.iter().find(|(found, _)| found == path);
        let found = found.unwrap_or_else(|| panic!("no member {path}"));
        assert_eq!(found.1.as_deref().unwrap_or_default(), *from, "{path}");
    }
}

#[test]
fn a_table_names_line_and_column() {
    // Value and limits are equal, and both units have a test of this name.
    let input = "SN,Step,Value,Low,High,Status\nA1,R1,5,5,5,PASS\nA1,R2,7,,,FAIL\nA2,R1,5,5,5,PASS\n";
    let arguments = r#"{"columns": {"serial": "SN", "step": "Step", "value": "Value", "low_limit": "Low",
        "high_limit": "High", "status": "Status"}, "constants": {"part_number": "P", "revision": "A", "process_code": 1}}"#;
    let reports = explained(Format::Csv, input, arguments);
    assert_from(
        &reports[0],
        &[
            ("$.sn", "line 2 column 1"),
            ("$.result", ""),
            ("$.root.steps[0].name", "line 2 column 2"),
            ("$.root.steps[0].status", "line 2 column 6"),
            ("$.root.steps[0].numericMeas[0].value", "line 2 column 3"),
            ("$.root.steps[0].numericMeas[0].lowLimit", "line 2 column 4"),
            ("$.root.steps[0].numericMeas[0].highLimit", "line 2 column 5"),
            ("$.root.steps[1].name", "line 3 column 2"),
            ("$.root.steps[1].status", "line 3 column 6"),
        ],
    );
    assert_from(
        &reports[1],
        &[
            ("$.sn", "line 4 column 1"),
            ("$.root.steps[0].name", "line 4 column 2"),
            ("$.root.steps[0].numericMeas[0].value", "line 4 column 3"),
        ],
    );
}

#[test]
fn a_header_names_the_line_of_each_key_and_what_the_arguments_gave() {
    let input = include_str!("../../fixtures/wats-text/two-units-nested/input");
    let lines = input.lines().enumerate();
    let serials = lines.filter(|(_, line)| line.starts_with("SerialNumber"));
    let reports = explained(Format::WatsText, input, "");
    assert_eq!(reports.len(), 2);
    for (report, (line, _)) in reports.iter().zip(serials) {
        assert_from(report, &[("$.sn", &format!("line {} column 2", line + 1))]);
    }
}

#[test]
fn an_element_names_line_and_attribute() {
    let input = r#"<R>
<ST NM="Board_A" OP="anna"/>
<BI BCP="S1" SD="01-02-2026 03:04:05">
<TEST F="Resistors" NM="R1" MR="101.2" ML="90" MH="110" MU="Ohm" TR="0" TT="1"/>
<TEST F="Voltage" NM="V1" MR="5" ML="4" MH="6" MU="V" TR="1" TT="1"/>
</BI>
<ET NF="1" ED="01-02-2026 03:05:05"/>
</R>"#;
    let reports = explained(Format::Seica, input, r#"{"process_code": 10}"#);
    assert_from(
        &reports[0],
        &[
            ("$.sn", "line 3 BCP"),
            ("$.start", "line 3 SD"),
            ("$.uut.user", "line 2 OP"),
            ("$.processCode", "arguments"),
            ("$.root.steps[0].name", "line 4 F"),
            ("$.root.steps[0].steps[0].name", "line 4 NM"),
            ("$.root.steps[0].steps[0].numericMeas[0].value", "line 4 MR"),
            ("$.root.steps[0].steps[0].numericMeas[0].highLimit", "line 4 MH"),
            ("$.root.steps[0].steps[0].numericMeas[0].unit", "line 4 MU"),
            ("$.root.steps[1].steps[0].status", "line 5 TR"),
        ],
    );
}

#[test]
fn a_record_names_its_line_where_its_name_is_made_of_several_fields() {
    let input = "C:\\X\\43420.obc[31-JUL-12  14:17:35\n@31-JUL-12  14:18:51 SN 123\nR1=100.2K(93K,106K)R\nD1=\nR1=5(4,6)R\n\"31-JUL-12  14:18:53\n";
    let arguments = r#"{"process_code": 10, "revision": "A", "part_number": "P"}"#;
    let reports = explained(Format::TeradyneGr228x, input, arguments);
    assert_from(
        &reports[0],
        &[
            ("$.root.steps[0].numericMeas[0].value", "line 3"),
            ("$.root.steps[1].name", "line 4"),
            ("$.root.steps[2].numericMeas[0].value", "line 5 R1"),
        ],
    );
}

#[test]
fn a_sequence_and_its_first_test_may_share_a_line() {
    let input = "START;F;Plan;001;P;anna;01/15/2024;10:30:45\nSN;S1\n\
        ANL;1;R100;1;1;Resistance;;PASS;1500;1400;1600;Ohm;;\n\
        ANL;1;R101;2;2;Resistance;;PASS;2200;2100;2300;Ohm;;\n\
        ANL;1;R101;2;3;Resistance;;PASS;2200;2100;2300;Ohm;;\n\
        FUNC;1;U1;4;4;IC;;PASS;Automatic;0;0;;\nEND;PASS;01/15/2024;10:32:15\n";
    let reports = explained(Format::Spea, input, r#"{"process_code": 10, "revision": "A"}"#);
    assert_from(
        &reports[0],
        &[
            ("$.start", "line 1 column 7"),
            ("$.root.steps[0].name", "line 3 column 3"),
            ("$.root.steps[0].steps[0].name", "line 3 column 6"),
            ("$.root.steps[0].steps[0].numericMeas[0].value", "line 3 column 9"),
            (
                "$.root.steps[0].steps[0].numericMeas[0].lowLimit",
                "line 3 column 10",
            ),
            ("$.root.steps[1].steps[0].name", "line 4 column 6"),
            ("$.root.steps[1].steps[1].numericMeas[0].value", "line 5 column 9"),
            ("$.root.steps[2].steps[0].name", "line 6 column 6"),
        ],
    );
}

#[test]
fn a_misc_info_names_the_attribute_of_its_description() {
    let input = r#"<R><FidMrk PRT="0"/>
<ST NM="Board_A"/>
<BI BCP="S1" SD="01-02-2026 03:04:05">
<TEST F="R" NM="R1" MR="1" ML="0" MH="2" TR="0"/>
</BI>
</R>"#;
    let reports = explained(Format::Seica, input, r#"{"process_code": 10}"#);
    assert_from(&reports[0], &[("$.miscInfos[0].text", "line 1 PRT")]);
}

#[test]
fn nothing_is_noted_unless_somebody_asks() {
    super::seen(&crate::rows::Cell::new("x", 1, 1));
    assert!(!super::is_noting());
}
