//! From bytes to the tree. Entities of a document type are refused, and nothing outside the file is ever asked for.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::Element;
use crate::ConvertError;
use crate::text::decode_as;

/// The deepest nesting of elements.
const DEEPEST: usize = 200;

/// The most elements and attributes: what fits into a child's memory some times over.
const MOST_NODES: usize = 1_000_000;

/// Reads a document. The encoding is that of the byte order mark, else the declaration's, else UTF-8.
pub(crate) fn parse(input: &[u8]) -> Result<Element, ConvertError> {
    let text = decode_as(input, declared(input).as_deref(), Some("the XML declaration"))?;
    let mut tree = Tree {
        text: &text,
        open: Vec::new(),
        root: None,
        nodes: 0,
        line: 1,
        counted: 0,
    };
    let mut reader = Reader::from_str(&text);
    loop {
        let before = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(error) => {
                let at = usize::try_from(reader.error_position()).unwrap_or(usize::MAX);
                return Err(ConvertError::at(tree.line_at(at), format!("not XML: {error}")));
            }
        };
        match event {
            Event::Start(start) => tree.begin(&start, before, false)?,
            Event::Empty(start) => tree.begin(&start, before, true)?,
            Event::End(_) => tree.end(),
            Event::Text(text) => tree.push(&text.xml10_content(), before)?,
            Event::CData(text) => tree.push(&text.xml10_content(), before)?,
            Event::GeneralRef(entity) => {
                let known = match entity.resolve_char_ref() {
                    Ok(Some(c)) => Some(c.to_string()),
                    Ok(None) => quick_xml::escape::resolve_predefined_entity(&entity).map(str::to_owned),
                    Err(_) => None,
                };
                let Some(known) = known else {
                    let what = format!("unknown entity &{};", stationd_report::Excerpt::of(&entity));
                    return Err(ConvertError::at(tree.line_at(before), what));
                };
                tree.push(&known, before)?;
            }
            Event::DocType(kind) if kind.contains('[') => {
                return Err(ConvertError::at(
                    tree.line_at(before),
                    "a document type with declarations is refused",
                ));
            }
            Event::DocType(_) | Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
            Event::Eof => break,
        }
    }
    if let Some(open) = tree.open.last() {
        return Err(ConvertError::at(
            open.line,
            format!("<{}> does not end: the file is incomplete", open.name),
        ));
    }
    tree.root.ok_or_else(|| ConvertError::new("no XML element"))
}

/// The encoding of the XML declaration, as far as its bytes are ASCII. One that says UTF-16 then belongs to the program's
/// texts in memory, and the file is UTF-8: .NET writes such files. Source: the same rule of the WHATWG's HTML standard for
/// its encoding declarations.
fn declared(input: &[u8]) -> Option<String> {
    let head = input.get(..200).unwrap_or(input);
    let head: String = head
        .iter()
        .take_while(|byte| byte.is_ascii())
        .map(|&byte| char::from(byte))
        .collect();
    let declaration = head.trim_start().strip_prefix("<?xml")?.split("?>").next()?;
    let value = declaration
        .split("encoding")
        .nth(1)?
        .trim_start()
        .strip_prefix('=')?
        .trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let label = value.split(quote).nth(1)?;
    (!label.to_ascii_lowercase().starts_with("utf-16")).then(|| label.to_owned())
}

struct Tree<'t> {
    text: &'t str,
    /// The elements that are open, outermost first.
    open: Vec<Element>,
    root: Option<Element>,
    nodes: usize,
    /// Line of the byte `counted`.
    line: usize,
    counted: usize,
}

