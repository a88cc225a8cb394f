//! Quoted cells: where a quote that nobody closed would take the rows behind it for its text.

use std::borrow::Cow;

use super::parse::line_end;

/// What is wrong with a quoted cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Damage {
    /// Where the cell begins, in bytes.
    pub(super) at: usize,
    pub(super) what: &'static str,
}

const TEXT_BEHIND: &str =
    "a quoted cell begins in this row and its end is followed by text: a quote is too many or too few";
const NO_END: &str = "a quoted cell begins in this row and does not end: the file is incomplete";

/// Finds the cells whose quotes do not fit, and takes their quotes out of the text, byte for byte a blank: the row ends
/// with its line then, and the next is read as one of its own.
pub(super) fn mended(text: &str, delimiter: u8, quote: u8) -> (Cow<'_, str>, Vec<Damage>) {
    let mut bytes = Cow::Borrowed(text.as_bytes());
    let mut damages = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        at = match cell(&bytes, at, delimiter, quote) {
            Ok(end) => end + 1,
            Err(what) => {
                damages.push(Damage { at, what });
                let line = bytes.get(at..).unwrap_or_default();
                let end = at + line_end(line).unwrap_or(line.len());
                let all = bytes.to_mut().get_mut(at..end).unwrap_or_default();
                for byte in all.iter_mut().filter(|byte| **byte == quote) {
                    *byte = b' ';
                }
                end
            }
        };
    }
    let text = match bytes {
        Cow::Borrowed(_) => Cow::Borrowed(text),
        // Only whole ASCII characters were replaced.
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    };
    (text, damages)
}

/// The end of the cell that begins here: where its delimiter, its line end or the file's end is.
fn cell(bytes: &[u8], begin: usize, delimiter: u8, quote: u8) -> Result<usize, &'static str> {
    let is_end = |byte: u8| byte == delimiter || matches!(byte, b'\r' | b'\n');
    let after = |at: usize| bytes.get(at..).unwrap_or_default().iter().copied();
    let to_end = |at: usize| at + after(at).take_while(|&byte| !is_end(byte)).count();
    if bytes.get(begin) != Some(&quote) {
        return Ok(to_end(begin));
    }
    let mut at = begin + 1;
    loop {
        at += after(at).take_while(|&byte| byte != quote).count();
        match bytes.get(at + 1) {
            _ if at >= bytes.len() => return Err(NO_END),
            // Two are one quote of the text.
            Some(&next) if next == quote => at += 2,
            _ => break,
        }
    }
    let end = to_end(at + 1);
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let behind = bytes.get(at + 1..end).unwrap_or_default();
    if behind.iter().all(blank) {
        Ok(end)
    } else {
        Err(TEXT_BEHIND)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_that_fit_are_left_alone() {
        for text in [
            "",
            "a,b\n1,2\n",
            "\"a,b\",\"c\"\"d\"\r\n\"two\nlines\" ,x",
            "disk 3.5\",a\"b\"",
            "\"\",\"\"\"\"",
        ] {
            let (mended, damages) = mended(text, b',', b'"');
            assert_eq!((mended.as_ref(), damages.len()), (text, 0));
        }
    }

    #[test]
    fn a_stray_quote_damages_its_own_line_alone() {
        let (text, damages) = mended("a,\"b,\u{e4}\n\"c\",d\n\"e", b',', b'"');
        assert_eq!(text, "a, b,\u{e4}\n\"c\",d\n e");
        let found: Vec<_> = damages.iter().map(|damage| (damage.at, damage.what)).collect();
        assert_eq!(found, [(2, TEXT_BEHIND), (14, NO_END)]);
    }
}
