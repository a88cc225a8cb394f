mod peer;

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use zeroize::Zeroizing;

use self::peer::{Act, Authority, Peer};
use super::*;
use crate::messages::transport::{Answer, Outcome, Sent};
use crate::model::Lease;
use crate::uploader::settings::{Gzip, Proxy, Server, UploaderSettings, WatsServer};
use crate::uploader::tests::lease;

const OK: Act = Act::Answer(200, "", r#"{"ID":"r1"}"#);

fn settings(url: String) -> (UploaderSettings, WatsServer) {
    let server = WatsServer {
        url,
        token: Some(Zeroizing::new("c2VjcmV0".to_owned())),
        ca_file: None,
        client_cert: None,
        proxy: Proxy::Direct,
        connect_timeout: Duration::from_secs(2),
        request_timeout: Duration::from_secs(2),
    };
    let settings = UploaderSettings {
        server: Server::Directory(PathBuf::from("/")),
        max_concurrent: 2,
        backoff_base: Duration::from_secs(2),
        backoff_max: Duration::from_secs(900),
        max_attempts: 0,
        breaker_threshold: 5,
        breaker_timeout: Duration::from_secs(30),
        gzip: Gzip::Auto,
        rate_limit_bytes_per_s: 0,
    };
    (settings, server)
}

fn target_with(
    url: String,
    change: impl FnOnce(&mut UploaderSettings, &mut WatsServer),
) -> Result<Target, TransportError> {
    let (mut settings, mut server) = settings(url);
    change(&mut settings, &mut server);
    settings.server = Server::Wats(server);
    Target::new(&settings)
}

fn target(peer: &Peer) -> Target {
    target_with(format!("http://{}", peer.address), |_, _| {}).unwrap()
}

fn answered(sent: Sent) -> Answer {
    match sent.outcome {
        Outcome::Answered(answer) => answer,
        other => unreachable!("an answer was expected: {other:?}"),
    }
}

fn large_lease() -> Lease {
    let mut lease = lease(1);
    lease.document = format!("{{\"x\":\"{}\"}}", "a".repeat(5000)).into_bytes();
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&lease.document).unwrap();
    lease.packed = packed.finish().unwrap();
    lease
}

#[test]
fn a_report_goes_out_as_it_is_with_its_headers() {
    let peer = Peer::http(vec![OK]);
    let answer = answered(target(&peer).put(lease(1)));
    assert_eq!((answer.status, answer.id.as_str()), (200, "r1"));
    let request = peer.request();
    assert!(
        request.head.starts_with("post /api/report/wsjf http/1.1\r\n"),
        "{}",
        request.head
    );
    for line in [
        "authorization: basic c2vjcmv0",
        "content-type: application/json",
        "traceparent: 00-07070707070707070707070707070707-",
    ] {
        assert!(request.head.contains(line), "{line} in {}", request.head);
    }
    assert_eq!(request.body, lease(1).document);
}

#[test]
fn a_connection_is_kept_for_the_next_report() {
    let peer = Peer::http(vec![OK, OK, OK]);
    let target = target(&peer);
    for id in 1..=3 {
        answered(target.put(lease(id)));
        assert_eq!(peer.request().connection, 0);
    }
}

#[test]
fn a_kept_connection_that_has_ended_costs_no_failure() {
    let peer = Peer::http(vec![OK, Act::Close, OK]);
    let target = target(&peer);
    answered(target.put(lease(1)));
    answered(target.put(lease(2)));
    assert_eq!(
        [peer.request(), peer.request(), peer.request()].map(|request| request.connection),
        [0, 0, 1]
    );
}

#[test]
fn a_redirect_is_an_answer_and_never_followed() {
    let other = Peer::http(vec![OK]);
    let location = format!("Location: http://{}/\r\n", other.address);
    for status in [301, 302, 303, 307, 308] {
        let peer = Peer::http(vec![Act::Answer(status, location.clone().leak(), "")]);
        let answer = answered(target(&peer).put(lease(1)));
        assert_eq!(answer.status, status);
        assert!(
            answer.words.contains(&other.address.to_string()),
            "{}",
            answer.words
        );
    }
    assert!(other.is_quiet());
}

