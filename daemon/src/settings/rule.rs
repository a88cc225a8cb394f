//! What a text must look like to be taken at all.

use std::fmt;

/// What a text must look like; what it means together with other keys is checked by its section.
pub(super) struct Rule {
    /// In words, after "allowed is".
    pub(super) allowed: &'static str,
    /// As a regular expression of JSON Schema; empty for none.
    pub(super) pattern: &'static str,
    /// Whether a text keeps it.
    pub(super) holds: fn(&str) -> bool,
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rule").field(&self.allowed).finish()
    }
}

/// One line of at most 100 characters, as the report format allows for a station's name, location and purpose.
/// Source: WSJF schema, `machineName`, `location`, `purpose`.
pub(super) const SHORT: Rule = Rule {
    allowed: "one line of at most 100 characters",
    pattern: r"^[^\u0000-\u001f\u007f]{0,100}$",
    holds: |text| text.chars().count() <= 100 && !text.chars().any(char::is_control),
};

/// One line of at most 4096 characters.
pub(super) const LINE: Rule = Rule {
    allowed: "one line of at most 4096 characters",
    pattern: r"^[^\u0000-\u001f\u007f]{0,4096}$",
    holds: |text| text.chars().count() <= 4096 && !text.chars().any(char::is_control),
};

/// A name that is safe in a path, a metric and the journal.
pub(super) const NAME: Rule = Rule {
    allowed: "a name of 1 to 64 of the characters a-z, 0-9 and -",
    pattern: "^[a-z0-9-]{1,64}$",
    holds: |text| {
        (1..=64).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    },
};

/// A name like [`NAME`], or nothing.
pub(super) const OPTIONAL_NAME: Rule = Rule {
    allowed: "a name of 1 to 64 of the characters a-z, 0-9 and -, or \"\"",
    pattern: "^[a-z0-9-]{0,64}$",
    holds: |text| text.is_empty() || (NAME.holds)(text),
};

/// An absolute path without `.` and `..`, or nothing.
pub(super) const OPTIONAL_PATH: Rule = Rule {
    allowed: "an absolute path without `.` and `..`, or \"\"",
    pattern: "^(/[^\\u0000]*)?$",
    holds: |text| text.is_empty() || (PATH.holds)(text),
};

/// Like [`PATH`], or nothing where the key is left out; that is no choice of its own.
pub(super) const FOLDER: Rule = Rule {
    allowed: PATH.allowed,
    ..OPTIONAL_PATH
};

/// An absolute path without `.` and `..`.
pub(super) const PATH: Rule = Rule {
    allowed: "an absolute path without `.` and `..`",
    pattern: "^/[^\\u0000]*$",
    holds: |text| {
        text.starts_with('/')
            && text.len() < 4096
            && !text.contains('\0')
            && !text.split('/').any(|part| part == "." || part == "..")
    },
};

/// A file's name without a folder, or nothing.
pub(super) const OPTIONAL_FILE_NAME: Rule = Rule {
    allowed: "a file name without a folder, or \"\"",
    pattern: "^[^/\\u0000]{0,255}$",
    holds: |text| text.len() <= 255 && !text.contains(['/', '\0']) && text != "." && text != "..",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_climbs_is_refused() {
        assert!((PATH.holds)("/srv/stationd/ict"));
        for text in ["", "srv", "/srv/../etc", "/srv/./x", "/srv\0"] {
            assert!(!(PATH.holds)(text), "{text:?}");
        }
    }

    #[test]
    fn a_name_has_small_letters_digits_and_dashes() {
        assert!((NAME.holds)("ict-2"));
        for text in ["", "ICT", "a_b", "a.b", "ä"] {
            assert!(!(NAME.holds)(text), "{text:?}");
        }
    }
}
