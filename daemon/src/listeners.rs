//! What the daemon listens on. It outlives the roles, which a reload starts again: clients that come in between wait.

use std::sync::Arc;

use crate::settings::Settings;
use crate::{control, http};

/// The sockets that are open.
#[derive(Debug, Clone, Default)]
pub(crate) struct Listeners {
    /// The control socket.
    pub(crate) control: Option<Arc<control::Listening>>,
    /// Health, metrics and status page.
    pub(crate) http: Option<Arc<http::Listening>>,
}

impl Listeners {
    /// Closes those that `settings` do not name: nobody is to wait in them.
    pub(crate) fn keep_for(&mut self, settings: &Settings) {
        let socket = &settings.control.socket;
        self.control = self.control.take().filter(|control| control.is_at(socket));
        let listen = settings.http.listen;
        self.http = self
            .http
            .take()
            .filter(|http| listen.is_some_and(|listen| http.is_at(listen)));
    }
}