#[test]
fn compression_is_tried_once_and_given_up_where_it_is_refused() {
    let peer = Peer::http(vec![Act::Answer(415, "", ""), OK, OK]);
    let target = target(&peer);
    let sent = target.put(large_lease());
    assert_eq!(sent.gzip, Some(false));
    assert_eq!(answered(sent).status, 200);
    assert!(peer.request().head.contains("content-encoding: gzip"));
    answered(target.put(large_lease()));
    for request in [peer.request(), peer.request()] {
        assert!(!request.head.contains("content-encoding"));
        assert_eq!(request.body, large_lease().document);
    }
}

#[test]
fn a_refused_report_is_no_reason_to_give_up_compression() {
    let refusal = Act::Answer(400, "", r#"{"message":"pn is missing"}"#);
    let peer = Peer::http(vec![OK, refusal.clone(), refusal, OK]);
    let target = target(&peer);
    assert_eq!(target.put(large_lease()).gzip, Some(true));
    let sent = target.put(large_lease());
    assert_eq!(sent.gzip, Some(true));
    assert_eq!(answered(sent).words, "pn is missing");
    target.put(large_lease());
    let packed = [(); 4].map(|()| peer.request().head.contains("content-encoding: gzip"));
    assert_eq!(packed, [true, true, false, true]);
}

#[test]
fn a_server_that_is_not_there_is_unreachable() {
    let address = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    for (url, words) in [
        (format!("http://{address}"), "connection refused"),
        ("http://no-such-host.invalid".to_owned(), "DNS"),
    ] {
        let target = target_with(url, |_, _| {}).unwrap();
        let Outcome::Unreachable(said) = target.put(lease(1)).outcome else {
            unreachable!("nothing was sent")
        };
        assert!(said.contains(words), "{said}");
        assert!(matches!(target.probe().outcome, Outcome::Unreachable(_)));
    }
}

#[test]
fn an_answer_that_does_not_come_is_lost_not_unreachable() {
    let peer = Peer::http(vec![Act::Hang]);
    let target = target_with(format!("http://{}", peer.address), |_, server| {
        server.connect_timeout = Duration::from_millis(50);
        server.request_timeout = Duration::from_millis(50);
    })
    .unwrap();
    assert!(matches!(target.put(lease(1)).outcome, Outcome::Lost(words) if words.contains("in time")));
}

#[test]
fn an_answer_cut_in_the_middle_is_lost() {
    let half = Act::Cut("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{");
    let peer = Peer::http(vec![half.clone(), half]);
    assert!(matches!(target(&peer).put(lease(1)).outcome, Outcome::Lost(_)));
}

/// A report that no socket takes whole before its other side reads.
fn huge_lease() -> Lease {
    let mut lease = lease(1);
    lease.document = vec![b'x'; 24 * 1024 * 1024];
    lease
}

#[test]
fn a_refusal_that_comes_before_the_report_was_read_is_heard() {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let ca = dir.path().join("ca.pem");
    std::fs::write(&ca, &authority.pem).unwrap();
    for status in [401, 413] {
        let acts = vec![Act::Early(status)];
        let plain = Peer::http(acts.clone());
        let secure = Peer::https(acts, authority.server("127.0.0.1", (2000, 2100), None));
        for (scheme, peer) in [("http", plain), ("https", secure)] {
            let target = target_with(format!("{scheme}://{}", peer.address), |settings, server| {
                settings.gzip = Gzip::Off;
                server.ca_file = (scheme == "https").then(|| ca.clone());
            });
            let answer = answered(target.unwrap().put(huge_lease()));
            assert_eq!(answer.status, status, "{scheme}");
        }
    }
}

#[test]
fn a_receipt_for_a_report_that_was_not_sent_whole_is_none() {
    for status in [200, 409] {
        let peer = Peer::http(vec![Act::Early(status)]);
        let target = target_with(format!("http://{}", peer.address), |settings, _| {
            settings.gzip = Gzip::Off;
            // What nobody takes any more does not wait for its turn: that would be 40 minutes.
            settings.rate_limit_bytes_per_s = 10_000;
        });
        let outcome = target.unwrap().put(huge_lease()).outcome;
        assert!(matches!(&outcome, Outcome::Lost(_)), "{status}: {outcome:?}");
    }
}

#[test]
fn a_connection_that_ends_within_a_report_is_lost() {
    let peer = Peer::http(vec![Act::Drop, Act::Drop]);
    let target = target_with(format!("http://{}", peer.address), |settings, _| {
        settings.gzip = Gzip::Off;
    });
    let outcome = target.unwrap().put(huge_lease()).outcome;
    assert!(
        matches!(&outcome, Outcome::Lost(words) if words.contains("without an answer")),
        "{outcome:?}"
    );
}

#[test]
fn what_is_not_http_is_lost_in_plain_words() {
    let peer = Peer::https(vec![OK], Authority::new().server("127.0.0.1", (2000, 2100), None));
    let outcome = target_with(format!("http://{}", peer.address), |_, _| {})
        .unwrap()
        .put(lease(1))
        .outcome;
    assert!(
        matches!(outcome, Outcome::Lost(_) | Outcome::Unreachable(_)),
        "{outcome:?}"
    );
}

#[test]
fn delay_and_clock_are_read_from_the_answer() {
    let lines = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:51:37 GMT\r\n";
    let peer = Peer::http(vec![Act::Answer(503, lines, "busy")]);
    let answer = answered(target(&peer).put(lease(1)));
    assert_eq!(answer.retry_after, Some(Duration::from_secs(120)));
    assert!(answer.clock_ahead_s.unwrap() < -900_000_000);
    assert!(!answer.json);
}

#[test]
fn the_probe_asks_for_the_version_with_the_token() {
    let peer = Peer::http(vec![Act::Answer(200, "", "\"25.1\"")]);
    let answer = answered(target(&peer).probe());
    assert!(answer.json);
    let head = peer.request().head;
    assert!(
        head.starts_with("get /api/app/version ") && head.contains("authorization: basic"),
        "{head}"
    );
}

/// A TLS server for `127.0.0.1`, and a target that trusts its authority.
fn tls(name: &str, years: (i32, i32), trusted: bool) -> Outcome {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let peer = Peer::https(vec![OK], authority.server(name, years, None));
    let ca = dir.path().join("ca.pem");
    let pem = if trusted {
        authority.pem
    } else {
        Authority::new().pem
    };
    std::fs::write(&ca, pem).unwrap();
    let target = target_with(format!("https://{}", peer.address), |_, server| {
        server.ca_file = Some(ca);
    })
    .unwrap();
    target.put(lease(1)).outcome
}

#[test]
fn a_private_authority_is_trusted_and_no_other() {
    assert!(
        matches!(tls("127.0.0.1", (2000, 2100), true), Outcome::Answered(answer) if answer.status == 200)
    );
    for (outcome, words) in [
        (tls("127.0.0.1", (2000, 2100), false), "authority we do not trust"),
        (tls("127.0.0.2", (2000, 2100), true), "for another host"),
        (
            tls("127.0.0.1", (2000, 2001), true),
            "expired, or the clock is wrong: this station's clock says",
        ),
        (
            tls("127.0.0.1", (2090, 2100), true),
            "not yet valid, so the clock is probably wrong",
        ),
    ] {
        let Outcome::Unreachable(said) = outcome else {
            unreachable!("{words}: {outcome:?}")
        };
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn a_client_certificate_is_shown_to_a_server_that_wants_one() {
    let dir = tempfile::tempdir().unwrap();
    let (servers, clients) = (Authority::new(), Authority::new());
    let (certificate, key) = clients.sign("station", 2000, 2100);
    let path = |name: &str| dir.path().join(name);
    std::fs::write(path("ca.pem"), &servers.pem).unwrap();
    std::fs::write(path("client.pem"), certificate.pem()).unwrap();
    std::fs::write(path("client.key"), key.serialize_pem()).unwrap();
    let put = |client_cert| {
        let peer = Peer::https(
            vec![OK],
            servers.server("127.0.0.1", (2000, 2100), Some(&clients)),
        );
        let target = target_with(format!("https://{}", peer.address), |_, server| {
            server.ca_file = Some(path("ca.pem"));
            server.client_cert = client_cert;
        });
        target.unwrap().put(lease(1)).outcome
    };
    assert!(matches!(
        put(Some((path("client.pem"), path("client.key")))),
        Outcome::Answered(_)
    ));
    // The server's alert and its closing race with our request, so the words differ.
    let outcome = put(None);
    assert!(!matches!(outcome, Outcome::Answered(_)), "{outcome:?}");
}

#[test]
fn settings_that_cannot_work_are_found_before_anything_is_sent() {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let (certificate, _) = authority.sign("station", 2000, 2100);
    let path = |name: &str, text: &str| {
        std::fs::write(dir.path().join(name), text).unwrap();
        dir.path().join(name)
    };
    let ca = path("ca.pem", &authority.pem);
    let cert = path("client.pem", &certificate.pem());
    let other_key = path("other.key", &rcgen::KeyPair::generate().unwrap().serialize_pem());
    let nothing = path("nothing.pem", "nothing here\n");
    let fault = |change: &dyn Fn(&mut WatsServer)| {
        let error = target_with("https://wats.example".to_owned(), |_, server| {
            server.ca_file = Some(ca.clone());
            change(server);
        });
        error.unwrap_err().key()
    };
    for (found, key) in [
        (
            fault(&|server| server.ca_file = Some(nothing.clone())),
            "server.ca_file",
        ),
        (
            fault(&|server| server.ca_file = Some(dir.path().join("absent"))),
            "server.ca_file",
        ),
        (
            fault(&|server| server.client_cert = Some((cert.clone(), other_key.clone()))),
            "server.client_cert_file",
        ),
        (
            fault(&|server| server.client_cert = Some((cert.clone(), nothing.clone()))),
            "server.client_key_file",
        ),
        (
            fault(&|server| server.proxy = Proxy::Url("socks5://x".to_owned())),
            "server.proxy",
        ),
        (
            fault(&|server| server.token = Some(Zeroizing::new("a\nb".to_owned()))),
            "server.token_file",
        ),
        (
            fault(&|server| server.url = "https://user:pw@host".to_owned()),
            "server.url",
        ),
        (
            fault(&|server| server.url = "ftp://host".to_owned()),
            "server.url",
        ),
    ] {
        assert_eq!(found, key);
    }
}

#[test]
fn a_proxy_that_is_not_reached_is_blamed_and_not_the_server() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string();
    for (proxy, says) in [
        (closed.clone(), format!("the proxy {closed}: connection refused")),
        (
            "no-such-proxy.invalid:3128".to_owned(),
            "the name of the proxy cannot be looked up; check DNS and server.proxy".to_owned(),
        ),
    ] {
        let target = target_with("http://wats.invalid".to_owned(), |_, server| {
            server.proxy = Proxy::Url(format!("http://{proxy}"));
        })
        .unwrap();
        let outcome = target.put(lease(1)).outcome;
        assert!(
            matches!(&outcome, Outcome::Unreachable(words) if words.starts_with(&says)),
            "{outcome:?}"
        );
    }
}

#[test]
fn a_proxy_of_the_settings_is_used() {
    let proxy = Peer::http(vec![Act::Answer(407, "", "")]);
    let target = target_with("http://wats.invalid".to_owned(), |_, server| {
        server.proxy = Proxy::Url(format!("http://{}", proxy.address));
    })
    .unwrap();
    let outcome = target.put(lease(1)).outcome;
    assert!(proxy.request().head.starts_with("connect wats.invalid:80 "));
    assert!(matches!(outcome, Outcome::Unreachable(words) if words.contains("proxy")));
}
