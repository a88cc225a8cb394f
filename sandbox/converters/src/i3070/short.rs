//! A short form that some line software writes: one measurement a record, `{@BTEST|R101|R|M:100.5|L:90|H:110|P}`.

use stationd_report::{NumericMeasurement, Report, Step};

use super::map::File;
use super::record::{Record, Top};
use crate::ConvertError;
use crate::ict::{add_text, boolean, numeric, range, sequence};
use crate::rows::{Cell, Field};

/// Whether a file is of the short form: its board tests are measurements.
pub(super) fn is_short(records: &Top<'_>) -> bool {
    records
        .iter()
        .flatten()
        .any(|record| record.kind == "@BTEST" && record.field(2).text.starts_with("M:"))
}

/// The one unit of such a file.
pub(super) fn report(
    records: Top<'_>,
    file: &File<'_>,
    notes: &mut Vec<String>,
) -> Result<Report, ConvertError> {
    let first = records.iter().flatten().next();
    let mut unit = file.begin(first.map_or(1, |record| record.line))?;
    let mut steps = Vec::new();
    let mut batches = 0;
    for record in records {
        let record = record?;
        if let Some(fault) = record.fault {
            return Err(*fault);
        }
        match record.kind {
            "@BATCH" => {
                batches += 1;
                if batches > 1 {
                    let what = "a second @BATCH: the file of one unit has the tests of another";
                    return Err(ConvertError::at(record.line, what));
                }
                unit.set(Field::PartNumber, record.named(0, "@BATCH"), file.site)?;
                unit.keep("Batch date", record.field(1));
                for (index, extra) in record.fields.iter().enumerate().skip(2) {
                    unit.keep(&format!("BATCH field {}", index + 1), *extra);
                }
            }
            "@BLOCK" => {
                let cell = record.named(1, "@BLOCK");
                let status = file.site.reader.words.step(cell)?;
                let mut step = boolean(
                    record.field(0).text,
                    status.ok_or_else(|| cell.expected("a status"))?,
                );
                keep_rest(&mut step, &record, 2);
                steps.push(step);
            }
            "@BTEST" => steps.push(measurement(&record, file)?),
            _ => notes.push(format!("a record in line {} has no meaning here", record.line)),
        }
    }
    let root = sequence("Board test", None, steps);
    unit.finish(root, file.site, notes)
}

/// `R101|R|M:100.5|L:90|H:110|P`
fn measurement(record: &Record<'_>, file: &File<'_>) -> Result<Step, ConvertError> {
    let of = |at: usize, mark: &'static str| {
        let cell: Cell<'_> = record.named(at, mark);
        match cell.text.strip_prefix(mark) {
            Some(rest) => Ok(Cell {
                text: rest.trim(),
                ..cell
            }),
            None if cell.is_empty() => Ok(cell),
            None => Err(cell.expected(&format!("{mark} and a number"))),
        }
    };
    let status = record.named(5, "status");
    let status = file
        .site
        .reader
        .words
        .step(status)?
        .ok_or_else(|| status.expected("a status"))?;
    let low = of(3, "L:")?.value('.')?;
    let high = of(4, "H:")?.value('.')?;
    let (op, low, high) = range(low, high);
    let measurement = NumericMeasurement {
        value: of(2, "M:")?.value('.')?,
        comp_op: Some(op.into()),
        low_limit: low,
        high_limit: high,
        ..NumericMeasurement::default()
    };
    let mut step = numeric(record.field(0).text, status, measurement);
    add_text(&mut step, &format!("type: {}", record.field(1).text));
    keep_rest(&mut step, record, 6);
    Ok(step)
}

/// Keeps further fields, and the records inside, as text.
fn keep_rest(step: &mut Step, record: &Record<'_>, from: usize) {
    for extra in record.fields.iter().skip(from) {
        add_text(step, extra.text);
    }
    super::step::note_rest(step, record, &[]);
}
