//! What serde says of a value that does not fit, in the words of the other faults of settings:
//! `found "ten", allowed is a whole number from 0 to 4294967295`.

/// The same in those words; what serde does not say of a value stays as it is.
pub(crate) fn worded(error: &str) -> String {
    said_of_value(error)
        .or_else(|| said_of_word(error))
        .unwrap_or_else(|| error.to_owned())
}

/// Source: serde 1, `de::Error::invalid_type` and `invalid_value`.
fn said_of_value(error: &str) -> Option<String> {
    let rest = ["invalid type: ", "invalid value: "]
        .iter()
        .find_map(|start| error.strip_prefix(start))?;
    // What was found may hold these words too.
    let (found, expected) = rest.rsplit_once(", expected ")?;
    Some(format!("found {}, allowed is {}", value(found), kind(expected)))
}

/// Source: serde 1, `de::Error::unknown_variant`.
fn said_of_word(error: &str) -> Option<String> {
    let rest = error.strip_prefix("unknown variant `")?;
    let (found, expected) = rest.rsplit_once("`, expected ")?;
    let words = expected.strip_prefix("one of ").unwrap_or(expected);
    let words = words.replace("`, `", "` or `").replace('`', "\"");
    Some(format!("found {found:?}, allowed is {words}"))
}

/// Source: serde 1, `Display` of `de::Unexpected`.
fn value(found: &str) -> String {
    match found {
        "map" => "a table".to_owned(),
        "sequence" => "a list".to_owned(),
        "null" | "unit value" => "nothing".to_owned(),
        found => {
            let bare = ["integer `", "floating point `", "boolean `"]
                .iter()
                .find_map(|kind| found.strip_prefix(kind)?.strip_suffix('`'));
            bare.or(found.strip_prefix("string ")).unwrap_or(found).to_owned()
        }
    }
}

/// Source: serde 1, `Expected` of the types that arguments have.
fn kind(expected: &str) -> &str {
    match expected {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number from 0",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a string" | "a borrowed string" => "a text",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "a table",
        "string or map" => "one of its words",
        // The name of a type says nothing to anybody outside.
        named if named.starts_with("struct ") => "a table",
        named if named.starts_with("enum ") => "one of its words",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_does_not_fit_is_said_in_the_words_of_settings() {
        for (serde, people) in [
            (
                "invalid type: string \"ten\", expected u32",
                "found \"ten\", allowed is a whole number from 0 to 4294967295",
            ),
            (
                "invalid value: integer `-1`, expected u8",
                "found -1, allowed is a whole number from 0 to 255",
            ),
            (
                "invalid type: string \"x, expected u8\", expected a boolean",
                "found \"x, expected u8\", allowed is true or false",
            ),
            (
                "invalid type: map, expected a string",
                "found a table, allowed is a text",
            ),
            (
                "invalid type: floating point `1.5`, expected struct CsvColumns",
                "found 1.5, allowed is a table",
            ),
            (
                "unknown variant `a b`, expected one of `x`, `y`, `z`",
                "found \"a b\", allowed is \"x\" or \"y\" or \"z\"",
            ),
            (
                "unknown variant `a`, expected `x` or `y`",
                "found \"a\", allowed is \"x\" or \"y\"",
            ),
            ("\"GOOD\" is mapped to \"fine\"", "\"GOOD\" is mapped to \"fine\""),
        ] {
            assert_eq!(worded(serde), people);
        }
    }
}
