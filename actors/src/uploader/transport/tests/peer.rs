//! A server of a few lines that answers as told, on loopback.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls_pki_types::PrivatePkcs8KeyDer;

const PATIENCE: Duration = Duration::from_secs(5);

/// What the server does with the next request.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// Answers with a status, further header lines, and a body.
    Answer(u16, &'static str, &'static str),
    /// Answers to the head alone, and closes with the body unread.
    Early(u16),
    /// Closes after the head, with the body unread.
    Drop,
    /// Sends these bytes and closes.
    Cut(&'static str),
    /// Closes without an answer.
    Close,
    /// Never answers.
    Hang,
}

/// A request as it came.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) head: String,
    pub(super) body: Vec<u8>,
    /// Which connection it came over, from 0.
    pub(super) connection: usize,
}

/// The server.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) address: SocketAddr,
    requests: Receiver<Request>,
}

impl Peer {
    pub(super) fn http(acts: Vec<Act>) -> Self {
        Self::start(acts, None)
    }

    pub(super) fn https(acts: Vec<Act>, config: Arc<ServerConfig>) -> Self {
        Self::start(acts, Some(config))
    }

    fn start(acts: Vec<Act>, config: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, requests) = mpsc::channel();
        std::thread::spawn(move || {
            let mut acts = acts.into_iter();
            let mut hanging = Vec::new();
            for connection in 0.. {
                let (stream, _) = listener.accept().unwrap();
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                // What is held back for company is lost when an early answer is followed by the end.
                stream.set_nodelay(true).unwrap();
                let mut wire: Box<dyn Wire> = match &config {
                    None => Box::new(stream),
                    Some(config) => {
                        let session = rustls::ServerConnection::new(Arc::clone(config)).unwrap();
                        Box::new(rustls::StreamOwned::new(session, stream))
                    }
                };
                while let Some(head) = read_head(&mut wire) {
                    let act = acts.next().unwrap_or(Act::Close);
                    let early = matches!(act, Act::Early(_) | Act::Drop);
                    let Some(body) = (if early {
                        Some(Vec::new())
                    } else {
                        read_body(&mut wire, &head)
                    }) else {
                        break;
                    };
                    drop(sender.send(Request {
                        head,
                        body,
                        connection,
                    }));
                    match act {
                        Act::Answer(status, lines, body) => answer(&mut wire, status, lines, body),
                        Act::Early(status) => {
                            answer(&mut wire, status, "", "");
                            break;
                        }
                        Act::Cut(bytes) => {
                            wire.write_all(bytes.as_bytes()).unwrap();
                            break;
                        }
                        Act::Close | Act::Drop => break,
                        Act::Hang => {
                            hanging.push(wire);
                            break;
                        }
                    }
                }
            }
        });
        Self { address, requests }
    }

    pub(super) fn request(&self) -> Request {
        self.requests.recv_timeout(PATIENCE).unwrap()
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.requests.try_recv().is_err()
    }
}

trait Wire: Read + Write {}

impl Wire for TcpStream {}

impl Wire for rustls::StreamOwned<rustls::ServerConnection, TcpStream> {}

fn answer(wire: &mut Box<dyn Wire>, status: u16, lines: &str, body: &str) {
    let length = body.len();
    let text = format!("HTTP/1.1 {status} x\r\n{lines}Content-Length: {length}\r\n\r\n{body}");
    wire.write_all(text.as_bytes()).unwrap();
    wire.flush().unwrap();
}

fn read_head(wire: &mut Box<dyn Wire>) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if wire.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    Some(String::from_utf8(head).unwrap().to_ascii_lowercase())
}

fn read_body(wire: &mut Box<dyn Wire>, head: &str) -> Option<Vec<u8>> {
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    wire.read_exact(&mut body).ok()?;
    Some(body)
}

/// A throw-away authority and what it signed.
pub(super) struct Authority {
    pub(super) pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(super) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        Self { pem, issuer }
    }

    /// Certificate and key for `name`, with its last year of validity.
    pub(super) fn sign(&self, name: &str, first_year: i32, last_year: i32) -> (rcgen::Certificate, KeyPair) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(first_year, 1, 1);
        params.not_after = rcgen::date_time_ymd(last_year, 1, 1);
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }

    /// A server's configuration; with `clients`, it wants certificates of that authority.
    pub(super) fn server(&self, name: &str, years: (i32, i32), clients: Option<&Self>) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let (certificate, key) = self.sign(name, years.0, years.1);
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(authority) => {
                use rustls_pki_types::pem::PemObject;
                let mut roots = rustls::RootCertStore::empty();
                let ca = rustls_pki_types::CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap();
                roots.add(ca).unwrap();
                let verifier =
                    rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        Arc::new(
            builder
                .with_single_cert(vec![certificate.der().clone()], key.into())
                .unwrap(),
        )
    }
}
