//! One question to the server, for `stationctl doctor`.

use super::settings::UploaderSettings;
use super::transport::{Target, TransportError};
use crate::messages::transport::Sent;

/// Asks the server for its version, as the role itself does, with the same certificates, proxy and token. Blocks up to
/// the server's timeouts.
///
/// # Errors
///
/// When a certificate, key, address or token cannot be used; nothing was sent then.
pub fn probe(settings: &UploaderSettings) -> Result<Sent, TransportError> {
    Target::new(settings).map(|target| target.probe())
}
