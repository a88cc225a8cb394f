//! The beginning of a file's unit.

use crate::ConvertError;
use crate::rows::{Cell, Field, Site, Unit};

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
