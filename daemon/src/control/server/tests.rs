use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};

use super::*;
use crate::control::fakes;
use crate::control::limiter::RateLimit;

const DEFAULT: RateLimit = RateLimit {
    per_min: 100,
    burst: 20,
};

fn settings(dir: &Path, rate: RateLimit) -> ControlSettings {
    ControlSettings {
        socket: dir.join("control.sock"),
        token_file: dir.join("control.key"),
        rate_per_min: rate.per_min,
        rate_burst: rate.burst,
    }
}

/// A served socket in a folder of its own.
struct Served {
    dir: TempDir,
    server: ControlServer,
    requests: tokio::sync::mpsc::Receiver<crate::control::DaemonRequest>,
}

fn served(rate: RateLimit) -> Served {
    serve_desk(rate, fakes::desk())
}

fn serve_desk(rate: RateLimit, (desk, requests): fakes::DeskAndRequests) -> Served {
    let dir = tempfile::tempdir().unwrap();
    let server = serve(&settings(dir.path(), rate), desk, None).unwrap();
    Served {
        dir,
        server,
        requests,
    }
}

impl Served {
    fn path(&self) -> &Path {
        self.dir.path()
    }

    async fn client(&self) -> TestClient {
        let stream = UnixStream::connect(self.path().join("control.sock"))
            .await
            .unwrap();
        TestClient(BufReader::new(stream))
    }

    async fn authenticated(&self) -> TestClient {
        let mut client = self.client().await;
        assert_eq!(client.read().await.unwrap()["type"], "hello");
        client
            .say(&json!({"type": "connect", "protocol": "2.0", "client": "test"}))
            .await;
        let key = Key::read(&self.path().join("control.key")).unwrap();
        let answer = client.ask("auth", json!({"token": key.digits()})).await;
        assert_eq!(answer["ok"], true);
        client
    }
}

struct TestClient(BufReader<UnixStream>);

impl TestClient {
    async fn send(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).await.unwrap();
    }

    async fn say(&mut self, value: &Value) {
        self.send(format!("{value}\n").as_bytes()).await;
    }

    /// The next line, or none when the server has closed.
    async fn read(&mut self) -> Option<Value> {
        let mut line = String::new();
        let read = tokio::time::timeout(Duration::from_secs(5), self.0.read_line(&mut line));
        (read.await.expect("an answer within 5 s").unwrap() > 0).then(|| serde_json::from_str(&line).unwrap())
    }

    async fn ask(&mut self, command: &str, args: Value) -> Value {
        self.say(&json!({"id": 7, "command": command, "args": args}))
            .await;
        let answer = self.read().await.expect("an answer");
        assert_eq!(answer["id"], 7);
        answer
    }
}

#[actix::test]
async fn the_hello_says_who_is_there() {
    let served = served(DEFAULT);
    let hello = served.client().await.read().await.unwrap();
    assert_eq!(
        hello,
        json!({
            "type": "hello",
            "protocol": "2.0",
            "server": format!("stationd/{}", env!("CARGO_PKG_VERSION")),
            "station": "ICT-L2",
            "capabilities": ["auth", "rate_limit", "converters", "queue", "config", "sync", "sandbox"],
            "auth_required": true,
            "key_file": served.path().join("control.key"),
        })
    );
}

#[actix::test]
async fn status_has_every_name_that_dashboards_rely_on() {
    let served = served(DEFAULT);
    let answer = served.authenticated().await.ask("status", json!({})).await;
    let status = &answer["result"];
    for pointer in [
        "/version",
        "/station",
        "/uptime_s",
        "/paused",
        "/server/state",
        "/server/breaker",
        "/server/last_ok",
        "/server/last_error",
        "/queue/ready",
        "/queue/leased",
        "/queue/dead",
        "/queue/done_total",
        "/queue/oldest_age_s",
        "/queue/bytes",
        "/queue/max_size",
        "/queue/full",
        "/converters/0/name",
        "/converters/0/enabled",
        "/converters/0/state",
        "/converters/0/ok",
        "/converters/0/failed",
        "/converters/0/in_flight",
        "/sandbox/policy",
        "/sandbox/level",
        "/sandbox/landlock_abi",
    ] {
        assert!(
            status.pointer(pointer).is_some(),
            "{pointer} is missing in {status}"
        );
    }
    assert_eq!(status["sandbox"]["level"], "full");
    assert_eq!(status["queue"]["ready"], fakes::READY);
}

#[actix::test]
async fn a_silent_queue_is_named_and_the_rest_of_the_status_is_there() {
    let served = serve_desk(DEFAULT, fakes::desk_without_queue());
    let mut client = served.authenticated().await;
    let status = client.ask("status", json!({})).await["result"].take();
    assert_eq!(status["problems"], json!(["the queue has stopped"]));
    assert_eq!(status["converters"][0]["ok"], 12);
    let answer = client.ask("queue.stats", json!({})).await;
    assert_eq!(answer["error"]["code"], "unavailable");
}

