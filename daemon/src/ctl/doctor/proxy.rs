//! Which proxy is between us and the server, and so: whose name is looked up, who is connected to?

use stationd_actors::uploader::{Proxy, WatsServer};

use super::{Finding, Scene, dns};

const CHECK: &str = "proxy";

/// Variables that name a proxy, in the order in which they count.
const VARIABLES: [&str; 6] = [
    "ALL_PROXY",
    "all_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
];

pub(super) fn check(scene: &Scene) -> Vec<Finding> {
    let Some(server) = scene.wats() else {
        return Vec::new();
    };
    vec![match &server.proxy {
        Proxy::Direct => Finding::ok(CHECK, "none (server.proxy)"),
        Proxy::Url(url) => match dns::host_and_port(url) {
            Some((host, port)) => Finding::ok(
                CHECK,
                format!("{host}:{port} (server.proxy); the server is asked through it"),
            ),
            None => Finding::failure(CHECK, "server.proxy names no host and port", "correct it"),
        },
        Proxy::Environment => match VARIABLES
            .into_iter()
            .find(|name| std::env::var_os(name).is_some())
        {
            None => Finding::ok(CHECK, "none"),
            Some(name) => Finding::warning(
                CHECK,
                format!("{name} is set here; the daemon has an environment of its own"),
                "say it in the settings: server.proxy = \"http://…\" or \"none\"",
            ),
        },
    }]
}

/// Whom requests are sent to first.
#[derive(Debug)]
pub(super) struct First {
    /// The setting that names it.
    pub(super) key: &'static str,
    pub(super) host: String,
    pub(super) port: u16,
}

/// The proxy of the settings, else the server; none behind a proxy of an environment, which may not be the daemon's, and
/// for a URL that no request could be sent to.
pub(super) fn first(server: &WatsServer) -> Option<First> {
    let (key, url) = match &server.proxy {
        Proxy::Url(url) => ("server.proxy", url),
        Proxy::Direct => ("server.url", &server.url),
        Proxy::Environment if VARIABLES.into_iter().all(|name| std::env::var_os(name).is_none()) => {
            ("server.url", &server.url)
        }
        Proxy::Environment => return None,
    };
    let (host, port) = dns::host_and_port(url)?;
    Some(First { key, host, port })
}
