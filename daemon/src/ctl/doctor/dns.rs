//! Has the server's name an address?

use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};

use stationd_actors::uploader::WatsServer;

use super::{Finding, Scene, proxy};

const CHECK: &str = "dns";

pub(super) fn check(scene: &Scene) -> Vec<Finding> {
    // Behind a proxy, the proxy looks the name up.
    let Some((host, port)) = scene
        .wats()
        .filter(|_| proxy::is_direct(scene))
        .and_then(host_and_port)
    else {
        return Vec::new();
    };
    if host.parse::<IpAddr>().is_ok() {
        return vec![Finding::ok(
            CHECK,
            format!("{host} is an address, no name server is needed"),
        )];
    }
    vec![match addresses(&host, port) {
        Ok(addresses) => {
            let shown: Vec<_> = addresses.iter().map(|address| address.ip().to_string()).collect();
            Finding::ok(CHECK, format!("{host} is {}", shown.join(", ")))
        }
        Err(error) => Finding::failure(
            CHECK,
            format!("{host}: {error}"),
            "is the name in server.url right? does the name server answer: resolvectl status, cat /etc/resolv.conf",
        ),
    }]
}

/// The addresses of a name, at least one.
pub(super) fn addresses(host: &str, port: u16) -> std::io::Result<Vec<SocketAddr>> {
    let found: Vec<_> = (host, port).to_socket_addrs()?.collect();
    if found.is_empty() {
        return Err(std::io::Error::other("the name has no address"));
    }
    Ok(found)
}

/// Host and port of the server's URL; nothing for a URL that no request could be sent to.
pub(super) fn host_and_port(server: &WatsServer) -> Option<(String, u16)> {
    let (scheme, rest) = server.url.split_once("://")?;
    let authority = rest.split('/').next()?;
    let usual = if scheme == "https" { 443 } else { 80 };
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) => (address, port.strip_prefix(':')),
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let port = port.map_or(Some(usual), |port| port.parse().ok())?;
    Some((host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use stationd_actors::uploader::Proxy;

    use super::*;

    #[test]
    fn the_port_follows_from_the_scheme_when_none_is_named() {
        let of = |url: &str| {
            host_and_port(&WatsServer {
                url: url.to_owned(),
                token: None,
                ca_file: None,
                client_cert: None,
                proxy: Proxy::Direct,
                connect_timeout: Duration::ZERO,
                request_timeout: Duration::ZERO,
            })
        };
        assert_eq!(
            of("https://wats.example/x"),
            Some(("wats.example".to_owned(), 443))
        );
        assert_eq!(of("http://[::1]:8080"), Some(("::1".to_owned(), 8080)));
        assert_eq!(of("http://host:many"), None);
    }
}
