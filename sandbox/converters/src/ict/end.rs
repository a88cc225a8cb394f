//! The beginning and the end of a file.

use crate::rows::{Cell, Field, Site, Unit};
use crate::{Conversion, ConvertError};

/// Gives a unit what its site decided; what the file says later replaces it.
pub(crate) fn decided(
    unit: &mut Unit,
    line: usize,
    part_number: Option<&str>,
    revision: Option<&str>,
    site: Site<'_>,
) -> Result<(), ConvertError> {
    for (field, text) in [(Field::PartNumber, part_number), (Field::Revision, revision)] {
        unit.set(field, Cell::named(text.unwrap_or_default(), line, ""), site)?;
    }
    Ok(())
}

/// Ends a file: one without a report is none of its format, or all its units are damaged.
pub(crate) fn ended(conversion: Conversion, nothing: &str) -> Result<Conversion, ConvertError> {
    if !conversion.reports.is_empty() {
        return Ok(conversion);
    }
    let mut faults = conversion.notes;
    if faults.is_empty() {
        faults.push(nothing.to_owned());
    } else {
        faults.insert(0, "every unit is damaged".to_owned());
    }
    Err(ConvertError::new(faults.join("; ")))
}
