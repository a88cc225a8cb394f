//! What every command gets.

use std::cell::{Cell, OnceCell};
use std::path::{Path, PathBuf};

use super::arguments::Global;
use super::client::Client;
use super::error::CtlError;
use super::output::{self, Output};
use crate::settings::{LoadOptions, control_socket};

/// Where the daemon's socket is when nothing else is said.
const DEFAULT_SOCKET: &str = "/run/stationd/control.sock";

/// What every command gets: what was said for all of them, and how output looks.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) global: Global,
    pub(super) output: Output,
    /// Whether the daemon could not be reached when it was asked last.
    is_unreachable: Cell<bool>,
    /// The daemon's socket, once it was looked for.
    socket: OnceCell<PathBuf>,
}

impl Context {
    pub(super) fn new(global: Global, output: Output) -> Self {
        Self {
            global,
            output,
            is_unreachable: Cell::default(),
            socket: OnceCell::new(),
        }
    }

    /// The daemon's socket: the one named on the command line, else that of the settings file named there, else the usual
    /// one. A named file that cannot be read is a fault: the usual socket is another daemon's.
    pub(super) fn socket(&self) -> Result<&Path, CtlError> {
        if let Some(known) = self.socket.get() {
            return Ok(known);
        }
        let Global { socket, config, .. } = &self.global;
        let found = match (socket, config) {
            (Some(named), _) => named.clone(),
            (None, Some(file)) => {
                let options = LoadOptions {
                    file: Some(file.clone()),
                    ..LoadOptions::default()
                };
                control_socket(&options).map_err(CtlError::Settings)?
            }
            (None, None) => PathBuf::from(DEFAULT_SOCKET),
        };
        Ok(self.socket.get_or_init(|| found))
    }

    /// Connects to the daemon.
    pub(super) fn client(&self) -> Result<Client, CtlError> {
        let client = Client::connect(self.socket()?, self.global.key_file.as_deref());
        self.is_unreachable
            .set(matches!(client, Err(CtlError::Unreachable { .. })));
        client
    }

    /// As [`Context::client`], for what can do without. A daemon that could not be reached is not asked again: where the
    /// socket is systemd's, each connection starts it.
    pub(super) fn client_if_reachable(&self) -> Option<Client> {
        if self.is_unreachable.get() {
            return None;
        }
        self.client().ok()
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
