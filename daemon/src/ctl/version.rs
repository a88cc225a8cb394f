//! `version`: ours, and the daemon's if it runs.

use serde_json::json;

use super::client::Client;
use super::context::Context;
use super::error::CtlError;

pub(super) fn run(context: &Context) -> Result<(), CtlError> {
    let ours = env!("CARGO_PKG_VERSION");
    let hello = context
        .socket()
        .and_then(Client::greet)
        .map(|client| client.hello);
    let versions = json!({
        "stationctl": ours,
        "server": hello.as_ref().ok().map(|hello| &hello.server),
        "protocol": hello.as_ref().ok().map(|hello| hello.protocol.to_string()),
    });
    context.show(&versions, |_| {
        let daemon = match hello {
            Ok(hello) => format!("{} (protocol {})", hello.server, hello.protocol),
            Err(error) => error.to_string(),
        };
        format!("stationctl/{ours}\n{daemon}\n")
    })
}
