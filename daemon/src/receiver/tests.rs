use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};

use super::*;

const WAIT: Duration = Duration::from_secs(5);
const ID: &str = "33a2d408-3fc8-480b-b554-6866c77fd91c";

fn start(dir: &Path, change: impl FnOnce(&mut ReceiverSettings)) -> Receiver {
    let mut settings = ReceiverSettings::new("127.0.0.1:0".parse().unwrap(), dir.join("received"));
    change(&mut settings);
    Receiver::start(settings).unwrap()
}

fn address(receiver: &Receiver) -> String {
    let url = receiver.url();
    url.split_once("://").unwrap().1.to_owned()
}

fn request(method: &str, path: &str, more: &str, body: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\n{more}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// The whole answer; what came of it when the connection was cut.
fn send(receiver: &Receiver, request: &str) -> String {
    let mut stream = TcpStream::connect(address(receiver)).unwrap();
    stream.set_read_timeout(Some(WAIT)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    String::from_utf8(answer).unwrap()
}

fn report() -> String {
    format!("{{\"id\": \"{}\", \"root\": {{}} }}", ID.to_uppercase())
}

fn post(receiver: &Receiver, body: &str) -> String {
    send(
        receiver,
        &request("POST", "/api/Report/WSJF", "Authorization: Basic t0\r\n", body),
    )
}

fn log(dir: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(dir.join("received/requests.jsonl")).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_report_is_stored_as_it_came_and_a_repeat_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let receiver = start(dir.path(), |_| {});
    let answer = post(&receiver, &report());
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.contains(ID),
        "{answer}"
    );
    assert!(post(&receiver, &report()).starts_with("HTTP/1.1 200 "));
    let stored = std::fs::read_to_string(dir.path().join(format!("received/{ID}.json"))).unwrap();
    assert_eq!(stored, report());
    assert!(receiver.wait_for(1, WAIT));
    assert_eq!((receiver.counts().reports, receiver.counts().repeats), (1, 1));
    let log = log(dir.path());
    assert_eq!(
        (&log[1]["attempt"], &log[1]["stored"]),
        (&2.into(), &"same".into())
    );
    assert_eq!(log[1]["authorization"], true);
    assert!(!log[1].to_string().contains("t0"), "a token stands in the log");
}

#[test]
fn what_is_no_report_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let receiver = start(dir.path(), |_| {});
    for body in ["", "{", "[]", "{\"id\": \"../../etc/passwd\"}", "{} {}"] {
        assert!(post(&receiver, body).starts_with("HTTP/1.1 400 "), "{body}");
    }
    assert_eq!(receiver.counts().reports, 0);
}

#[test]
fn a_wrong_token_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let receiver = start(dir.path(), |settings| settings.token = Some("t1".to_owned()));
    assert!(post(&receiver, &report()).starts_with("HTTP/1.1 401 "));
    let right = request("GET", "/api/App/Version", "Authorization: Basic t1\r\n", "");
    assert!(send(&receiver, &right).contains("stationd-receiver/"));
}

#[test]
fn a_reset_after_the_body_has_stored_the_report() {
    let dir = tempfile::tempdir().unwrap();
    let receiver = start(dir.path(), |settings| {
        settings.fail = "reset-after-body:times=1".parse().unwrap();
    });
    assert_eq!(post(&receiver, &report()), "");
    assert!(receiver.wait_for(1, WAIT));
    assert!(post(&receiver, &report()).starts_with("HTTP/1.1 200 "));
    assert_eq!(receiver.counts().repeats, 1);
}

#[test]
fn the_way_it_fails_is_changed_while_it_runs() {
    let dir = tempfile::tempdir().unwrap();
    let receiver = start(dir.path(), |_| {});
    let put = |mode| send(&receiver, &request("PUT", "/fail", "", mode));
    assert!(put("status:503:retry-after=9").starts_with("HTTP/1.1 200 "));
    let answer = post(&receiver, &report());
    assert!(
        answer.starts_with("HTTP/1.1 503 ") && answer.contains("Retry-After: 9\r\n"),
        "{answer}"
    );
    assert_eq!(receiver.counts().reports, 0);
    assert!(put("nonsense").starts_with("HTTP/1.1 400 "));
    assert!(
        put("wrong-certificate").starts_with("HTTP/1.1 400 "),
        "no certificate over HTTP"
    );
    assert!(put("none").starts_with("HTTP/1.1 200 "));
    assert!(post(&receiver, &report()).starts_with("HTTP/1.1 200 "));
}

#[test]
fn a_hanging_request_does_not_hold_up_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let receiver = start(dir.path(), |settings| settings.fail = "hang".parse().unwrap());
    let mut stream = TcpStream::connect(address(&receiver)).unwrap();
    stream
        .write_all(request("POST", "/api/Report/WSJF", "", &report()).as_bytes())
        .unwrap();
    assert!(receiver.wait_until(WAIT, |counts| counts.requests == 1));
    receiver.stop();
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    assert!(answer.is_empty());
}

#[test]
fn connections_beyond_the_bound_wait_for_their_turn() {
    let dir = tempfile::tempdir().unwrap();
    let receiver = start(dir.path(), |settings| settings.max_connections = 1);
    let first = TcpStream::connect(address(&receiver)).unwrap();
    let second = std::thread::scope(|scope| {
        let second = scope.spawn(|| post(&receiver, &report()));
        drop(first);
        second.join().unwrap()
    });
    assert!(second.starts_with("HTTP/1.1 200 "));
}

fn handshake(receiver: &Receiver) -> Result<String, std::io::Error> {
    let mut roots = rustls::RootCertStore::empty();
    let ca = receiver.ca_pem().unwrap();
    roots
        .add(CertificateDer::from_pem_slice(ca.as_bytes()).unwrap())
        .unwrap();
    let config =
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let session = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = rustls::StreamOwned::new(session, TcpStream::connect(address(receiver)).unwrap());
    stream.write_all(request("GET", "/api/App/Version", "", "").as_bytes())?;
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    Ok(String::from_utf8(answer).unwrap())
}

#[test]
fn each_certificate_is_what_it_is_called() {
    let dir = tempfile::tempdir().unwrap();
    let ca_file = dir.path().join("own-ca.pem");
    let receiver = start(dir.path(), |settings| {
        settings.tls = ReceiverTls::OwnAuthority {
            ca_file: Some(ca_file.clone()),
            names: Vec::new(),
        };
    });
    assert_eq!(
        receiver.ca_pem(),
        std::fs::read_to_string(&ca_file).ok().as_deref()
    );
    assert!(handshake(&receiver).unwrap().starts_with("HTTP/1.1 200 "));
    receiver.set_fail("wrong-certificate".parse().unwrap()).unwrap();
    let error = handshake(&receiver).unwrap_err().to_string();
    assert!(error.contains("not valid for name"), "{error}");
    receiver
        .set_fail("expired-certificate:times=1".parse().unwrap())
        .unwrap();
    let error = handshake(&receiver).unwrap_err().to_string();
    assert!(error.contains("expired"), "{error}");
    assert!(handshake(&receiver).unwrap().starts_with("HTTP/1.1 200 "));
}
