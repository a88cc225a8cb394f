//! JSON on one line, with every number and text as it was spelled.

/// Leaves out the space between the parts of a JSON text.
pub(super) fn on_one_line(json: &str) -> String {
    let mut in_text = false;
    let mut escaped = false;
    let kept = |letter: &char| {
        if in_text {
            in_text = escaped || *letter != '"';
            escaped = !escaped && *letter == '\\';
            return true;
        }
        in_text = *letter == '"';
        !letter.is_ascii_whitespace()
    };
    json.chars().filter(kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn space_goes_and_spelling_stays() {
        let json = "{ \"a b\" : [ 1.50,\n\t1e3 ], \"q\\\\\" : \"x \\\" y\" }\r\n";
        assert_eq!(on_one_line(json), r#"{"a b":[1.50,1e3],"q\\":"x \" y"}"#);
    }
}
