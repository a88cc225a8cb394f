use std::ffi::OsStr;

use super::recognise::recognise;
use crate::Format;
use crate::fixtures::answered;
use crate::samples::sample;

#[test]
fn the_samples_are_recognised() {
    for (name, format) in [
        (
            "atml/Report_LS2621-1002[Passed][9190300075][2019-03-11][15 06 37].xml",
            Format::Atml,
        ),
        ("teststand/TSWithWats.xml", Format::TestStand),
        ("teststand/TsWithoutWats.xml", Format::TestStand),
        ("junit/junit-report-1.xml", Format::Junit),
        ("stdf/lot2.stdf.gz", Format::Stdf),
        ("seica/seica.xml", Format::Seica),
        ("saki/SAKI-testdata.xml", Format::Saki),
        ("sigmaquest/testdata_SN651658.xml", Format::SigmaQuest),
        ("xjtag/xjtag_sample.zip", Format::Xjtag),
        ("xjtag/Demonstration hardware--28_10_2019.xjlog", Format::Xjtag),
        ("xjtag/567567_14_29_24_17_06_2020_Pass.xml", Format::Xjtag),
        (
            "klippel/DUT xyz115 2020-05-14 10-01-37-5 UTC+0200.txt",
            Format::Klippel,
        ),
        ("openhtf/multidim_testdata.json", Format::OpenHtf),
        ("spea/small.txt", Format::Spea),
        ("spea/testdata_SN9871234012.csv", Format::Spea),
        ("takaya/ATD/PB2939800_E_BOT-20230420130239.ATD", Format::Takaya),
        ("teradyne-gr228x/43420_BIO2.LOG", Format::TeradyneGr228x),
        ("teradyne-spectrum/sample_ict_data.txt", Format::TeradyneSpectrum),
        ("keysight/testexec-sl.xml", Format::KeysightTestExec),
        ("i3070/new.txt", Format::I3070),
        ("wats/standard-text.txt", Format::WatsText),
        ("wats/uut-wsxf-export.xml", Format::Wsxf),
        ("wats/standard-xml-small.xml", Format::Wsxf),
        ("wats/uut-wsjf-export.json", Format::Wsjf),
        ("wats/generated/wsjf-pass.json", Format::Wsjf),
    ] {
        let Some(input) = sample(name) else { continue };
        assert_eq!(
            recognise(&input).map(|(format, _)| format),
            Some(format),
            "{name}"
        );
    }
}

#[test]
fn what_says_nothing_is_not_guessed() {
    for input in [
        b"".as_slice(),
        b"PK\x03\x04",
        b"<html/>",
        b"{}",
        b"a;b;c\n1;2;3\n",
        b"<!-- ",
        b"\xff\xfe<",
    ] {
        assert_eq!(recognise(input), None);
    }
    assert_eq!(
        recognise("\u{feff}<?xml version='1.0'?><!-- <R> --><x:UnitReport/>".as_bytes())
            .map(|(format, _)| format),
        Some(Format::SigmaQuest)
    );
}

fn format_of(input: &str) -> Option<Format> {
    recognise(input.as_bytes()).map(|(format, _)| format)
}

#[test]
fn a_number_in_a_serial_number_names_no_format() {
    let testexec = "<TestResults><Header><ProgramName>P</ProgramName></Header>\
        <UUT><SerialNumber>B1636</SerialNumber></UUT><TestSequence/></TestResults>";
    assert_eq!(format_of(testexec), Some(Format::KeysightTestExec));
    let atml =
        "<?xml version='1.0'?>\n<tr:TestResults a='1'\n xmlns:tr='urn:IEEE-1636.1:2011:01:TestResults'>";
    assert_eq!(format_of(atml), Some(Format::Atml));
}

#[test]
fn files_that_write_their_words_otherwise_are_recognised() {
    let log = "F:\\B\\43420.OBC[31-JUL-12  14:17:35\n@31-JUL-12  14:18:51 SN 1\n";
    assert_eq!(format_of(log), Some(Format::TeradyneGr228x));
    assert_eq!(
        format_of("START;F;P;1;A;O;01/15/2024;10:30:45\nSN;1\nFUNC;1;U1\n"),
        Some(Format::Spea)
    );
}

/// A file and the folder of its name, as they are given to the parser.
fn with_folder(content: &[u8]) -> Vec<u8> {
    let values = b"name\tvalue\tmax\tmin\tunit\nre\t3.1\t3.5\t2.8\tOhm\n";
    crate::pack(&[
        ("x.txt".to_owned(), content.to_vec()),
        ("x/Impedance-values.txt".to_owned(), values.to_vec()),
    ])
    .unwrap()
}

#[test]
fn a_klippel_file_is_recognised_with_its_folder() {
    let packed = with_folder(b"Cfg_SerialNumber=S\nCtrl_OverallVerdict=1\nResults_Pass=re\n");
    let arguments = r#"{"klippel": {"process_code": 30, "part_number": "SPK", "revision": "A"}}"#;
    for name in ["x.txt", "y.zip"] {
        let answer = answered(Format::Auto, &packed, OsStr::new(name), arguments);
        assert_eq!(answer["reason"], "recognised as klippel", "{answer}");
        let step = &answer["reports"][0]["root"]["steps"][0];
        assert_eq!(step["numericMeas"][0]["value"], 3.1, "{answer}");
    }
}

#[test]
fn a_folder_beside_a_file_of_another_format_changes_nothing() {
    let input = include_bytes!("../../fixtures/wats-text/two-units-nested/input");
    let name = OsStr::new("x.txt");
    let alone = answered(Format::Auto, input, name, "{}");
    assert_eq!(alone["status"], "converted", "{alone}");
    assert_eq!(answered(Format::Auto, &with_folder(input), name, "{}"), alone);
}
