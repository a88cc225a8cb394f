//! Requests to a WATS server.

use bytes::Bytes;
use ureq::http::{HeaderValue, Response, Uri, header};
use ureq::unversioned::transport::{ConnectProxyConnector, Connector, RustlsConnector, TcpConnector};
use ureq::{Agent, Proxy as UreqProxy, SendBody};
use zeroize::Zeroizing;

use super::body::{Body, Throttle};
use super::compression::Compression;
use super::early::{self, EarlyAnswers};
use super::error::TransportError;
use super::failure::{self, Failure};
use super::resolver::Lookups;
use super::wipe::Wiping;
use super::{reply, tls};
use crate::messages::transport::{Answer, Outcome};
use crate::model::{Entry, Lease, TraceId};
use crate::uploader::settings::{Proxy, UploaderSettings, WatsServer};

/// Longest head of an answer in bytes.
const MAX_ANSWER_HEAD: usize = 16 * 1024;
/// Buffers of a connection in bytes; a station keeps up to `max_concurrent` connections and little memory.
const BUFFER: usize = 32 * 1024;

/// A WATS server, reached by an agent that all transports share: one TLS set-up, one pool of kept connections.
#[derive(Debug)]
pub(in crate::uploader) struct Wats {
    agent: Agent,
    lookups: Lookups,
    /// Host and port of the proxy that requests go through.
    proxy: Option<String>,
    report_url: String,
    version_url: String,
    authorization: Option<HeaderValue>,
    compression: Compression,
    throttle: Option<Throttle>,
}

impl Wats {
    /// Prepares requests to `server`. Nothing is sent.
    pub(in crate::uploader) fn new(
        server: &WatsServer,
        settings: &UploaderSettings,
    ) -> Result<Self, TransportError> {
        let throttle = Throttle::new(settings.rate_limit_bytes_per_s);
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            // A redirect is an answer like any other: the token goes to the host of the settings and to no other.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(proxy(&server.proxy)?)
            .user_agent(concat!("stationd/", env!("CARGO_PKG_VERSION")))
            .accept("application/json")
            .max_response_header_size(MAX_ANSWER_HEAD)
            .input_buffer_size(BUFFER)
            .output_buffer_size(BUFFER)
            .max_idle_connections(settings.max_concurrent)
            .max_idle_connections_per_host(settings.max_concurrent)
            .timeout_resolve(Some(server.connect_timeout))
            .timeout_connect(Some(server.connect_timeout));
        config = if throttle.is_none() {
            config.timeout_global(Some(server.connect_timeout + server.request_timeout))
        } else {
            // Under a cap the body takes as long as it takes; each portion and the answer have their time.
            config
                .timeout_per_write(Some(server.request_timeout))
                .timeout_recv_response(Some(server.request_timeout))
                .timeout_recv_body(Some(server.request_timeout))
        };
        if is_https(&server.url)? {
            config = config.tls_config(tls::configure(server)?);
        }
        let config = config.build();
        let proxy = config.proxy().filter(|proxy| {
            // It was parsed a moment ago.
            server.url.parse().is_ok_and(|uri| !proxy.is_no_proxy(&uri))
        });
        let proxy = proxy.map(|proxy| format!("{}:{}", proxy.host(), proxy.port()));
        let lookups = Lookups::default();
        let connector =
            ().chain(ConnectProxyConnector::default())
                .chain(TcpConnector::default())
                .chain(EarlyAnswers)
                .chain(RustlsConnector::default())
                .chain(Wiping);
        Ok(Self {
            agent: Agent::with_parts(config, connector, lookups.clone()),
            lookups,
            proxy,
            report_url: format!("{}/api/Report/WSJF", server.url),
            version_url: format!("{}/api/App/Version", server.url),
            authorization: server
                .token
                .as_ref()
                .map(|token| authorization(token))
                .transpose()?,
            compression: Compression::new(settings.gzip),
            throttle,
        })
    }

    /// Whether the server takes compressed bodies, as far as it is known.
    pub(super) fn gzip(&self) -> Option<bool> {
        self.compression.known()
    }

    /// Takes over what an earlier run learned of the server.
    pub(super) fn remember_gzip(&self, takes: bool) {
        self.compression.learn(takes);
    }

    /// Sends a report; compressed, if the server is not known to refuse that.
    pub(super) fn put(&self, lease: &Lease) -> Outcome {
        if !self.compression.is_wanted(lease.document.len()) {
            return self.send(&lease.entry, &lease.document, false);
        }
        let first = self.send(&lease.entry, &lease.packed, true);
        match &first {
            Outcome::Answered(answer) if is_success(answer) => {
                self.compression.learn(true);
                first
            }
            Outcome::Answered(answer) if self.compression.doubts(answer) => {
                let second = self.send(&lease.entry, &lease.document, false);
                if matches!(&second, Outcome::Answered(answer) if is_success(answer)) {
                    self.compression.learn(false);
                }
                second
            }
            _ => first,
        }
    }

