//! One record as a line for people, and as JSON.

use std::fmt::Write;

use log::kv::{Error, Key, Value, VisitSource};
use log::{Level, Record};
use serde_json::Map;
use stationd_actors::clock;

/// A record taken apart.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) level: Level,
    /// Of this program's roles, or the module of a library.
    pub(super) role: String,
    /// Empty for a library's line.
    pub(super) code: String,
    /// The sentence.
    pub(super) message: String,
    /// Keys and values other than `code`, `cause` and `next`, in their order.
    pub(super) pairs: Vec<(String, String)>,
    pub(super) cause: String,
    pub(super) next: String,
}

impl Line {
    pub(super) fn of(record: &Record<'_>) -> Self {
        let mut line = Self {
            level: record.level(),
            role: record.target().to_owned(),
            code: String::new(),
            message: record.args().to_string(),
            pairs: Vec::new(),
            cause: String::new(),
            next: String::new(),
        };
        // The visitor below never fails, and a source that does has shown what it could.
        let _shown = record.key_values().visit(&mut line);
        line
    }

    /// `U401 uploader: delivered entry=5120 receipt=9f27c1: CAUSE; NEXT`, on one line whatever the values hold.
    pub(super) fn text(&self) -> String {
        let mut text = String::with_capacity(128);
        if !self.code.is_empty() {
            text.push_str(&self.code);
            text.push(' ');
        }
        text.push_str(&self.role);
        text.push_str(": ");
        push_escaped(&mut text, &self.message);
        for (key, value) in &self.pairs {
            text.push(' ');
            text.push_str(key);
            text.push('=');
            push_value(&mut text, value);
        }
        for (mark, part) in [(": ", &self.cause), ("; ", &self.next)] {
            if !part.is_empty() {
                text.push_str(mark);
                push_escaped(&mut text, part);
            }
        }
        text
    }

    /// As one JSON object: `time`, `level`, `code`, `role`, `message`, the keys, `cause`, `next`.
    pub(super) fn json(self) -> String {
        let mut object = Map::new();
        let level = self.level.as_str().to_ascii_lowercase();
        object.insert("time".to_owned(), clock::now().to_string().into());
        object.insert("level".to_owned(), level.into());
        let named = [
            ("code", self.code),
            ("role", self.role),
            ("message", self.message),
        ];
        let named = named.into_iter().map(|(key, text)| (key.to_owned(), text));
        let end = [("cause", self.cause), ("next", self.next)];
        let end = end.into_iter().map(|(key, text)| (key.to_owned(), text));
        for (key, text) in named.chain(self.pairs).chain(end) {
            if !text.is_empty() {
                object.entry(key).or_insert(text.into());
            }
        }
        serde_json::Value::Object(object).to_string()
    }
}

impl<'kvs> VisitSource<'kvs> for Line {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        let text = value.to_string();
        match key.as_str() {
            "code" => self.code = text,
            "cause" => self.cause = text,
            "next" => self.next = text,
            key => self.pairs.push((key.to_owned(), text)),
        }
        Ok(())
    }
}

/// A value; in quotes when it would otherwise not be seen where it ends.
fn push_value(text: &mut String, value: &str) {
    let plain = !value.is_empty() && !value.contains([' ', '"', '\'', '=']);
    if plain {
        push_escaped(text, value);
    } else {
        text.push('"');
        for (index, part) in value.split('"').enumerate() {
            if index > 0 {
                text.push_str("\\\"");
            }
            push_escaped(text, part);
        }
        text.push('"');
    }
}

/// Text in which nothing can begin a new line, move the cursor, or turn the direction of what follows.
fn push_escaped(text: &mut String, part: &str) {
    for letter in part.chars() {
        let turns = matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2028}' | '\u{2029}' | '\u{2066}'..='\u{2069}');
        if letter.is_control() || turns {
            let written = write!(text, "{}", letter.escape_default());
            debug_assert!(written.is_ok(), "a String takes any text");
        } else {
            text.push(letter);
        }
    }
}

#[cfg(test)]
mod tests {
    use log::kv::ToValue;

    use super::*;

    fn line(message: &str, pairs: &[(&str, &str)]) -> Line {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(key, value)| (*key, value.to_value()))
            .collect();
        Line::of(
            &Record::builder()
                .level(Level::Warn)
                .target("uploader")
                .args(format_args!("{message}"))
                .key_values(&pairs.as_slice())
                .build(),
        )
    }

    #[test]
    fn cause_and_next_come_last_whatever_their_order() {
        let pairs = [
            ("code", "U410"),
            ("next", "nothing is lost"),
            ("host", "reports.example"),
            ("cause", "connection refused"),
            ("waiting", "37"),
        ];
        assert_eq!(
            line("server not reachable", &pairs).text(),
            "U410 uploader: server not reachable host=reports.example waiting=37: connection refused; nothing is lost"
        );
    }

    #[test]
    fn a_value_never_begins_a_new_line_or_hides_its_end() {
        let pairs = [
            ("file", "a\nERROR forged"),
            ("name", "x\u{1b}[2J"),
            ("says", "\"hi\""),
            ("none", ""),
        ];
        assert_eq!(
            line("seen", &pairs).text(),
            r#"uploader: seen file="a\nERROR forged" name=x\u{1b}[2J says="\"hi\"" none="""#
        );
    }

    #[test]
    fn json_keeps_every_key() {
        let line = line(
            "delivered",
            &[("code", "U401"), ("entry", "7"), ("cause", "a \"b\"\n")],
        );
        let value: serde_json::Value = serde_json::from_str(&line.json()).unwrap();
        assert_eq!(value["code"], "U401");
        assert_eq!(value["role"], "uploader");
        assert_eq!(value["message"], "delivered");
        assert_eq!(value["entry"], "7");
        assert_eq!(value["cause"], "a \"b\"\n");
        assert!(value["time"].is_string());
    }
}
