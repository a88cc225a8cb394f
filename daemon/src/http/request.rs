//! The head of a request, as far as it matters to us.

use std::net::IpAddr;

/// Longest head in bytes.
pub(super) const HEAD_LIMIT: usize = 8 * 1024;

/// Most header fields.
const FIELDS: usize = 64;

/// A request that can be answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request {
    /// The path, without its query.
    pub(super) path: String,
    /// The name by which the client knows us, without the port; empty when it did not say.
    pub(super) host: String,
}

/// A head that is no such request: the status of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// 400: not HTTP.
    Garbage,
    /// 405: something else than GET.
    Method,
    /// 431: longer than 8 KiB, or with more than 64 fields.
    TooLong,
}

/// Reads a head; none when it is not there as a whole yet.
pub(super) fn parse(head: &[u8]) -> Result<Option<Request>, Refusal> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    match request.parse(head) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) if head.len() >= HEAD_LIMIT => return Err(Refusal::TooLong),
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(Refusal::TooLong),
        Err(_) => return Err(Refusal::Garbage),
    }
    if request.method != Some("GET") {
        return Err(Refusal::Method);
    }
    let target = request.path.unwrap_or_default();
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let host = request
        .headers
        .iter()
        .find(|field| field.name.eq_ignore_ascii_case("host"))
        .and_then(|field| std::str::from_utf8(field.value).ok())
        .unwrap_or_default();
    Ok(Some(Request {
        path: path.to_owned(),
        host: without_port(host).to_owned(),
    }))
}

fn without_port(host: &str) -> &str {
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split_once(':').map_or(host, |(name, _)| name),
    }
}

impl Request {
    /// Whether the client addresses us by a name that can only mean this machine.
    ///
    /// A page of the internet whose name was made to resolve to 127.0.0.1 would otherwise read the status page through
    /// the browser of whoever sits at this machine.
    pub(super) fn is_local(&self) -> bool {
        self.host.is_empty()
            || self.host.eq_ignore_ascii_case("localhost")
            || self.host.parse::<IpAddr>().is_ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn get(host: &str) -> Request {
        let head = format!("GET /metrics?x=1 HTTP/1.1\r\nHost: {host}\r\n\r\n");
        parse(head.as_bytes()).unwrap().unwrap()
    }

    #[test]
    fn the_path_is_read_without_its_query() {
        assert_eq!(get("localhost:9464").path, "/metrics");
    }

    #[test]
    fn only_names_of_this_machine_are_local() {
        for host in ["localhost:9464", "127.0.0.1", "[::1]:9464", ""] {
            assert!(get(host).is_local(), "{host}");
        }
        assert!(!get("evil.example").is_local());
    }

    #[test]
    fn what_is_no_get_is_refused() {
        assert_eq!(parse(b"POST / HTTP/1.1\r\n\r\n"), Err(Refusal::Method));
        assert_eq!(parse(b"\x16\x03\x01 tls hello\r\n\r\n"), Err(Refusal::Garbage));
        assert_eq!(parse(b"GET / HT"), Ok(None));
        let long = [b"GET /".as_slice(), &[b'x'; HEAD_LIMIT]].concat();
        assert_eq!(parse(&long), Err(Refusal::TooLong));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(head in prop::collection::vec(any::<u8>(), 0..600)) {
            let _read = parse(&head).is_ok();
        }
    }
}
