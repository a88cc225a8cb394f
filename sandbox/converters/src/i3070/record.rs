//! The records: `{@A-RES|0|1.0E+02|R1{@LIM2|…}}`. Source: Medalist i3070 Data Formats, chapter 8.

use crate::ConvertError;
use crate::rows::Cell;

/// How deep records may stand in each other; the format itself needs six.
const DEEPEST: usize = 20;

/// The most records of a file: what fits into a child's memory some times over.
const MOST: usize = 1_000_000;

/// One record with the records inside it.
#[derive(Debug, Default)]
pub(super) struct Record<'a> {
    /// `@A-RES`
    pub(super) kind: &'a str,
    /// The fields in their order. Items of a list come one by one, without their count.
    pub(super) fields: Vec<Cell<'a>>,
    pub(super) children: Vec<Record<'a>>,
    pub(super) line: usize,
    /// It was cut off by the truncation character, or does not end.
    pub(super) truncated: bool,
}

impl<'a> Record<'a> {
    /// A field by its place from 0; empty when it is absent.
    pub(super) fn field(&self, at: usize) -> Cell<'a> {
        self.fields.get(at).copied().unwrap_or(Cell::absent(self.line))
    }

    /// A field by its place, under a name for messages.
    pub(super) fn named(&self, at: usize, name: &'a str) -> Cell<'a> {
        Cell {
            name,
            column: 0,
            ..self.field(at)
        }
    }

    /// The record as one line of text, with the records inside it.
    pub(super) fn text(&self) -> String {
        let mut text = self.kind.trim_start_matches('@').to_owned();
        for field in self.fields.iter().filter(|field| !field.is_empty()) {
            text.push(' ');
            text.push_str(field.text);
        }
        text
    }
}

/// Reads all records of a file, and gives the first line that holds text outside of them.
pub(super) fn all_records(text: &str) -> Result<(Vec<Record<'_>>, Option<usize>), ConvertError> {
    let mut reader = Reader {
        rest: text,
        line: 1,
        count: 0,
        stray: None,
    };
    let mut top = Record::default();
    let mut open: Vec<Record<'_>> = Vec::new();
    while let Some(c) = reader.next_sign() {
        match c {
            '{' => {
                let record = reader.begin(open.len())?;
                open.push(record);
            }
            '}' => {
                let Some(done) = open.pop() else {
                    return Err(ConvertError::at(reader.line, "a record ends that did not begin"));
                };
                open.last_mut().unwrap_or(&mut top).children.push(done);
            }
            '|' | '~' | '\\' => {
                let record = open
                    .last_mut()
                    .ok_or_else(|| ConvertError::at(reader.line, "a field stands outside of a record"))?;
                reader.field(c, record)?;
            }
            // The truncation character.
            _ => {
                if let Some(record) = open.last_mut() {
                    record.truncated = true;
                }
            }
        }
    }
    // What does not end was cut off: its fields are valid, the rest is missing.
    while let Some(mut cut) = open.pop() {
        cut.truncated = true;
        open.last_mut().unwrap_or(&mut top).children.push(cut);
    }
    Ok((top.children, reader.stray))
}

/// A text that is read from its start.
struct Reader<'a> {
    rest: &'a str,
    line: usize,
    count: usize,
    /// The first line of text that stands in no record.
    stray: Option<usize>,
}

const SPECIAL: [char; 6] = ['{', '}', '|', '~', '\\', '\u{4}'];

impl<'a> Reader<'a> {
    /// Takes what stands before the first character of a set.
    fn until(&mut self, stops: &[char]) -> &'a str {
        let at = self.rest.find(stops).unwrap_or(self.rest.len());
        self.take(at)
    }

    /// Takes a number of bytes that ends between two characters.
    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.line += taken.bytes().filter(|&byte| byte == b'\n').count();
        self.rest = rest;
        taken
    }

    /// The next special character; what stands between records says nothing to the tester.
    fn next_sign(&mut self) -> Option<char> {
        let line = self.line;
        let between = self.until(&SPECIAL);
        if !between.trim().is_empty() {
            let before = between.len() - between.trim_start().len();
            let breaks = between.bytes().take(before).filter(|&byte| byte == b'\n').count();
            self.stray.get_or_insert(line + breaks);
        }
        let sign = self.rest.chars().next()?;
        self.take(sign.len_utf8());
        Some(sign)
    }

    /// After `{`: the kind.
    fn begin(&mut self, depth: usize) -> Result<Record<'a>, ConvertError> {
        self.count += 1;
        if depth == DEEPEST || self.count > MOST {
            let what = if depth == DEEPEST {
                format!("records stand deeper than {DEEPEST} in each other")
            } else {
                format!("more than {MOST} records")
            };
            return Err(ConvertError::at(self.line, what));
        }
        let line = self.line;
        let kind = self.until(&SPECIAL).trim();
        Ok(Record {
            kind,
            line,
            ..Record::default()
        })
    }

    /// After `|`, `~` or `\`: a field. A list begins with the number of its items, which is checked by nobody: the
    /// items are fields of their own.
    fn field(&mut self, sign: char, record: &mut Record<'a>) -> Result<(), ConvertError> {
        let line = self.line;
        let text = match sign {
            '~' => self.literal()?,
            '\\' => {
                self.until(&SPECIAL);
                return Ok(());
            }
            // `|~5|a{b}c`: a literal field in place of a normal one.
            _ if self.rest.starts_with('~') => {
                self.take(1);
                self.literal()?
            }
            _ => self.until(&SPECIAL),
        };
        let place = record.fields.len() + 1;
        record.fields.push(Cell::new(text, line, place));
        Ok(())
    }

    /// After `~`: a length in characters, `|`, and the text.
    fn literal(&mut self) -> Result<&'a str, ConvertError> {
        let line = self.line;
        let digits = self.until(&SPECIAL);
        let fault = || Cell::named(digits, line, "literal field").expected("its length");
        let length: usize = digits.trim().parse().map_err(|_| fault())?;
        if !self.rest.starts_with('|') {
            return Err(fault());
        }
        self.take(1);
        let bytes = self
            .rest
            .char_indices()
            .nth(length)
            .map_or(self.rest.len(), |(at, _)| at);
        Ok(self.take(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(text: &str) -> Result<Vec<Record<'_>>, ConvertError> {
        all_records(text).map(|(records, _)| records)
    }

    #[test]
    fn literal_fields_and_lists_are_read() {
        let all = records("{@RPT~12|!$%(test)|!|}\n{@PF|2\n{@PIN\\2|11434|22216}}{@DPIN|U12\\4|N17|8|GND|3}")
            .unwrap();
        assert_eq!(all.len(), 3);
        assert_eq!(all[0].field(0).text, "!$%(test)|!|");
        assert_eq!((all[1].children[0].kind, all[1].children[0].line), ("@PIN", 3));
        assert_eq!(all[1].children[0].fields.len(), 2);
        assert_eq!(all[2].text(), "DPIN U12 N17 8 GND 3");
    }

    #[test]
    fn an_interrupted_file_is_said_to_be_truncated() {
        let all = records("{@BATCH|P{@BTEST|S|0{@BLOCK|R1|0\u{4}").unwrap();
        assert!(all[0].children[0].children[0].truncated && all[0].truncated);
        assert_eq!(
            records("x\n}").unwrap_err().to_string(),
            "line=2: a record ends that did not begin"
        );
        assert!(records("{@RPT~x|y}").is_err());
        assert!(
            records(&"{a".repeat(30))
                .unwrap_err()
                .to_string()
                .contains("deeper than 20")
        );
    }
}