    /// Asks for the server's version.
    pub(super) fn probe(&self) -> Outcome {
        self.twice(|| {
            let mut request = self.agent.get(&self.version_url);
            if let Some(value) = &self.authorization {
                request = request.header(header::AUTHORIZATION, value);
            }
            (request.call(), false)
        })
    }

    fn send(&self, entry: &Entry, bytes: &[u8], packed: bool) -> Outcome {
        whole(self.twice(|| {
            early::begin();
            let mut body = Body::new(bytes, self.throttle.as_ref());
            let mut request = self
                .agent
                .post(&self.report_url)
                .content_type("application/json")
                .header(header::CONTENT_LENGTH, bytes.len())
                .header("traceparent", traceparent(entry.trace));
            if packed {
                request = request.header(header::CONTENT_ENCODING, "gzip");
            }
            if let Some(value) = &self.authorization {
                request = request.header(header::AUTHORIZATION, value);
            }
            let result = request.send(SendBody::from_reader(&mut body));
            (result, body.begun)
        }))
    }

    /// Makes a request; once more, on a new connection, if a kept one turned out to have ended. A report may come twice
    /// this way, under one id, which does no harm.
    fn twice(&self, mut request: impl FnMut() -> Tried) -> Outcome {
        let read = match read(request()) {
            Err((failure, _)) if failure.stale => read(request()),
            first => first,
        };
        read.unwrap_or_else(|(failure, begun)| {
            let words = match &self.proxy {
                Some(proxy) if failure.connecting => format!("the proxy {proxy}: {}", failure.words),
                _ => failure.words,
            };
            if begun && !failure.handshake {
                Outcome::Lost(words)
            } else {
                self.lookups.forget();
                Outcome::Unreachable(words)
            }
        })
    }
}

/// A response or what prevented it, and whether sending the body had begun.
type Tried = (Result<Response<ureq::Body>, ureq::Error>, bool);

fn read((result, begun): Tried) -> Result<Outcome, (Failure, bool)> {
    let response = result.map_err(|error| (failure::explain(&error), begun))?;
    reply::read(response)
        .map(Outcome::Answered)
        .map_err(|error| (failure::explain_io(&error), true))
}

fn is_success(answer: &Answer) -> bool {
    (200..=299).contains(&answer.status) && answer.json && !answer.fault
}

/// Takes an answer for no receipt that came before the report was sent whole: nobody can have it.
fn whole(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Answered(answer) if early::is_cut() && matches!(answer.status, 200..=299 | 409) => {
            Outcome::Lost(format!(
                "HTTP status {} came before the server had the report",
                answer.status
            ))
        }
        outcome => outcome,
    }
}

/// Source: W3C Trace Context, section 3.2. The parent id is new for each request.
fn traceparent(trace: TraceId) -> String {
    format!("00-{trace}-{:016x}-01", rand::random::<u64>().max(1))
}

/// `Basic <token>`, marked so that no library writes it anywhere, and zeroed with the last of its clones.
fn authorization(token: &str) -> Result<HeaderValue, TransportError> {
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(TransportError::Token);
    }
    let text = Zeroizing::new(format!("Basic {token}"));
    let mut value =
        HeaderValue::from_maybe_shared(Bytes::from_owner(text)).map_err(|_| TransportError::Token)?;
    value.set_sensitive(true);
    Ok(value)
}

fn is_https(url: &str) -> Result<bool, TransportError> {
    let bad = || TransportError::Url(url.to_owned());
    let uri: Uri = url.parse().map_err(|_| bad())?;
    let clean =
        uri.host().is_some_and(|host| !host.is_empty()) && uri.query().is_none() && !url.contains('@');
    match uri.scheme_str() {
        Some("https") if clean => Ok(true),
        Some("http") if clean => Ok(false),
        _ => Err(bad()),
    }
}

fn proxy(setting: &Proxy) -> Result<Option<UreqProxy>, TransportError> {
    match setting {
        Proxy::Environment => Ok(UreqProxy::try_from_env()),
        Proxy::Direct => Ok(None),
        Proxy::Url(url) => {
            let known = url.starts_with("http://") || url.starts_with("https://");
            match UreqProxy::new(url) {
                Ok(proxy) if known => Ok(Some(proxy)),
                _ => Err(TransportError::Proxy(url.clone())),
            }
        }
    }
}
