//! Patterns of file names, such as `*.log`.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use fast_glob::{Error, glob_match, validate};

/// A set of patterns. Names are bytes to them: a letter beyond ASCII is several, and none has to be UTF-8.
///
/// | in a pattern | stands for |
/// | --- | --- |
/// | `*` | any bytes, none too |
/// | `?` | one byte |
/// | `[a-z_]`, `[!0-9]` | one byte of these, or none of these |
/// | `{csv,txt}` | either; may hold patterns, also in braces |
/// | `\` | takes its meaning from the byte after it |
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Patterns {
    any_of: Vec<String>,
    /// Names are compared in small letters, which the patterns have then.
    ignore_case: bool,
}

impl Patterns {
    /// A set of these patterns.
    ///
    /// # Errors
    ///
    /// When one of them is none: a bracket or brace is not closed, or braces nest too deep.
    pub fn new<S: AsRef<str>>(patterns: impl IntoIterator<Item = S>) -> Result<Self, Error> {
        let patterns = patterns.into_iter().map(|pattern| {
            let pattern = pattern.as_ref();
            validate(pattern)?;
            // The crate negates by it; here it is a byte like others, and `ignore` says what is not meant.
            let letter = if pattern.starts_with('!') { "\\" } else { "" };
            Ok(format!("{letter}{pattern}"))
        });
        Ok(Self {
            any_of: patterns.collect::<Result<_, _>>()?,
            ignore_case: false,
        })
    }

    /// The same, whatever the case of the letters in a name.
    #[must_use]
    pub fn ignoring_case(self) -> Self {
        Self {
            any_of: self.any_of.iter().map(|pattern| pattern.to_lowercase()).collect(),
            ignore_case: true,
        }
    }

    /// Whether a file of this name is meant.
    pub fn is_match(&self, name: impl AsRef<Path>) -> bool {
        let name = name.as_ref().as_os_str().as_bytes();
        let lower = match std::str::from_utf8(name) {
            _ if !self.ignore_case => None,
            Ok(text) => Some(text.to_lowercase().into_bytes()),
            Err(_) => Some(name.to_ascii_lowercase()),
        };
        let name = lower.as_deref().unwrap_or(name);
        self.any_of.iter().any(|pattern| glob_match(pattern, name))
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    fn one(pattern: &str) -> Patterns {
        Patterns::new([pattern]).unwrap()
    }

    #[test]
    fn patterns_take_the_names_they_stand_for() {
        for (pattern, taken, left) in [
            (
                "*.log",
                &["a.log", ".log", "a.b.log"][..],
                &["a.log.part", "log", "a.LOG"][..],
            ),
            ("SN?.txt", &["SN1.txt", "SN_.txt"], &["SN.txt", "SN12.txt"]),
            ("[a-cx]*[!0-9]", &["a_", "xx"], &["d_", "a1", "a"]),
            (
                "*.{csv,t{x,s}t}",
                &["a.csv", "a.txt", "a.tst"],
                &["a.tt", "a.csvt"],
            ),
            ("*ab*ab*", &["abab", "xabyabz"], &["ab", "aab"]),
            (r"\*[]].\[", &["*].["], &["a].["]),
            ("!*.log", &["!a.log"], &["a.log", "a"]),
        ] {
            let patterns = one(pattern);
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
    fn case_counts_unless_it_is_ignored() {
        for (pattern, name) in [
            ("*.log", "A.LOG"),
            ("[a-c]\u{e4}*", "B\u{c4}x"),
            ("*.LOG", "a.lOg"),
        ] {
            assert!(!one(pattern).is_match(name), "{pattern} {name}");
            assert!(one(pattern).ignoring_case().is_match(name), "{pattern} {name}");
        }
        assert!(!one("[a-c]").ignoring_case().is_match("D"));
    }

    #[test]
    fn a_name_need_not_be_utf8() {
        let name = OsStr::from_bytes(b"a\xff.log");
        assert!(one("a?.log").is_match(name));
        assert!(one("a[!x]*").is_match(name));
        assert!(!one("a[x]*").is_match(name));
    }

    #[test]
    fn what_is_no_pattern_is_refused_with_the_reason() {
        for (pattern, reason) in [
            ("a[b", "unclosed character class at byte 1"),
            ("a[]", "unclosed character class at byte 1"),
            ("{a,b", "unclosed brace"),
            ("a\\", "trailing backslash"),
        ] {
            let error = Patterns::new([pattern]).unwrap_err().to_string();
            assert!(error.starts_with(reason), "{pattern}: {error}");
        }
    }
}
