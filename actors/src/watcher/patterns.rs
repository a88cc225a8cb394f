//! Patterns of file names, such as `*.log`.
//!
//! | in a pattern | stands for |
//! | --- | --- |
//! | `*` | any letters, none too |
//! | `?` | one letter |
//! | `[a-z_]`, `[!0-9]` | one letter of these, or none of these |
//! | `{csv,txt}` | either; may hold patterns, also in braces |
//! | `\` | takes its meaning from the letter after it |
//!
//! A name is bytes; those that are no UTF-8 count as a letter each.

use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Most alternatives that the braces of a pattern may make.
const MAX_ALTERNATIVES: usize = 256;

/// A set of patterns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Patterns(Vec<Vec<Token>>);

/// Why a text is no pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatternError {
    /// A `[` without a `]`, or one that holds nothing.
    Class,
    /// A range that runs backwards, such as `[z-a]`.
    Range,
    /// A `{` without a `}`, or the other way round.
    Braces,
    /// A `\` at the end.
    Escape,
    /// Braces make too many alternatives.
    Alternatives,
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Class => f.write_str("a [ needs letters and a ]"),
            Self::Range => f.write_str("a range such as a-z runs backwards"),
            Self::Braces => f.write_str("each { needs a }, and each } a {"),
            Self::Escape => f.write_str("a \\ at the end takes the meaning of nothing"),
            Self::Alternatives => write!(f, "its braces make more than {MAX_ALTERNATIVES} alternatives"),
        }
    }
}

impl std::error::Error for PatternError {}

/// What matches one letter, or any number.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Any,
    One,
    Letter(char),
    Class {
        inverted: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Token {
    /// Whether it stands for this letter. None is a byte that is no UTF-8.
    fn takes(&self, letter: Option<char>) -> bool {
        match self {
            Self::Any | Self::One => true,
            Self::Letter(own) => Some(*own) == letter,
            Self::Class { inverted, ranges } => {
                let listed = letter.is_some_and(|letter| {
                    ranges
                        .iter()
                        .any(|(first, last)| (*first..=*last).contains(&letter))
                });
                listed != *inverted
            }
        }
    }
}

impl Patterns {
    /// A set of these patterns.
    ///
    /// # Errors
    ///
    /// When one of them is none.
    pub fn new<S: AsRef<str>>(patterns: impl IntoIterator<Item = S>) -> Result<Self, PatternError> {
        let mut all = Vec::new();
        for pattern in patterns {
            let mut letters = pattern.as_ref().chars();
            all.append(&mut alternatives(&mut letters, false)?);
        }
        Ok(Self(all))
    }

    /// Whether a file of this name is meant.
    pub fn is_match(&self, name: impl AsRef<Path>) -> bool {
        let letters = letters(name.as_ref().as_os_str().as_bytes());
        self.0.iter().any(|tokens| matches(tokens, &letters))
    }
}

/// The letters of a name.
fn letters(name: &[u8]) -> Vec<Option<char>> {
    let mut all = Vec::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        all.extend(chunk.valid().chars().map(Some));
        all.extend(chunk.invalid().iter().map(|_| None));
    }
    all
}

/// Reads a pattern, or what stands in braces until their end: every alternative of it.
fn alternatives(letters: &mut std::str::Chars<'_>, braced: bool) -> Result<Vec<Vec<Token>>, PatternError> {
    let mut done = Vec::new();
    let mut open = vec![Vec::new()];
    while let Some(letter) = letters.next() {
        let token = match letter {
            '*' => Token::Any,
            '?' => Token::One,
            '[' => class(letters)?,
            '{' => {
                let inner = alternatives(letters, true)?;
                open = each_with_each(&open, &inner)?;
                continue;
            }
            ',' if braced => {
                done.append(&mut std::mem::replace(&mut open, vec![Vec::new()]));
                continue;
            }
            '}' if braced => {
                done.append(&mut open);
                return Ok(done);
            }
            '}' => return Err(PatternError::Braces),
            '\\' => Token::Letter(letters.next().ok_or(PatternError::Escape)?),
            letter => Token::Letter(letter),
        };
        for tokens in &mut open {
            tokens.push(token.clone());
        }
    }
    if braced {
        return Err(PatternError::Braces);
    }
    Ok(open)
}

fn each_with_each(heads: &[Vec<Token>], tails: &[Vec<Token>]) -> Result<Vec<Vec<Token>>, PatternError> {
    if heads.len() * tails.len() > MAX_ALTERNATIVES {
        return Err(PatternError::Alternatives);
    }
    let with = |head: &Vec<Token>, tail: &Vec<Token>| head.iter().chain(tail).cloned().collect();
    Ok(heads
        .iter()
        .flat_map(|head| tails.iter().map(move |tail| with(head, tail)))
        .collect())
}

