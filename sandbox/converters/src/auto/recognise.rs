//! What a file is, by its first bytes and the words that its format cannot do without.

use std::borrow::Cow;

use crate::Format;
use crate::archive::{is_archive, unpack};
use crate::klippel::VERDICT;
use crate::text::decode;

/// How much of a file is looked at, in bytes: every format says what it is before that.
const HEAD: usize = 64 * 1024;

/// The words of a format are there: nothing else is known that has them.
const SURE: f64 = 0.95;

/// Probably it, but other files may look the same.
const LIKELY: f64 = 0.7;

/// The format of a file and how sure that is, 0 to 1.
pub(super) fn recognise(input: &[u8]) -> Option<(Format, f64)> {
    if is_archive(input) {
        if has(input, b"Info.xml") {
            return Some((Format::Xjtag, LIKELY));
        }
        let files = unpack(input).ok()?;
        let klippel = files.iter().any(|file| has(&file.content, VERDICT.as_bytes()));
        return klippel.then_some((Format::Klippel, LIKELY));
    }
    if input.starts_with(b"\x1f\x8b") {
        return Some((Format::Stdf, LIKELY));
    }
    // The first record says the byte order: length 2, type 0, subtype 10.
    if matches!(input.get(..4), Some([2, 0, 0, 10] | [0, 2, 0, 10])) {
        return Some((Format::Stdf, SURE));
    }
    let head = text(input);
    let head = head.trim_start();
    match head.chars().next()? {
        '<' => xml(head),
        '{' if head.starts_with("{@") => Some((Format::I3070, SURE)),
        '{' | '[' => json(head),
        _ => plain(head),
    }
}

/// The beginning as text. Bytes that have no meaning do not matter here; the parser will name them.
fn text(input: &[u8]) -> Cow<'_, str> {
    let head = input.get(..HEAD).unwrap_or(input);
    let even = head.get(..head.len() - head.len() % 2).unwrap_or(head);
    match decode(even, None) {
        Ok(text) => Cow::Owned(text.into_owned()),
        Err(_) => String::from_utf8_lossy(head),
    }
}

fn has(input: &[u8], word: &[u8]) -> bool {
    input.windows(word.len()).any(|window| window == word)
}

/// By the root element, and by what else distinguishes formats with the same one.
fn xml(head: &str) -> Option<(Format, f64)> {
    let tag = root(head)?;
    let name = name(tag);
    let holds = |word: &str| head.contains(word);
    Some(match name {
        "testsuites" | "testsuite" => (Format::Junit, SURE),
        "UnitReport" => (Format::SigmaQuest, SURE),
        "testrun" if holds("<testgroup") => (Format::Xjtag, SURE),
        "Panel" if holds("<Image") => (Format::Saki, SURE),
        "R" if holds("<BI") && holds("<ST") => (Format::Seica, SURE),
        "TSReport" => (Format::TestStand, SURE),
        "Reports" | "Report" if holds("/WATS/Report/wsxf") => (Format::Wsxf, SURE),
        "Reports" | "Report" if holds("<Prop ") => (Format::TestStand, SURE),
        "Reports" | "Report" if holds("<Step") => (Format::Wsxf, LIKELY),
        "TestResultsCollection" => (Format::Atml, SURE),
        "TestResults" if has_namespace(tag, "1636") || has_namespace(tag, "/ATML/") => (Format::Atml, SURE),
        "TestResults" if holds("<Header") && holds("<ProgramName") => (Format::KeysightTestExec, SURE),
        "TestResults" if holds("<ResultSet") || holds(":ResultSet") => (Format::Atml, LIKELY),
        _ => return None,
    })
}

/// The root element's tag without its brackets: the first one that is no declaration, comment or instruction.
fn root(head: &str) -> Option<&str> {
    let mut rest = head;
    loop {
        let (_, after) = rest.split_once('<')?;
        rest = if let Some(comment) = after.strip_prefix("!--") {
            comment.split_once("-->")?.1
        } else if after.starts_with(['?', '!']) {
            after.split_once('>')?.1
        } else {
            return after.split('>').next();
        };
    }
}

/// The name of a tag without its prefix.
fn name(tag: &str) -> &str {
    let name = tag.split([' ', '\t', '\r', '\n', '/']).next().unwrap_or(tag);
    name.rsplit(':').next().unwrap_or(name)
}

/// Whether a tag names a namespace with this word in it.
fn has_namespace(tag: &str, word: &str) -> bool {
    let mut attributes = tag.split_ascii_whitespace();
    attributes.any(|attribute| attribute.starts_with("xmlns") && attribute.contains(word))
}

fn json(head: &str) -> Option<(Format, f64)> {
    let holds = |words: &[&str]| words.iter().all(|word| head.contains(word));
    if holds(&["\"dut_id\"", "\"outcome\""]) {
        Some((Format::OpenHtf, SURE))
    } else if holds(&["\"processCode\"", "\"pn\"", "\"sn\""]) {
        Some((Format::Wsjf, SURE))
    } else if holds(&["\"outcome\"", "\"dimensions\""]) {
        Some((Format::OpenHtf, LIKELY))
    } else {
        None
    }
}

fn plain(head: &str) -> Option<(Format, f64)> {
    let holds = |words: &[&str]| words.iter().all(|word| head.contains(word));
    if head.starts_with("--Header-Start--") {
        Some((Format::WatsText, SURE))
    } else if holds(&["Cfg_SerialNumber=", "Ctrl_OverallVerdict="]) {
        Some((Format::Klippel, SURE))
    } else if holds(&["(PROGRAM_NAME:", "(STEP:"]) {
        Some((Format::TeradyneSpectrum, SURE))
    } else if head.starts_with('@') && holds(&["D.T:", "G.T:"]) {
        Some((Format::Takaya, SURE))
    } else if head.starts_with("FORMAT;")
        || head.starts_with("START;") && (holds(&["\nANL;"]) || holds(&["\nFUNC;"]))
    {
        Some((Format::Spea, SURE))
    } else if head.to_ascii_lowercase().contains(".obc[") && holds(&["\n@"]) {
        Some((Format::TeradyneGr228x, LIKELY))
    } else {
        None
    }
}
