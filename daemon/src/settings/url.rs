//! URLs of the server and of a proxy.

use std::net::IpAddr;

use http::Uri;

use super::Problem;

/// The server's URL without a slash at its end.
///
/// # Errors
///
/// When it is no `https://` URL of a host with an optional path, or `http://` to another host without `allow_plain_http`.
pub(super) fn server(text: &str, allow_plain_http: bool) -> Result<String, Problem> {
    const ALLOWED: &str = "https://HOST[:PORT][/PATH] without a user, a query or a fragment";
    if text.starts_with("mqtt://") || text.starts_with("mqtts://") {
        return Err(Problem::Unsupported {
            found: "a server of kind mqtt://".to_owned(),
        });
    }
    let refused = || Problem::value(shown(text), ALLOWED);
    let uri: Uri = text.parse().map_err(|_| refused())?;
    let plain = match uri.scheme_str() {
        Some("https") => false,
        Some("http") => true,
        _ => return Err(refused()),
    };
    let host = host(&uri).ok_or_else(refused)?;
    if uri.query().is_some() || text.contains('#') {
        return Err(refused());
    }
    if plain && !allow_plain_http && !is_loopback(host) {
        return Err(Problem::value(
            shown(text),
            "https://, or http:// to this host alone, or http:// with server.allow_plain_http = true",
        ));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// The proxy's URL.
///
/// # Errors
///
/// When it is no `http://` or `https://` URL of a host.
pub(super) fn proxy(text: &str) -> Result<String, Problem> {
    let refused = || {
        Problem::value(
            shown(text),
            "http://[USER:PASSWORD@]HOST[:PORT], \"none\" or \"\"",
        )
    };
    let uri: Uri = text.parse().map_err(|_| refused())?;
    let known = matches!(uri.scheme_str(), Some("http" | "https"));
    let bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
    if !known || !bare || uri.host().is_none_or(str::is_empty) {
        return Err(refused());
    }
    Ok(text.to_owned())
}

/// A URL in quotes that may be shown.
fn shown(text: &str) -> String {
    format!("{:?}", without_password(text))
}

/// A URL whose user and password are hidden.
pub(super) fn without_password(text: &str) -> String {
    let start = text.find("://").map_or(0, |at| at + 3);
    let end = text.rfind('@').filter(|end| *end >= start);
    match (text.get(..start), end.and_then(|at| text.get(at..))) {
        (Some(scheme), Some(rest)) => format!("{scheme}***{rest}"),
        _ => text.to_owned(),
    }
}

/// The host, when the URL has one and no user.
fn host(uri: &Uri) -> Option<&str> {
    let authority = uri.authority()?;
    let host = authority.host();
    (!host.is_empty() && !authority.as_str().contains('@')).then_some(host)
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_never_crosses_the_network_in_the_clear_unless_asked_for() {
        assert!(server("http://wats.example", false).is_err());
        assert!(server("http://wats.example", true).is_ok());
        for url in [
            "http://localhost:8080",
            "http://127.0.0.9",
            "http://[::1]:80",
            "https://wats.example",
        ] {
            assert!(server(url, false).is_ok(), "{url}");
        }
    }

    #[test]
    fn a_url_is_kept_without_the_slash_at_its_end() {
        assert_eq!(
            server("https://wats.example/plant/", false).unwrap(),
            "https://wats.example/plant"
        );
    }

    #[test]
    fn a_url_with_a_user_a_query_or_another_scheme_is_refused() {
        for url in [
            "wats.example",
            "ftp://wats.example",
            "https://",
            "https://me:secret@wats.example",
            "https://wats.example/?a=b",
            "https://wats.example/#a",
            "https://wats example",
        ] {
            let problem = server(url, true).unwrap_err().to_string();
            assert!(!problem.contains("secret"), "{problem}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        assert_eq!(
            without_password("http://me:secret@proxy:3128"),
            "http://***@proxy:3128"
        );
        assert!(proxy("http://me:secret@proxy:3128").is_ok());
        assert!(proxy("proxy:3128").is_err());
    }
}
