//! Converters, and files for them.

use std::fmt::Write as _;

use stationd_tests::bench::report;

/// A kind of converter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input {
    Wsjf,
    Csv,
    Atml,
    /// `/bin/cat`, confined: a report goes through a program of one's own.
    Exec,
    /// A Python script that reads a CSV file.
    Python,
}

impl Input {
    pub(crate) const ALL: [Self; 5] = [Self::Wsjf, Self::Csv, Self::Atml, Self::Exec, Self::Python];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Wsjf => "wsjf",
            Self::Csv => "csv",
            Self::Atml => "atml",
            Self::Exec => "exec",
            Self::Python => "python",
        }
    }

    /// Its keys in the settings.
    pub(crate) fn settings(self) -> String {
        match self {
            Self::Wsjf => "kind = \"builtin\"\nformat = \"wsjf\"".to_owned(),
            Self::Csv => "kind = \"builtin\"\nformat = \"csv\"\n[converter.arguments]\n\
                columns = { serial = \"Serial\", step = \"Step\", value = \"Value\", unit = \"Unit\", status = \"Status\" }\n\
                constants = { part_number = \"BENCH\", revision = \"A\", process_code = 10 }"
                .to_owned(),
            Self::Atml => "kind = \"builtin\"\nformat = \"atml\"\n[converter.arguments]\nprocess_code = 10".to_owned(),
            Self::Exec => "kind = \"exec\"\ncommand = [\"/bin/cat\"]".to_owned(),
            Self::Python => format!("kind = \"python\"\ncommand = [\"{}\"]", crate::beside("convert.py").display()),
        }
    }

    /// A file of so many steps; no two numbers give the same one.
    pub(crate) fn file(self, number: u32, steps: u16) -> Vec<u8> {
        match self {
            Self::Wsjf | Self::Exec => report(number, steps),
            Self::Csv | Self::Python => csv(number, steps),
            Self::Atml => atml(number, steps),
        }
    }
}

fn csv(number: u32, steps: u16) -> Vec<u8> {
    let mut text = "Serial,Step,Value,Unit,Status\n".to_owned();
    for step in 1..=steps {
        writeln!(text, "B{number:06},Measurement {step},{step}.125,V,P")
            .expect("writing to a String does not fail");
    }
    text.into_bytes()
}

fn atml(number: u32, steps: u16) -> Vec<u8> {
    let mut tests = String::new();
    for step in 1..=steps {
        write!(
            tests,
            r#"<tr:Test ID="{step}" name="Measurement {step}"><tr:Outcome value="Passed"/><tr:TestResult ID="r{step}" name="V"><tr:Outcome value="Passed"/><tr:TestData><c:Datum xsi:type="c:double" value="{step}.125" standardUnit="V"/></tr:TestData></tr:TestResult></tr:Test>"#
        )
        .expect("writing to a String does not fail");
    }
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<tr:TestResults xmlns:tr="urn:IEEE-1636.1:2011:01:TestResults" xmlns:c="urn:IEEE-1671:2010:Common" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<tr:ResultSet ID="s" name="main" startDateTime="2026-03-29T02:30:00.100" endDateTime="2026-03-29T02:30:03.350"><tr:Outcome value="Passed"/>{tests}</tr:ResultSet>
<tr:UUT><c:Definition version="A"><c:Identification><c:IdentificationNumbers><c:IdentificationNumber number="BENCH" type="Part"/></c:IdentificationNumbers></c:Identification></c:Definition><c:SerialNumber>B{number:06}</c:SerialNumber></tr:UUT>
</tr:TestResults>"#
    )
    .into_bytes()
}
