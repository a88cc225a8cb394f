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
    /// What is wrong with it or with a record inside it: it was cut off by the truncation character, does not end, or
    /// has a field that cannot be read.
    pub(super) fault: Option<Box<ConvertError>>,
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

    /// Notes that it was not written to its end, unless it has a fault already.
    fn cut(&mut self) {
        let what = match self.kind {
            "@BATCH" => "batch",
            "@BTEST" => "board",
            _ => "record",
        };
        let what = format!("the {what} that begins here was not written to its end");
        let fault = || Box::new(ConvertError::at(self.line, what));
        self.fault.get_or_insert_with(fault);
    }
}

/// The records of a file that stand in no other, and what stands between them in place of a record.
pub(super) type Top<'a> = Vec<Result<Record<'a>, ConvertError>>;

/// Puts the record that is open innermost into the one around it, which has its fault, too. A batch has a fault of its own
/// alone: its other boards are whole.
fn close<'a>(open: &mut Vec<Record<'a>>, top: &mut Top<'a>) {
    let Some(done) = open.pop() else { return };
    match open.last_mut() {
        Some(around) => {
            if around.kind != "@BATCH" && around.fault.is_none() {
                around.fault.clone_from(&done.fault);
            }
            around.children.push(done);
        }
        None => top.push(Ok(done)),
    }
}

/// Ends the records that are open beyond so many: they were cut off. Their fields are valid, the rest is missing.
fn end<'a>(open: &mut Vec<Record<'a>>, keep: usize, top: &mut Top<'a>) {
    // The outer one first: its own fault says more than that of what stands in it.
    open.iter_mut().skip(keep).for_each(Record::cut);
    while open.len() > keep {
        close(open, top);
    }
}

