//! What `stationctl` answered.

use std::process::Output;

use serde_json::Value;

/// What a command of `stationctl` gave.
#[derive(Debug)]
pub struct Answer {
    /// Whether it ended with 0.
    pub success: bool,
    /// The last line of its standard output, as JSON; null when it is none.
    pub json: Value,
    /// Its standard error.
    pub said: String,
}

impl Answer {
    /// A number in the answer, by its JSON pointer: `/queue/ready`.
    pub fn number(&self, pointer: &str) -> Option<u64> {
        self.json.pointer(pointer).and_then(Value::as_u64)
    }

    /// A text in the answer, by its JSON pointer; empty when there is none.
    pub fn word(&self, pointer: &str) -> &str {
        self.json
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// What a run of it gave.
    pub fn of(output: &Output) -> Self {
        let text = String::from_utf8_lossy(&output.stdout);
        let last = text.lines().last().unwrap_or_default();
        Self {
            success: output.status.success(),
            json: serde_json::from_str(last).unwrap_or(Value::Null),
            said: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}
