//! Is the server's certificate one that we trust? Seen in the question that the uploader would ask.

use std::net::IpAddr;

use stationd_actors::messages::transport::Outcome;

use super::{Finding, Scene, dns};

const CHECK: &str = "tls";

pub(super) fn check(scene: &Scene) -> Vec<Finding> {
    let (Some(server), Some(Ok(sent))) = (scene.wats(), &scene.probe) else {
        return Vec::new();
    };
    if !server.url.starts_with("https:") {
        let local = dns::host_and_port(&server.url).is_some_and(|(host, _)| is_local(&host));
        if local {
            return vec![Finding::ok(CHECK, "off: the server is on this machine")];
        }
        let words = "off: reports and token go in clear text";
        let remedy = "use an https:// URL for any server but one on this machine";
        return vec![Finding::warning(CHECK, words, remedy)];
    }
    let trusted = match &server.ca_file {
        Some(file) => file.display().to_string(),
        None => "this system's authorities".to_owned(),
    };
    match &sent.outcome {
        Outcome::Unreachable(words) | Outcome::Lost(words) if is_about_trust(words) => {
            vec![Finding::failure(CHECK, words, remedy(words))]
        }
        // Not reached at all: the checks before say why.
        Outcome::Unreachable(_) | Outcome::Lost(_) => Vec::new(),
        Outcome::Answered(_) | Outcome::Stored => {
            vec![Finding::ok(
                CHECK,
                format!("the server's certificate is good for {trusted}"),
            )]
        }
    }
}

fn is_local(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// Whether a failure is one of certificates or of TLS itself.
fn is_about_trust(words: &str) -> bool {
    ["certificate", "TLS"].iter().any(|word| words.contains(word))
}

fn remedy(words: &str) -> &'static str {
    match () {
        () if words.contains("expired") || words.contains("not yet valid") => {
            "set the clock (timedatectl); if it is right, the server needs a new certificate"
        }
        () if words.contains("authority") => {
            "name the authority's certificate (PEM) in server.ca_file, or install it: update-ca-certificates"
        }
        () if words.contains("another host") => "use the name of the certificate in server.url",
        () if words.contains("client certificate") => {
            "check server.client_cert_file and server.client_key_file with whoever runs the server"
        }
        () => "ask whoever runs the server for its TLS settings; 1.2 and 1.3 are spoken here",
    }
}
