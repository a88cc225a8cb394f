//! Does the server take connections?

use std::net::TcpStream;

use super::{Finding, Scene, dns, proxy};

const CHECK: &str = "tcp";

pub(super) fn check(scene: &Scene) -> Vec<Finding> {
    let Some(server) = scene.wats().filter(|_| proxy::is_direct(scene)) else {
        return Vec::new();
    };
    // Without an address, the check before has said what there is to say.
    let Some((host, port)) = dns::host_and_port(server) else {
        return Vec::new();
    };
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
    vec![Finding::failure(
        CHECK,
        failures.join("; "),
        "is the server up, is the port in server.url right, is a firewall in between? does it need a proxy (server.proxy)?",
    )]
}
