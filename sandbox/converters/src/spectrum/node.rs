//! The file as a tree: `(KEY: text (KEY: text) "text")`.

use crate::ConvertError;
use crate::rows::Cell;

/// How deep nodes may stand in each other; real files have seven.
const DEEPEST: usize = 20;

/// The most nodes of a file: what fits into a child's memory some times over.
const MOST: usize = 1_000_000;

/// A node.
#[derive(Debug, Default)]
pub(super) struct Node<'a> {
    pub(super) key: &'a str,
    /// The first text inside it, without quotes.
    pub(super) text: &'a str,
    /// Further texts inside it.
    pub(super) more: Vec<&'a str>,
    pub(super) children: Vec<Node<'a>>,
    pub(super) line: usize,
}

impl<'a> Node<'a> {
    /// Its text as a cell.
    pub(super) fn cell(&self) -> Cell<'a> {
        Cell::named(self.text, self.line, self.key)
    }

    /// The first child of a key.
    pub(super) fn child(&self, key: &str) -> Option<&Node<'a>> {
        self.children.iter().find(|child| child.key == key)
    }

    /// Sees that no child of these keys stands there twice: the second one would say something else.
    pub(super) fn once(&self, keys: &[&str]) -> Result<(), ConvertError> {
        let mut seen = Vec::new();
        for child in self.children.iter().filter(|child| keys.contains(&child.key)) {
            if seen.contains(&child.key) {
                return Err(child
                    .cell()
                    .expected(&format!("one {} in {}", child.key, self.key)));
            }
            seen.push(child.key);
        }
        Ok(())
    }

    /// The text of a child; empty when there is none.
    pub(super) fn value(&self, key: &'a str) -> Cell<'a> {
        self.child(key)
            .map_or(Cell::named("", self.line, key), Node::cell)
    }

    /// The node as one line, with what stands inside it.
    pub(super) fn line_of_text(&self) -> String {
        // Text outside of all nodes has no key.
        let mut text = match (self.key, self.text) {
            ("", text) => text.to_owned(),
            (key, "") => format!("{key}:"),
            (key, text) => format!("{key}: {text}"),
        };
        for more in &self.more {
            text.push(' ');
            text.push_str(more);
        }
        for child in &self.children {
            text.push(' ');
            let name = matches!(child.key, "VAL" | "SCALE" | "UNIT" | "TPNUM" | "TPNAME");
            text.push_str(if name { child.text } else { "" });
            if !name {
                text.push_str(&child.line_of_text());
            }
        }
        text
    }
}

/// Reads a text that begins in a line. A bracket without a key and a colon is part of the text around it, in which it must
/// be closed: `(PROG_NAME: C:\Program Files (x86)\a.exe)`.
pub(super) fn nodes(text: &str, mut line: usize) -> Result<Vec<Node<'_>>, ConvertError> {
    let mut top = Node::default();
    let mut open: Vec<Node<'_>> = Vec::new();
    let (mut rest, mut count) = (text, 0);
    while let Some(at) = next_sign(rest, line, !open.is_empty())? {
        let (before, more) = rest.split_at_checked(at).unwrap_or((rest, ""));
        take_text(&mut open, before, &mut top, line);
        let (sign, after) = more.split_at_checked(1).unwrap_or((more, ""));
        rest = after;
        match sign {
            "(" => {
                let Some((key, after)) = key(rest) else {
                    let found = rest.lines().next().unwrap_or_default();
                    return Err(Cell::named(found, line, "").expected("a key and a colon after ("));
                };
                count += 1;
                if open.len() == DEEPEST || count > MOST {
                    return Err(ConvertError::at(
                        line,
                        format!("more than {MOST} nodes, or more than {DEEPEST} in each other"),
                    ));
                }
                rest = after;
                open.push(Node {
                    key: key.trim(),
                    line,
                    ..Node::default()
                });
            }
            ")" => {
                let done = open
                    .pop()
                    .ok_or_else(|| ConvertError::at(line, "a ) that closes nothing"))?;
                open.last_mut().unwrap_or(&mut top).children.push(done);
            }
            "\"" => {
                let Some((quoted, after)) = rest.split_once('"') else {
                    return Err(ConvertError::at(line, "a quoted text does not end"));
                };
                take_text(&mut open, quoted, &mut top, line);
                line += quoted.bytes().filter(|&byte| byte == b'\n').count();
                rest = after;
            }
            _ => line += 1,
        }
    }
    take_text(&mut open, rest, &mut top, line);
    match open.first() {
        Some(cut) => Err(ConvertError::at(
            cut.line,
            format!("({}: does not end: the file is incomplete", cut.key),
        )),
        None => Ok(top.children),
    }
}

