//! Has the name of the server, or of the proxy before it, an address?

use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};

use super::proxy::First;
use super::{Finding, Scene, proxy};

const CHECK: &str = "dns";

pub(super) fn check(scene: &Scene) -> Vec<Finding> {
    // Behind a proxy, the proxy looks the server's name up.
    let Some(First { key, host, port }) = scene.wats().and_then(proxy::first) else {
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
            format!(
                "is the name in {key} right? does the name server answer: resolvectl status, cat /etc/resolv.conf"
            ),
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

/// Host and port of a server's or proxy's URL; nothing for one that no request could be sent to.
pub(super) fn host_and_port(url: &str) -> Option<(String, u16)> {
    let (scheme, rest) = url.split_once("://")?;
    // A proxy's may have a name and password.
    let authority = rest.split('/').next()?.rsplit('@').next()?;
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
    use super::*;

    #[test]
    fn the_port_follows_from_the_scheme_when_none_is_named() {
        let of = host_and_port;
        assert_eq!(
            of("https://wats.example/x"),
            Some(("wats.example".to_owned(), 443))
        );
        assert_eq!(of("http://[::1]:8080"), Some(("::1".to_owned(), 8080)));
        assert_eq!(of("http://host:many"), None);
        assert_eq!(
            of("http://me:secret@proxy:3128"),
            Some(("proxy".to_owned(), 3128))
        );
    }
}
