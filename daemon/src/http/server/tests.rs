use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::control::fakes;

fn served() -> HttpServer {
    let (desk, _requests) = fakes::desk();
    serve("127.0.0.1:0".parse().unwrap(), desk, None).unwrap()
}

/// Sends bytes and reads until the server closes.
async fn exchange(server: &HttpServer, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = String::new();
    tokio::time::timeout(Duration::from_secs(5), stream.read_to_string(&mut answer))
        .await
        .expect("an answer within 5 s")
        .unwrap();
    answer
}

async fn get(server: &HttpServer, path: &str) -> String {
    exchange(
        server,
        format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes(),
    )
    .await
}

#[actix::test]
async fn every_path_is_answered_with_its_status_and_type() {
    let server = served();
    for (path, status, content_type) in [
        ("/health", "200 OK", "application/json"),
        ("/health/live", "200 OK", "application/json"),
        ("/health/ready?probe=1", "200 OK", "application/json"),
        ("/health/details", "200 OK", "application/json"),
        ("/metrics", "200 OK", "text/plain; version=0.0.4"),
        ("/", "200 OK", "text/html"),
        ("/nothing", "404 Not Found", "text/plain"),
    ] {
        let answer = get(&server, path).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}\r\n")),
            "{path}: {answer}"
        );
        assert!(
            answer.contains(&format!("\r\nContent-Type: {content_type}")),
            "{path}: {answer}"
        );
    }
}

#[actix::test]
async fn a_stopped_queue_is_503_but_the_daemon_lives() {
    let (desk, _requests) = fakes::desk_without_queue();
    let server = serve("127.0.0.1:0".parse().unwrap(), desk, None).unwrap();
    assert!(get(&server, "/health").await.contains("503"));
    assert!(get(&server, "/health/ready").await.contains("503"));
    assert!(get(&server, "/health/live").await.contains("200 OK"));
    let details = get(&server, "/health/details").await;
    let body = details.split_once("\r\n\r\n").unwrap().1;
    let json: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(json["store"]["status"], "failure");
    assert_eq!(json["server"]["status"], "ok");
}

#[actix::test]
async fn what_is_no_get_of_this_machine_is_refused() {
    let server = served();
    let refused =
        |answer: String, status: &str| assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    refused(exchange(&server, b"POST / HTTP/1.1\r\n\r\n").await, "405");
    refused(
        exchange(&server, b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n").await,
        "421",
    );
    refused(exchange(&server, b"\x16\x03\x01\r\n\r\n").await, "400");
    let long = [
        b"GET / HTTP/1.1\r\nX: ".as_slice(),
        &[b'x'; HEAD_LIMIT],
        b"\r\n\r\n",
    ]
    .concat();
    refused(exchange(&server, &long).await, "431");
}

#[actix::test]
async fn the_page_needs_nothing_from_outside_and_shows_every_part() {
    let page = get(&served(), "/").await;
    for outside in [
        "http://", "src=", "href=", "@import", "url(", " style=", "onclick=",
    ] {
        assert!(!page.contains(outside), "{outside}");
    }
    for shown in [
        "ICT-L2",
        "store",
        "37 waiting",
        "<th scope=\"row\">ict</th>",
        "role=\"img\"",
        "https://wats.example",
    ] {
        assert!(page.contains(shown), "{shown} is missing");
    }
}

#[actix::test]
async fn the_ninth_connection_is_told_to_come_back() {
    let server = served();
    let mut open = Vec::new();
    for _ in 0..MAX_CONNECTIONS {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(b"GET /").await.unwrap();
        open.push(stream);
    }
    assert!(get(&server, "/health").await.contains("503"));
}
