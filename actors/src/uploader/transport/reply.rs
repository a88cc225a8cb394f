//! Reads a server's answer: id, words, delay, clock.

use std::io::Read;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use serde_json::Value;
use ureq::http::{HeaderMap, Response, header};

use crate::clock;
use crate::messages::transport::Answer;

/// Most bytes read of an answer's body; a WATS server's has a few hundred. What is longer is no receipt.
const MAX_BODY: u64 = 256 * 1024;
/// Most bytes kept of its words.
const MAX_WORDS: usize = 4 * 1024;
/// Bounds of `Retry-After`: a server that says 0 is not to be hammered, one that says a week has its clock wrong.
const RETRY_AFTER: (i64, i64) = (1, 3600);

/// Reads `response` to its end.
pub(super) fn read(response: Response<ureq::Body>) -> std::io::Result<Answer> {
    let (parts, body) = response.into_parts();
    let mut bytes = Vec::new();
    body.into_with_config()
        .reader()
        .take(MAX_BODY)
        .read_to_end(&mut bytes)?;
    let now = Timestamp::from_millisecond(clock::now().0).unwrap_or_default();
    let date = date(&parts.headers, &header::DATE);
    let status = parts.status.as_u16();
    let mut answer = Answer {
        status,
        retry_after: retry_after(&parts.headers, date.unwrap_or(now)),
        clock_ahead_s: date.map(|date| date.as_second() - now.as_second()),
        ..read_body(&bytes)
    };
    if parts.status.is_redirection() {
        let place = text(&parts.headers, &header::LOCATION).unwrap_or("nowhere");
        answer.words = cut(&format!("the server sends us to {place}; correct server.url"));
    }
    Ok(answer)
}

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// A date in the form of RFC 9110 section 5.6.7.
fn date(headers: &HeaderMap, name: &header::HeaderName) -> Option<Timestamp> {
    static PARSER: DateTimeParser = DateTimeParser::new();
    PARSER.parse_timestamp(text(headers, name)?).ok()
}

/// Source: RFC 9110 section 10.2.3. A date counts from the server's own clock.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = text(headers, &header::RETRY_AFTER)?.trim();
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = if digits {
        value.parse().unwrap_or(i64::MAX)
    } else {
        date(headers, &header::RETRY_AFTER)?.as_second() - now.as_second()
    };
    let (least, most) = RETRY_AFTER;
    u64::try_from(seconds.clamp(least, most))
        .ok()
        .map(Duration::from_secs)
}

/// The part of an answer that stands in its body.
fn read_body(bytes: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches('\u{feff}').trim();
    let value: Option<Value> = serde_json::from_str(text).ok();
    let object = match &value {
        Some(Value::Array(list)) => list.first(),
        other => other.as_ref(),
    };
    let member = |names: &[&str]| {
        names
            .iter()
            .filter_map(|name| object?.get(name))
            .find(|member| !member.is_null())
    };
    let id = match (object, member(&["ID", "id", "Id", "uuid", "UUID"])) {
        (_, Some(Value::String(id))) | (Some(Value::String(id)), None) => id.clone(),
        (_, Some(number @ Value::Number(_))) => number.to_string(),
        _ => String::new(),
    };
    let failed = [object, member(&["success", "Success"])].contains(&Some(&Value::Bool(false)))
        || ["error", "Error", "errors", "Errors"]
            .iter()
            .filter_map(|name| object?.get(name))
            .any(|error| !is_void(error));
    let has_details = member(&["ModelState", "modelState", "errors", "details"]).is_some();
    let words = match member(&["message", "Message", "error", "Error", "detail", "title"]) {
        Some(Value::String(words)) if !has_details => words.as_str(),
        _ => text,
    };
    Answer {
        id: cut(&id),
        words: cut(words),
        json: text.is_empty() || value.is_some(),
        fault: failed && id.is_empty(),
        ..Answer::default()
    }
}

/// Whether a member is there and says nothing.
fn is_void(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::Bool(true) => false,
    }
}

/// At most 4 KiB of `text`, at a letter's end.
fn cut(text: &str) -> String {
    let end = (0..=MAX_WORDS.min(text.len()))
        .rev()
        .find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_found_in_each_form_servers_use() {
        for body in [
            r#"{"ID": "a1"}"#,
            r#"{"id": "a1", "x": 1}"#,
            r#"[{"uuid": "a1"}, {"uuid": "a2"}]"#,
            "\u{feff}\"a1\"",
            r#"{"ID": null, "uuid": "a1"}"#,
        ] {
            assert_eq!(read_body(body.as_bytes()).id, "a1", "{body}");
        }
        for body in ["", "{}", "[]", "null", "<html>", "[[1]]"] {
            assert_eq!(read_body(body.as_bytes()).id, "", "{body}");
        }
    }

    #[test]
    fn the_words_are_the_message_or_all_there_is() {
        let words = |body: &str| read_body(body.as_bytes()).words;
        assert_eq!(words(r#"{"Message": "no such operation"}"#), "no such operation");
        let details = r#"{"title": "One or more errors", "errors": {"sn": ["too long"]}}"#;
        assert_eq!(words(details), details);
        assert_eq!(words(" plain words\n"), "plain words");
        assert_eq!(words(&"\u{fc}".repeat(5000)).len(), 4096);
        assert!(!read_body(b"<html>").json);
        assert!(read_body(b"\xff").words.len() <= 4096);
    }

    #[test]
    fn a_body_that_tells_of_a_failure_is_a_fault_unless_it_has_an_id() {
        for body in [
            r#"{"error": "database is locked"}"#,
            r#"{"Errors": [{"sn": "x"}]}"#,
            r#"{"success": false}"#,
            r#"{"Success": false, "error": 5}"#,
            r#"{"error": "", "errors": ["x"]}"#,
            "false",
        ] {
            assert!(read_body(body.as_bytes()).fault, "{body}");
        }
        for body in [
            "",
            "{}",
            "[]",
            "true",
            r#"{"error": null, "errors": []}"#,
            r#"{"ID": "a1", "errors": ["a warning"]}"#,
            r#"{"success": true}"#,
            r#"{"error": 0, "inserted": 1}"#,
        ] {
            assert!(!read_body(body.as_bytes()).fault, "{body}");
        }
    }

    #[test]
    fn a_delay_is_read_in_seconds_and_as_a_date_within_its_bounds() {
        let now: Timestamp = "2026-11-06T08:49:30Z".parse().unwrap();
        let delay = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, value.parse().unwrap());
            retry_after(&headers, now).map(|delay| delay.as_secs())
        };
        assert_eq!(delay("120"), Some(120));
        assert_eq!(delay("0"), Some(1));
        assert_eq!(delay("99999999999999999999"), Some(3600));
        assert_eq!(delay("Fri, 06 Nov 2026 08:49:37 GMT"), Some(7));
        assert_eq!(delay("Fri, 06 Nov 2020 08:49:37 GMT"), Some(1));
        assert_eq!(delay("Fri, 06 Nov 2099 08:49:37 GMT"), Some(3600));
        assert_eq!(delay("soon"), None);
        assert_eq!(delay("-5"), None);
    }
}