/// How many of the records that are open can have another of this kind inside them: a batch stands in nothing, a board in
/// nothing but a batch that the truncation character has not ended.
fn around(kind: &str, open: &[Record<'_>]) -> usize {
    let in_batch = open
        .first()
        .is_some_and(|outer| outer.kind == "@BATCH" && outer.fault.is_none());
    match kind {
        "@BATCH" => 0,
        "@BTEST" => usize::from(in_batch),
        _ => open.len(),
    }
}

/// Reads all records of a file, and gives the first line that holds text outside of them.
pub(super) fn all_records(text: &str) -> Result<(Top<'_>, Option<usize>), ConvertError> {
    let mut reader = Reader {
        rest: text,
        line: 1,
        count: 0,
        stray: None,
    };
    let mut top = Top::new();
    let mut open: Vec<Record<'_>> = Vec::new();
    while let Some(c) = reader.next_sign() {
        match (c, open.last_mut()) {
            ('{', _) => {
                let record = reader.begin()?;
                let keep = around(record.kind, &open);
                end(&mut open, keep, &mut top);
                if open.len() == DEEPEST {
                    let what = format!("records stand deeper than {DEEPEST} in each other");
                    return Err(ConvertError::at(record.line, what));
                }
                open.push(record);
            }
            ('}', Some(_)) => close(&mut open, &mut top),
            ('|' | '~' | '\\', Some(record)) => {
                if let Err(error) = reader.field(c, record) {
                    record.fault.get_or_insert(Box::new(error));
                }
            }
            // The truncation character.
            (_, Some(record)) => record.cut(),
            // The first fault between two records is enough.
            (c, None) if top.last().is_none_or(Result::is_ok) => {
                let what = match c {
                    '}' => "a record ends that did not begin",
                    '\u{4}' => "a record was not written to its end, and not begun",
                    _ => "a field stands outside of a record",
                };
                top.push(Err(ConvertError::at(reader.line, what)));
            }
            (_, None) => {}
        }
    }
    end(&mut open, 0, &mut top);
    Ok((top, reader.stray))
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
    fn begin(&mut self) -> Result<Record<'a>, ConvertError> {
        self.count += 1;
        if self.count > MOST {
            return Err(ConvertError::at(self.line, format!("more than {MOST} records")));
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
                let line = self.line;
                let count = self.until(&SPECIAL).trim();
                if count.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Ok(());
                }
                return Err(Cell::named(count, line, "list").expected("the number of its items"));
            }
            // `|~5|a{b}c`: a literal field in place of a normal one.
            _ if self.rest.starts_with('~') => {
                self.take(1);
                self.literal()?
            }
            _ => {
                let text = self.plain();
                let mut below = text.trim().lines().skip(1);
                if below.any(|line| line.trim_start().starts_with('@')) {
                    return Err(Cell::named(text, line, "field").expected("no record without its {"));
                }
                text
            }
        };
        let place = record.fields.len() + 1;
        record.fields.push(Cell::new(text, line, place));
        Ok(())
    }

    /// A field up to the next special character. A backslash is one where the number of items of a list follows; before
    /// anything else it is a part of the text, as in `C:\boards`.
    fn plain(&mut self) -> &'a str {
        let mut end = 0;
        loop {
            let rest = self.rest.get(end..).unwrap_or_default();
            end += rest.find(SPECIAL).unwrap_or(rest.len());
            let behind = self.rest.get(end..).and_then(|rest| rest.strip_prefix('\\'));
            let word = behind.map(|behind| behind.split(SPECIAL).next().unwrap_or(behind).trim());
            if word.is_none_or(|word| word.bytes().all(|byte| byte.is_ascii_digit())) {
                return self.take(end);
            }
            end += 1;
        }
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
        let bytes = self.rest.char_indices().nth(length).ok_or_else(fault)?.0;
        Ok(self.take(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The records of a text without a fault between them.
    fn records(text: &str) -> Vec<Record<'_>> {
        let (top, _) = all_records(text).unwrap();
        top.into_iter().map(Result::unwrap).collect()
    }

    #[test]
    fn literal_fields_and_lists_are_read() {
        let all = records("{@RPT~12|!$%(test)|!|}\n{@PF|2\n{@PIN\\2|11434|22216}}{@DPIN|U12\\4|N17|8|GND|3}");
        assert_eq!(all.len(), 3);
        assert_eq!(all[0].field(0).text, "!$%(test)|!|");
        assert_eq!((all[1].children[0].kind, all[1].children[0].line), ("@PIN", 3));
        assert_eq!(all[1].children[0].fields.len(), 2);
        assert_eq!(all[2].text(), "DPIN U12 N17 8 GND 3");
    }

    #[test]
    fn a_backslash_that_begins_no_list_is_text() {
        let all = records("{@BATCH|C:\\boards\\x1|7{@PIN\\2|11|22}}");
        let fields: Vec<_> = all[0].fields.iter().map(|field| field.text).collect();
        assert_eq!(fields, ["C:\\boards\\x1", "7"]);
        assert_eq!(all[0].children[0].fields.len(), 2);
        let fault = records("{@PIN\\two|11}")[0].fault.as_ref().unwrap().to_string();
        assert_eq!(
            fault,
            "line=1: list: expected the number of its items, found \"two\""
        );
    }

    #[test]
    fn an_interrupted_file_is_said_to_be_truncated() {
        let all = records("{@BATCH|P{@BTEST|S|0{@BLOCK|R1|0\u{4}");
        let board = &all[0].children[0];
        assert!(all[0].fault.is_some() && board.fault.is_some() && board.children[0].fault.is_some());
        for text in ["{@RPT~x|y}", "{@RPT~9|y}", "{@RPT~9"] {
            let fault = records(text)[0].fault.as_ref().unwrap().to_string();
            assert!(
                fault.starts_with("line=1: literal field: expected its length"),
                "{fault}"
            );
        }
        let deep = "{a".repeat(30);
        assert!(
            all_records(&deep)
                .unwrap_err()
                .to_string()
                .contains("deeper than 20")
        );
    }

    #[test]
    fn what_stands_between_records_is_a_fault_once() {
        let (top, stray) = all_records("{a}\nx\n}}|y\n{b}").unwrap();
        let kinds: Vec<_> = top
            .iter()
            .map(|item| item.as_ref().map(|record| record.kind))
            .collect();
        let fault = ConvertError::at(3, "a record ends that did not begin");
        assert_eq!((kinds, stray), (vec![Ok("a"), Err(&fault), Ok("b")], Some(2)));
    }

    #[test]
    fn a_board_and_a_batch_end_what_a_lost_brace_left_open() {
        let all = records("{@BATCH|P{@BTEST|A{@BLOCK|1}{@BTEST|B}}");
        let [a, b] = all[0].children.as_slice() else {
            panic!("{all:?}")
        };
        assert!(a.fault.is_some() && b.fault.is_none() && all[0].fault.is_none());
        let all = records("{@BATCH|P{@BTEST|A}{@BATCH|P{@BTEST|B}}");
        assert!(all[0].fault.is_some() && all[0].children[0].fault.is_none());
        assert!(all[1].fault.is_none() && all[1].children[0].fault.is_none());
        // Whether the part number is whole, nobody knows.
        let (top, _) = all_records("{@BATCH|P\u{4}{@BTEST|A}}").unwrap();
        assert!(top[0].as_ref().unwrap().fault.is_some() && top[0].as_ref().unwrap().children.is_empty());
        assert_eq!(top[1].as_ref().unwrap().kind, "@BTEST");
        assert!(top[2].is_err());
    }
}