/// Reads what follows a `[`.
fn class(letters: &mut std::str::Chars<'_>) -> Result<Token, PatternError> {
    let inverted = letters.as_str().starts_with(['!', '^']);
    if inverted {
        letters.next();
    }
    let mut ranges = Vec::new();
    loop {
        let first = match letters.next().ok_or(PatternError::Class)? {
            // The first is a letter like others, as everywhere in patterns.
            ']' if !ranges.is_empty() => return Ok(Token::Class { inverted, ranges }),
            letter => letter,
        };
        let mut ahead = letters.clone();
        let last = match (ahead.next(), ahead.next()) {
            (Some('-'), Some(last)) if last != ']' => {
                *letters = ahead;
                last
            }
            _ => first,
        };
        if last < first {
            return Err(PatternError::Range);
        }
        ranges.push((first, last));
    }
}

/// Whether the tokens stand for all of the letters. Of several `*` only the last is tried anew: what those before it
/// took can stay, so the time is at most tokens times letters.
fn matches(tokens: &[Token], letters: &[Option<char>]) -> bool {
    let (mut token, mut letter) = (0, 0);
    let mut again = None;
    while letter < letters.len() || token < tokens.len() {
        match (tokens.get(token), letters.get(letter)) {
            (Some(Token::Any), _) => {
                again = Some((token, letter + 1));
                token += 1;
            }
            (Some(own), Some(other)) if own.takes(*other) => {
                token += 1;
                letter += 1;
            }
            _ => match again {
                Some((star, next)) if next <= letters.len() => {
                    again = Some((star, next + 1));
                    token = star + 1;
                    letter = next;
                }
                _ => return false,
            },
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use proptest::prelude::*;

    use super::*;

    fn one(pattern: &str) -> Result<Patterns, PatternError> {
        Patterns::new([pattern])
    }

    #[test]
    fn patterns_take_the_names_they_stand_for() {
        for (pattern, taken, left) in [
            (
                "*.log",
                &["a.log", ".log", "a.b.log"][..],
                &["a.log.part", "log", "a.LOG"][..],
            ),
            ("SN?.txt", &["SN1.txt", "SN\u{e4}.txt"], &["SN.txt", "SN12.txt"]),
            ("[a-cx]*[!0-9]", &["a_", "xx"], &["d_", "a1", "a"]),
            (
                "*.{csv,t{x,s}t}",
                &["a.csv", "a.txt", "a.tst"],
                &["a.tt", "a.csvt"],
            ),
            ("*ab*ab*", &["abab", "xabyabz"], &["ab", "aab"]),
            (r"\*[]].\[", &["*].["], &["a].["]),
            ("", &[""], &["a"]),
        ] {
            let patterns = one(pattern).unwrap();
            for name in taken {
                assert!(patterns.is_match(name), "{pattern} {name}");
            }
            for name in left {
                assert!(!patterns.is_match(name), "{pattern} {name}");
            }
        }
        assert!(!Patterns::default().is_match("a"));
    }

    #[test]
    fn a_byte_that_is_no_utf8_is_a_letter() {
        let name = OsStr::from_bytes(b"a\xff.log");
        assert!(one("a?.log").unwrap().is_match(name));
        assert!(one("a[!x]*").unwrap().is_match(name));
        assert!(!one("a[x]*").unwrap().is_match(name));
    }

    #[test]
    fn what_is_no_pattern_is_refused_with_the_reason() {
        for (pattern, error) in [
            ("a[b", PatternError::Class),
            ("a[]", PatternError::Class),
            ("[z-a]", PatternError::Range),
            ("{a,b", PatternError::Braces),
            ("a}", PatternError::Braces),
            ("a\\", PatternError::Escape),
            (&"{a,b}".repeat(9), PatternError::Alternatives),
        ] {
            assert_eq!(one(pattern), Err(error), "{pattern}");
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        let patterns = one(&"*a".repeat(100)).unwrap();
        assert!(!patterns.is_match("a".repeat(99)));
    }

    proptest! {
        /// Another reader of the same language, as a second opinion.
        #[test]
        fn it_agrees_with_globset(pattern in "[ab*?.]{0,8}|[ab]\\{[ab*],[?b]{0,2}\\}|[*a]\\[!?[ab]-[cd]\\]", name in "[abcd.]{0,8}") {
            let theirs = globset::Glob::new(&pattern).unwrap().compile_matcher();
            prop_assert_eq!(one(&pattern).unwrap().is_match(&name), theirs.is_match(&name), "{} {}", pattern, name);
        }
    }
}
