//! What every command gets.

use super::arguments::Global;
use super::client::Client;
use super::error::CtlError;
use super::output::{self, Output};

/// What every command gets: what was said for all of them, and how output looks.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) global: Global,
    pub(super) output: Output,
}

impl Context {
    /// Connects to the daemon.
    pub(super) fn client(&self) -> Result<Client, CtlError> {
        Client::connect(&self.global)
    }

    /// Whether programs read the output.
    pub(super) fn json(&self) -> bool {
        self.global.json
    }

    /// Writes `value` for programs, or what `text` makes of it for people.
    pub(super) fn show<T: serde::Serialize>(
        &self,
        value: &T,
        text: impl FnOnce(&T) -> String,
    ) -> Result<(), CtlError> {
        if self.json() {
            output::write_json(value)
        } else {
            output::write(text(value))
        }
    }
}
