//! What a site decides about its tables.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::rows::Field;
use crate::site::{DecimalMark, OnDamagedUnit};

/// The arguments of `csv`. Only `columns` is required, with at least `step`; the serial number comes from a column
/// or a constant.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CsvArguments {
    /// Which column holds what: `{"serial": "SN", "step": "Test", "value": "Measured"}`. Names are compared as they
    /// stand in the header row, without the white space around them.
    #[serde(default)]
    pub columns: BTreeMap<Column, String>,
    /// What no column holds: `{"part_number": "PN-1", "process_code": 10}`. A column comes first where its cell is
    /// not empty.
    #[serde(default)]
    pub constants: BTreeMap<Column, Constant>,
    /// Columns of the unit that become misc infos under their own name.
    #[serde(default)]
    pub misc_columns: Vec<String>,
    /// What tells units apart. Default `["serial", "start"]`, as far as they have columns. A table with a time in
    /// each row maps it to `step_start`, or sets `["serial"]` here: the first row's time is then the start.
    #[serde(default)]
    pub group_by: Option<Vec<Column>>,
    /// Where the rows of a unit stand. Default `adjacent`.
    #[serde(default)]
    pub unit_rows: UnitRows,
    /// One ASCII character between cells; a tab is `"\t"`. Default `,`.
    #[serde(default)]
    pub delimiter: Option<char>,
    /// One ASCII character around cells that hold a delimiter. Default `"`.
    #[serde(default)]
    pub quote: Option<char>,
    /// Line of the header row, from 1; what stands above it is skipped. 0 means that there is none: columns are
    /// then named `1`, `2` and so on. Default 1.
    #[serde(default)]
    pub header_line: Option<usize>,
    /// `.` (default) or `,`.
    #[serde(default)]
    pub decimal_mark: DecimalMark,
    /// Encoding of a file without byte order mark, a label of the WHATWG encoding standard. Default `utf-8`.
    #[serde(default)]
    pub encoding: Option<String>,
    /// Pattern of `start` and `step_start`, as in strftime(3): `%d.%m.%Y %H:%M:%S`. Default ISO 8601.
    #[serde(default)]
    pub start_format: Option<String>,
    /// Further words for statuses and results: `{"GOOD": "P"}`.
    #[serde(default)]
    pub status_words: BTreeMap<String, String>,
    /// Operation codes by the operation's name, for a column `process_name`.
    #[serde(default)]
    pub process_codes: BTreeMap<String, u32>,
    /// What a unit with a fault does to the others in its file. Default `reject`.
    #[serde(default)]
    pub on_damaged_unit: OnDamagedUnit,
}

impl CsvArguments {
    /// Checks them without a table.
    ///
    /// # Errors
    /// When no table could be converted: the argument's name, and what is wrong with it.
    pub(crate) fn check(&self) -> Result<(), (&'static str, String)> {
        for (name, given) in [("delimiter", self.delimiter), ("quote", self.quote)] {
            if let Some(sign) = given.filter(|sign| !sign.is_ascii()) {
                return Err((name, format!("{sign:?} is no ASCII character")));
            }
        }
        let absent = |column: &&Column| !self.columns.contains_key(column);
        if let Some(absent) = self.group_by.iter().flatten().find(absent) {
            return Err(("group_by", format!("{absent} has no column")));
        }
        let missing = |column: &Column| absent(&column) && !self.constants.contains_key(column);
        let named = !missing(&Column::ProcessName) && !self.process_codes.is_empty();
        let required = [
            Some(Column::Serial),
            Some(Column::PartNumber),
            Some(Column::Revision),
            Some(Column::ProcessCode).filter(|_| !named),
            Some(Column::Step),
        ];
        match required.into_iter().flatten().find(missing) {
            Some(missing) => Err(("columns", format!("`{missing}` is missing"))),
            None => Ok(()),
        }
    }
}

/// Where the rows of a unit stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitRows {
    /// One after the other: a serial number that comes back later is a further run.
    #[default]
    Adjacent,
    /// Anywhere in the file: parallel sockets whose rows are mixed.
    Anywhere,
}

/// A constant: a text or a number.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Constant {
    /// A number, as for `process_code`.
    Number(serde_json::Number),
    /// A text.
    Text(String),
}

impl fmt::Display for Constant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// What a column can hold. The first group describes the unit and must not change between its rows; the second
/// describes the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// Serial number.
    Serial,
    /// Part number.
    PartNumber,
    /// Revision.
    Revision,
    /// Operation code, a whole number.
    ProcessCode,
    /// Operation name; its code comes from `process_codes`.
    ProcessName,
    /// Result of the unit.
    Result,
    /// Station.
    Station,
    /// Location.
    Location,
    /// Purpose.
    Purpose,
    /// Start of the test.
    Start,
    /// Operator.
    Operator,
    /// Duration of the test in seconds.
    ExecTime,
    /// Fixture.
    Fixture,
    /// Serial number of the batch.
    Batch,
    /// Index of the test socket, a whole number.
    Socket,
    /// Comment.
    Comment,
    /// Error code of the unit, a whole number.
    ErrorCode,
    /// Error text of the unit.
    ErrorMessage,
    /// Name of the test program.
    Program,
    /// Version of the test program.
    ProgramVersion,
    /// Anything that tells one run from another, for `group_by`; kept as misc info.
    Run,
    /// Sequence of the step: adjacent rows with the same text stand in one.
    Sequence,
    /// Name of the step.
    Step,
    /// Type of the step, as in WATS: `NumericLimitTest`, `PassFailTest`, `StringValueTest`, `Action` and others.
    StepType,
    /// Name of the measurement, for steps with several.
    Measure,
    /// The value.
    Value,
    /// Lower limit.
    LowLimit,
    /// Upper limit.
    HighLimit,
    /// Unit of the value and its limits.
    Unit,
    /// Comparison operator, as in WATS or as `<`, `<=`, `=`, `>=`, `>`.
    CompOp,
    /// Status of the step.
    Status,
    /// Duration of the step in seconds.
    StepTime,
    /// Start of the step.
    StepStart,
    /// `Setup`, `Main` or `Cleanup`.
    Group,
    /// Error code of the step, a whole number.
    StepErrorCode,
    /// Error text of the step.
    StepErrorMessage,
    /// Free text of the step.
    ReportText,
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // serde writes the name of a unit variant through a formatter as it stands in the arguments.
        self.serialize(f)
    }
}

impl Column {
    /// The header field of a column that describes the unit.
    pub(crate) fn field(self) -> Option<Field> {
        Some(match self {
            Self::Serial => Field::Serial,
            Self::PartNumber => Field::PartNumber,
            Self::Revision => Field::Revision,
            Self::ProcessCode => Field::ProcessCode,
            Self::ProcessName => Field::ProcessName,
            Self::Result => Field::Result,
            Self::Station => Field::Station,
            Self::Location => Field::Location,
            Self::Purpose => Field::Purpose,
            Self::Start => Field::Start,
            Self::Operator => Field::Operator,
            Self::ExecTime => Field::ExecTime,
            Self::Fixture => Field::Fixture,
            Self::Batch => Field::Batch,
            Self::Socket => Field::Socket,
            Self::Comment => Field::Comment,
            Self::ErrorCode => Field::ErrorCode,
            Self::ErrorMessage => Field::ErrorMessage,
            Self::Program => Field::Program,
            Self::ProgramVersion => Field::ProgramVersion,
            _ => return None,
        })
    }
}
