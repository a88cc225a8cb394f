//! The table at the end.

use std::io::{self, Write};

/// One line of the table.
#[derive(Debug)]
pub(super) struct Row {
    /// The dropped file.
    pub(super) file: String,
    /// Whose drop folder it was dropped in.
    pub(super) converter: String,
    /// The report's id; a dash for none.
    pub(super) report_id: String,
    /// What became of it.
    pub(super) outcome: String,
    /// From the drop to the receipt.
    pub(super) time: String,
}

impl Row {
    fn cells(&self) -> [&str; 5] {
        [
            &self.file,
            &self.converter,
            &self.report_id,
            &self.time,
            &self.outcome,
        ]
    }
}

/// Writes the table, each column as wide as its widest cell.
pub(super) fn write(out: &mut impl Write, rows: &[Row]) -> io::Result<()> {
    let head = ["FILE", "CONVERTER", "REPORT ID", "TIME", "OUTCOME"];
    let widths: Vec<usize> = head
        .iter()
        .enumerate()
        .map(|(at, title)| {
            let cells = rows
                .iter()
                .filter_map(|row| row.cells().get(at).map(|cell| cell.chars().count()));
            cells.chain([title.len()]).max().unwrap_or_default()
        })
        .collect();
    for cells in std::iter::once(head).chain(rows.iter().map(Row::cells)) {
        let padded: Vec<String> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        writeln!(out, "{}", padded.join("  ").trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_stand_below_each_other() {
        let row = |file: &str| Row {
            file: file.to_owned(),
            converter: "csv".to_owned(),
            report_id: "-".to_owned(),
            outcome: "delivered".to_owned(),
            time: "3 ms".to_owned(),
        };
        let mut out = Vec::new();
        write(&mut out, &[row("a"), row("longer.csv")]).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "FILE        CONVERTER  REPORT ID  TIME  OUTCOME\n\
             a           csv        -          3 ms  delivered\n\
             longer.csv  csv        -          3 ms  delivered\n"
        );
    }
}
