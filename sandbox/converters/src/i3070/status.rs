//! The status numbers. Source: Medalist i3070 Data Formats, tables 8-4 to 8-47.

use stationd_report::{Number, ReportStatus, StepStatus};

use crate::ConvertError;
use crate::rows::Cell;

/// The number in a status field; an empty one is 0 by the format.
pub(super) fn number(cell: Cell<'_>) -> Result<i64, ConvertError> {
    match cell.integer()? {
        None => Ok(0),
        Some(number) => number
            .text()
            .parse()
            .map_err(|_| cell.expected("a status number")),
    }
}

/// Status and words of an analog test.
pub(super) fn analog(cell: Cell<'_>) -> Result<(StepStatus, &'static str), ConvertError> {
    Ok(match number(cell)? {
        0 => (StepStatus::Passed, ""),
        1 | 7 => (StepStatus::Failed, ""),
        2 => (StepStatus::Failed, "compliance limit"),
        3 => (StepStatus::Failed, "detector timeout"),
        11 => (StepStatus::Terminated, "aborted by operator"),
        _ => return Err(cell.expected("a test status: 0, 1, 2, 3, 7 or 11")),
    })
}

/// Status and words of a digital, shorts, pins, boundary-scan, polarity or probe test.
pub(super) fn digital(kind: &str, cell: Cell<'_>) -> Result<(StepStatus, &'static str), ConvertError> {
    Ok(match (kind, number(cell)?) {
        (_, 0) => (StepStatus::Passed, ""),
        (_, 1) => (StepStatus::Failed, ""),
        ("@TS", 20) => (StepStatus::Passed, "learning"),
        ("@D-T", 5) => (StepStatus::Failed, "CRC related failure"),
        ("@D-T", 8) => (StepStatus::Failed, "chain integrity failure"),
        ("@BS-CON", 7) => (StepStatus::Failed, "chain failure"),
        ("@D-T" | "@CCHK" | "@PCHK" | "@TJET" | "@ARRAY", 7) => {
            (StepStatus::Error, "fatal error, the test did not complete")
        }
        _ => return Err(cell.expected("a test status")),
    })
}

/// The result of a board and its words; `None` for a board that is not there.
pub(super) fn board(cell: Cell<'_>) -> Result<(Option<ReportStatus>, Number, &'static str), ConvertError> {
    let number = number(cell)?;
    let (result, words) = match number {
        0 => (ReportStatus::Passed, ""),
        1 => (ReportStatus::Failed, "uncategorized failure"),
        2 => (ReportStatus::Failed, "failed pin test"),
        3 => (ReportStatus::Failed, "failed in learn mode"),
        4 => (ReportStatus::Failed, "failed shorts test"),
        6 => (ReportStatus::Failed, "failed analog test"),
        7 => (ReportStatus::Failed, "failed power supply test"),
        8 => (ReportStatus::Failed, "failed digital or boundary scan test"),
        9 => (ReportStatus::Failed, "failed functional test"),
        10 => (ReportStatus::Failed, "failed pre-shorts test"),
        11 => (ReportStatus::Error, "failed in board handler"),
        12 => (ReportStatus::Error, "failed barcode"),
        13 => return Ok((None, Number::from(13), "board not tested or missing")),
        14 => (ReportStatus::Failed, "failed in VTEP or TestJet"),
        15 => (ReportStatus::Failed, "failed in polarity check"),
        16 => (ReportStatus::Failed, "failed in ConnectCheck"),
        17 => (ReportStatus::Failed, "failed in analog cluster test"),
        80 => (ReportStatus::Error, "runtime error"),
        81 => (ReportStatus::Terminated, "aborted (STOP)"),
        82 => (ReportStatus::Terminated, "aborted (BREAK)"),
        90..=99 => (ReportStatus::Error, "user-defined status"),
        _ => return Err(cell.expected("a board status: 0 to 17, 80 to 82 or 90 to 99")),
    };
    Ok((Some(result), Number::from(number), words))
}