#[actix::test]
async fn a_pause_shows_in_the_status_until_it_ends() {
    let served = served(DEFAULT);
    let mut client = served.authenticated().await;
    assert_eq!(client.ask("pause", json!({})).await["ok"], true);
    let status = client.ask("status", json!({})).await;
    assert_eq!(status["result"]["paused"], true);
    assert_eq!(client.ask("resume", json!({})).await["ok"], true);
    assert_eq!(client.ask("status", json!({})).await["result"]["paused"], false);
}

#[actix::test]
async fn an_entry_that_is_not_there_is_not_found() {
    let served = served(DEFAULT);
    let mut client = served.authenticated().await;
    let answer = client.ask("queue.show", json!({"entry": 99})).await;
    assert_eq!(answer["error"]["code"], "not_found");
    let answer = client.ask("queue.show", json!({"entri": 99})).await;
    assert_eq!(answer["error"]["code"], "bad_arguments");
    let answer = client.ask("queue.show", json!({"entry": 1})).await;
    assert_eq!(answer["result"]["document"], fakes::DOCUMENT);
    let answer = client.ask("make.coffee", json!({})).await;
    assert_eq!(answer["error"]["code"], "unknown_command");
}

#[actix::test]
async fn the_queue_lists_what_was_asked_for() {
    let served = served(DEFAULT);
    let mut client = served.authenticated().await;
    let answer = client
        .ask("queue.list", json!({"state": "dead", "limit": 5}))
        .await;
    assert_eq!(answer["result"]["limit"], 5);
    assert_eq!(answer["result"]["entries"][0]["state"], "dead");
}

#[actix::test]
async fn stop_reaches_the_daemon() {
    let mut served = served(DEFAULT);
    assert_eq!(
        served.authenticated().await.ask("stop", json!({})).await["ok"],
        true
    );
    assert!(matches!(
        served.requests.recv().await,
        Some(crate::control::DaemonRequest::Stop)
    ));
}

#[actix::test]
async fn five_wrong_secrets_close_the_connection() {
    let served = served(DEFAULT);
    let mut client = served.client().await;
    client.read().await.unwrap();
    client
        .say(&json!({"type": "connect", "protocol": "2.0", "client": "test"}))
        .await;
    for _ in 0..5 {
        let answer = client.ask("auth", json!({"token": "0".repeat(64)})).await;
        assert_eq!(answer["error"]["code"], "auth_failed");
    }
    assert_eq!(client.read().await, None);
}

#[actix::test]
async fn garbage_half_lines_and_giant_lines_get_an_error_and_the_next_client_is_served() {
    let served = served(DEFAULT);
    let mut client = served.client().await;
    client.read().await.unwrap();
    client.send(b"\xff\x00 nonsense\n").await;
    assert_eq!(client.read().await.unwrap()["error"]["code"], "bad_request");
    client.send(&vec![b'x'; LINE_LIMIT + 1]).await;
    assert_eq!(client.read().await.unwrap()["error"]["code"], "line_too_long");
    client.send(b"xxx\n{\"id\":1,").await;
    client.0.get_mut().shutdown().await.unwrap();
    assert_eq!(client.read().await.unwrap()["error"]["code"], "half_line");
    assert_eq!(client.read().await, None);
    assert_eq!(
        served.authenticated().await.ask("ping", json!({})).await["ok"],
        true
    );
}

#[actix::test]
async fn the_seventeenth_client_is_turned_away_and_a_place_comes_back() {
    let served = served(DEFAULT);
    let mut clients = Vec::new();
    for _ in 0..MAX_CLIENTS {
        let mut client = served.client().await;
        assert_eq!(client.read().await.unwrap()["type"], "hello");
        clients.push(client);
    }
    let mut late = served.client().await;
    assert_eq!(late.read().await.unwrap()["error"]["code"], "too_many_clients");
    assert_eq!(late.read().await, None);
    let mut leaving = clients.pop().unwrap();
    leaving.0.get_mut().shutdown().await.unwrap();
    assert_eq!(leaving.read().await, None);
    let mut next = served.client().await;
    assert_eq!(next.read().await.unwrap()["type"], "hello");
}

#[actix::test]
async fn a_flood_is_limited_and_the_client_next_to_it_is_not() {
    let served = served(RateLimit { per_min: 1, burst: 3 });
    let mut flood = served.authenticated().await;
    for _ in 0..3 {
        assert_eq!(flood.ask("ping", json!({})).await["ok"], true);
    }
    let answer = flood.ask("ping", json!({})).await;
    assert_eq!(answer["error"]["code"], "rate_limited");
    assert!(answer["error"]["retry_after_ms"].as_u64().unwrap() > 0);
    assert_eq!(
        served.authenticated().await.ask("ping", json!({})).await["ok"],
        true
    );
}

#[actix::test]
async fn the_socket_goes_with_its_server_and_the_secret_stays() {
    let Served { dir, server, .. } = served(DEFAULT);
    let key = Key::read(&dir.path().join("control.key")).unwrap();
    drop(server);
    assert!(!dir.path().join("control.sock").exists());
    let (desk, _requests) = fakes::desk();
    let _again = serve(&settings(dir.path(), DEFAULT), desk, None).unwrap();
    assert!(
        Key::read(&dir.path().join("control.key"))
            .unwrap()
            .matches(key.digits())
    );
}
