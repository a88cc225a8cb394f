use super::recognise::recognise;
use crate::Format;
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
