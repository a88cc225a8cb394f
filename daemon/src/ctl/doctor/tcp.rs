//! Does the server, or the proxy before it, take connections?

use std::net::TcpStream;

use super::proxy::First;
use super::{Finding, Scene, dns, proxy};

const CHECK: &str = "tcp";

pub(super) fn check(scene: &Scene) -> Vec<Finding> {
    let Some((server, First { key, host, port })) = scene
        .wats()
        .and_then(|server| Some((server, proxy::first(server)?)))
    else {
        return Vec::new();
    };
    // Without an address, the check before has said what there is to say.
    let Ok(addresses) = dns::addresses(&host, port) else {
        return Vec::new();
    };
    let mut failures = Vec::new();
    for address in addresses {
        match TcpStream::connect_timeout(&address, server.connect_timeout) {
            Ok(_) => return vec![Finding::ok(CHECK, format!("{address} takes connections"))],
            Err(error) => failures.push(format!("{address}: {error}")),
        }
    }
    let failures = failures.join("; ");
    let (words, remedy) = if key == "server.proxy" {
        (
            format!("the proxy {failures}"),
            "is the proxy up, is the port in server.proxy right, is a firewall in between?",
        )
    } else {
        (
            failures,
            "is the server up, is the port in server.url right, is a firewall in between? does it need a proxy (server.proxy)?",
        )
    };
    vec![Finding::failure(CHECK, words, remedy)]
}