impl Tree<'_> {
    /// The line of a byte; bytes are asked for in their order.
    fn line_at(&mut self, at: usize) -> usize {
        let at = at.min(self.text.len());
        let between = self.text.as_bytes().get(self.counted..at).unwrap_or_default();
        self.line += between.split(|&byte| byte == b'\n').count() - 1;
        self.counted = self.counted.max(at);
        self.line
    }

    fn begin(&mut self, start: &BytesStart<'_>, at: usize, empty: bool) -> Result<(), ConvertError> {
        let line = self.line_at(at);
        let fault = |what: String| Err(ConvertError::at(line, what));
        if self.open.len() == DEEPEST {
            return fault(format!("elements stand deeper than {DEEPEST} in each other"));
        }
        if self.open.is_empty() && self.root.is_some() {
            return fault("a second root element".to_owned());
        }
        let mut element = Element {
            name: start.local_name().as_ref().to_owned(),
            line,
            ..Element::default()
        };
        for attribute in start.attributes() {
            let (name, value) = match attribute
                .map_err(|error| error.to_string())
                .and_then(|attribute| {
                    let value = attribute
                        .normalized_value(XmlVersion::Implicit1_0)
                        .map_err(|error| error.to_string())?;
                    Ok((attribute.key.as_ref().to_owned(), value.into_owned()))
                }) {
                Ok(found) => found,
                Err(error) => return fault(format!("not XML: <{}>: {error}", element.name)),
            };
            element.attributes.push((name, value));
        }
        self.nodes += 1 + element.attributes.len();
        if self.nodes > MOST_NODES {
            return fault(format!("more than {MOST_NODES} elements and attributes"));
        }
        self.open.push(element);
        if empty {
            self.end();
        }
        Ok(())
    }

    fn end(&mut self) {
        let Some(element) = self.open.pop() else { return };
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
    }

    fn push(&mut self, text: &str, at: usize) -> Result<(), ConvertError> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => {
                return Err(ConvertError::at(
                    self.line_at(at),
                    "text outside of the XML element",
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_texts_and_attributes_are_read() {
        let root = parse(
            b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- c --><a:r xmlns:a='u' x='1 &lt; &#181;'>\n <b>t&amp;<![CDATA[<u>]]></b><b/></a:r>\n",
        )
        .unwrap();
        assert_eq!((root.name.as_str(), root.line), ("r", 2));
        assert_eq!(root.attribute("x").text, "1 < \u{b5}");
        assert_eq!(root.children("b").count(), 2);
        assert_eq!(
            (
                root.child("b").unwrap().text().text,
                root.child("b").unwrap().line
            ),
            ("t&<u>", 3)
        );
    }

    #[test]
    fn the_declared_encoding_is_used() {
        let root = parse(b"<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><r u=\"\xb5A\"/>").unwrap();
        assert_eq!(root.attribute("u").text, "\u{b5}A");
        let utf16: Vec<u8> = std::iter::once(0xfeff)
            .chain("<?xml version='1.0' encoding='utf-16'?><r/>".encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(parse(&utf16).unwrap().name, "r");
        let not_so = "<?xml version='1.0' encoding='UTF-16LE'?><r u='µ'/>";
        assert_eq!(parse(not_so.as_bytes()).unwrap().attribute("u").text, "µ");
    }

    #[test]
    fn bombs_and_broken_files_are_refused_with_their_line() {
        let deep = "<a>".repeat(10_000);
        for (input, reason) in [
            (&b""[..], "the file is empty"),
            (b"<a>\n<b></a>", "line=2: not XML"),
            (b"<a>\n<b>", "line=2: <b> does not end"),
            (
                b"<?xml version='1.0'?>\n<a x='\xb5'/>",
                "line=2: not UTF-8 at byte offset 28; the XML declaration must name another",
            ),
            (
                b"<?xml version='1.0' encoding='klingon'?><a/>",
                "the XML declaration names the unknown encoding \"klingon\"",
            ),
            (b"<a x=1/>", "line=1: not XML: <a>"),
            (b"<a x='1' x='2'/>", "line=1: not XML: <a>"),
            (b"text", "line=1: text outside"),
            (b"<a/>\n<a/>", "line=2: a second root element"),
            (
                b"<!DOCTYPE a [<!ENTITY x 'xxxx'>]><a>&x;</a>",
                "line=1: a document type with declarations",
            ),
            (
                b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a>&x;</a>",
                "line=1: unknown entity &x;",
            ),
            (deep.as_bytes(), "deeper than 200"),
        ] {
            let found = parse(input).unwrap_err().to_string();
            assert!(found.contains(reason), "{reason}: {found}");
        }
    }
}