/// Where the next sign stands that is no bracket of a text. A text in a node has brackets of its own, closed in the same
/// piece of it.
fn next_sign(rest: &str, line: usize, in_node: bool) -> Result<Option<usize>, ConvertError> {
    let mut brackets = 0_usize;
    for (at, sign) in rest.match_indices(['(', ')', '"', '\n']) {
        let after = rest.get(at + 1..).unwrap_or_default();
        match sign {
            "(" if in_node && key(after).is_none() => brackets += 1,
            ")" if brackets > 0 => brackets -= 1,
            _ if brackets > 0 => return Err(ConvertError::at(line, "a ( in a text is not closed")),
            _ => return Ok(Some(at)),
        }
    }
    Ok(None)
}

/// The key of a node after its bracket, and what follows its colon.
fn key(after: &str) -> Option<(&str, &str)> {
    let end = after.find([':', '(', ')', '"', '\n'])?;
    let (key, after) = after.split_at_checked(end)?;
    Some((key, after.strip_prefix(':')?))
}

/// Gives the innermost node its text; commas between nodes say nothing. Text outside of all nodes is a node without a key.
fn take_text<'a>(open: &mut [Node<'a>], text: &'a str, top: &mut Node<'a>, line: usize) {
    let text = text.trim();
    if text.is_empty() || text == "," {
        return;
    }
    match open.last_mut() {
        Some(node) if node.text.is_empty() => node.text = text,
        Some(node) => node.more.push(text),
        None => top.children.push(Node {
            text,
            line,
            ..Node::default()
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_may_hold_brackets() {
        let all = nodes(
            "(STEP:\n (SNAME: \"A (1)\") (MEAS: (TPNUM: 5) , \n (TPNUM: 6)) (STAT: PASS))",
            1,
        )
        .unwrap();
        assert_eq!(all[0].value("SNAME").text, "A (1)");
        assert_eq!(all[0].value("STAT").line, 3);
        assert_eq!(all[0].child("MEAS").unwrap().line_of_text(), "MEAS: 5 6");
    }

    #[test]
    fn a_text_may_hold_brackets_that_it_closes() {
        let all = nodes("(A: C:\\Program Files (x86)\\T (1)\\a.exe) (B: 1)", 1).unwrap();
        assert_eq!(all[0].text, "C:\\Program Files (x86)\\T (1)\\a.exe");
        assert_eq!(all[1].text, "1");
    }

    #[test]
    fn broken_files_name_their_line() {
        for (text, reason) in [
            ("(A: 1)\n(B: (C: 2)", "line=2: (B: does not end"),
            ("\n)", "line=2: a ) that closes nothing"),
            ("(A: \"x", "line=1: a quoted text does not end"),
            ("(A)", "line=1: expected a key and a colon after (, found \"A)\""),
            ("(A: (x86\n)", "line=1: a ( in a text is not closed"),
            ("(A: (x86 (B: 1))", "line=1: a ( in a text is not closed"),
        ] {
            let found = nodes(text, 1).unwrap_err().to_string();
            assert!(found.contains(reason), "{found}");
        }
        assert!(nodes(&"(a:".repeat(30), 1).is_err());
    }
}
