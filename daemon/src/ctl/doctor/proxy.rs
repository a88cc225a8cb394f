//! Which proxy is between us and the server?

use stationd_actors::uploader::Proxy;

use super::{Finding, Scene};

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
        Proxy::Url(_) => Finding::ok(CHECK, "as server.proxy says; the server is asked through it"),
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

/// Whether requests go straight to the server, as far as we can tell.
pub(super) fn is_direct(scene: &Scene) -> bool {
    match scene.wats().map(|server| &server.proxy) {
        None | Some(Proxy::Url(_)) => false,
        Some(Proxy::Direct) => true,
        Some(Proxy::Environment) => VARIABLES.into_iter().all(|name| std::env::var_os(name).is_none()),
    }
}
