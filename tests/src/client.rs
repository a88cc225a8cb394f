//! A client that speaks the control protocol by hand.

use std::io::{BufRead as _, BufReader, ErrorKind, Write as _};
use std::os::unix::net::UnixStream;

use serde_json::{Value, json};

use crate::{Line, PATIENCE};

/// A connection to a line's control socket.
#[derive(Debug)]
pub struct Client(BufReader<UnixStream>);

impl Client {
    /// Connects and says nothing.
    ///
    /// # Panics
    /// When nobody listens.
    #[must_use]
    pub fn connect(line: &Line) -> Self {
        let stream = UnixStream::connect(line.path("control.sock")).expect("the daemon listens");
        let patience = Some(PATIENCE);
        stream.set_read_timeout(patience).expect("more than zero");
        stream.set_write_timeout(patience).expect("more than zero");
        Self(BufReader::new(stream))
    }

    /// Connects, hears the daemon's greeting, and says who it is.
    ///
    /// # Panics
    /// When nobody listens, or the first line is no greeting.
    #[must_use]
    pub fn introduced(line: &Line) -> Self {
        let mut client = Self::connect(line);
        let greeting = client.hear().expect("a greeting");
        assert_eq!(greeting.get("type"), Some(&json!("hello")), "{greeting}");
        client.say(r#"{"type":"connect","protocol":"2.0","client":"test"}"#);
        client
    }

    /// The same with the line's secret: it may ask for anything.
    ///
    /// # Panics
    /// As [`Self::introduced`], and when the secret is refused.
    #[must_use]
    pub fn authenticated(line: &Line) -> Self {
        let secret = std::fs::read_to_string(line.path("state/control.key")).expect("the key is ours");
        let mut client = Self::introduced(line);
        client.ask("auth", &json!({ "token": secret.trim() }));
        client
    }

    /// Sends a line; one that the daemon has closed on takes nothing more.
    pub fn say(&mut self, text: &str) {
        let line = format!("{text}\n");
        let _closed = self.0.get_mut().write_all(line.as_bytes()).is_err();
    }

    /// The next line; none when the daemon has closed.
    ///
    /// # Panics
    /// When the daemon neither answers nor closes, or answers no JSON.
    pub fn hear(&mut self) -> Option<Value> {
        let mut text = String::new();
        let heard = self.0.read_line(&mut text).or_else(|error| match error.kind() {
            ErrorKind::ConnectionReset => Ok(0),
            _ => Err(error),
        });
        let length = heard.expect("the daemon answers or closes");
        (length > 0).then(|| serde_json::from_str(&text).expect("a line is JSON"))
    }

    /// Carries out a command; its result.
    ///
    /// # Panics
    /// When the daemon closes, or the command fails.
    pub fn ask(&mut self, command: &str, args: &Value) -> Value {
        self.say(&json!({ "id": 1, "command": command, "args": args }).to_string());
        let answer = self.hear().expect("the daemon answers");
        assert_eq!(answer.get("ok"), Some(&json!(true)), "{answer}");
        answer.get("result").cloned().unwrap_or_default()
    }
}
