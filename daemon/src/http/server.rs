//! Accepts connections; each is asked once, answered, and closed.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

use super::error::HttpError;
use super::metrics::metrics;
use super::recorder::Recorder;
use super::request::{HEAD_LIMIT, Refusal, Request, parse};
use super::response::Response;
use super::{journal, page};
use crate::control::Desk;
use crate::http::Grade;

/// Connections at the same time. As many more are told to come back; the rest are closed.
const MAX_CONNECTIONS: usize = 8;

/// The head must be there within this time.
const HEAD_WITHIN: Duration = Duration::from_secs(5);

/// The answer must be taken within this time.
const WRITE_WITHIN: Duration = Duration::from_secs(5);

/// After an answer to a client that still sends, so much is passed over before closing: a reset would overtake the
/// answer.
const LINGER_BYTES: usize = 64 * 1024;

/// And for so long.
const LINGER: Duration = Duration::from_secs(1);

/// After a failed accept (no more descriptors), the next one comes after this time.
const ACCEPT_AGAIN: Duration = Duration::from_secs(1);

/// A socket that listens.
#[derive(Debug)]
pub struct Listening {
    listener: std::net::TcpListener,
    /// As the settings name it.
    listen: SocketAddr,
}

impl Listening {
    fn open(listen: SocketAddr) -> std::io::Result<Self> {
        let listener = std::net::TcpListener::bind(listen)?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener, listen })
    }

    /// Whether it is what the settings name; port 0 stays the port it got.
    pub(crate) fn is_at(&self, listen: SocketAddr) -> bool {
        self.listen == listen
    }
}

/// The open HTTP server. Dropped, it closes, unless somebody keeps what it listens on.
#[derive(Debug)]
pub struct HttpServer {
    accepting: AbortHandle,
    address: SocketAddr,
    listening: Arc<Listening>,
}

impl HttpServer {
    /// What it listens on, to be kept for the next one.
    pub fn listening(&self) -> Arc<Listening> {
        Arc::clone(&self.listening)
    }

    /// Where it listens; with port 0 in the settings, the port it got.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// What every connection needs.
#[derive(Debug)]
struct Service {
    desk: Arc<Desk>,
    recorder: Recorder,
    /// Whether only names of this machine are answered.
    local_only: bool,
}

/// Listens and serves in the background, on the arbiter of the caller. What was `kept` is used again where it fits: whoever
/// came in between has waited in it.
///
/// # Errors
/// When the address cannot be listened on.
///
/// # Panics
/// Outside an actix system: its event loop runs the connections.
pub fn serve(
    listen: SocketAddr,
    desk: Arc<Desk>,
    kept: Option<Arc<Listening>>,
) -> Result<HttpServer, HttpError> {
    let failed = |cause| HttpError { listen, cause };
    let listening = match kept.filter(|kept| kept.is_at(listen)) {
        Some(kept) => kept,
        None => Arc::new(Listening::open(listen).map_err(failed)?),
    };
    let listener = listening.listener.try_clone().and_then(TcpListener::from_std);
    let listener = listener.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let service = Rc::new(Service {
        recorder: Recorder::start(&desk),
        desk,
        local_only: address.ip().is_loopback(),
    });
    let accepting = tokio::task::spawn_local(accept(listener, service)).abort_handle();
    journal::open(address);
    Ok(HttpServer {
        accepting,
        address,
        listening,
    })
}

async fn accept(listener: TcpListener, service: Rc<Service>) -> ! {
    let mut connections = JoinSet::new();
    loop {
        let accepted = listener.accept().await;
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, _)) if connections.len() < MAX_CONNECTIONS => {
                connections.spawn_local(answer(stream, Rc::clone(&service)));
            }
            Ok((stream, _)) if connections.len() < 2 * MAX_CONNECTIONS => {
                connections.spawn_local(turn_away(stream));
            }
            Ok(one_too_many) => drop(one_too_many),
            // A probe that fails is seen by whoever probes; there is nothing to add in the journal.
            Err(_) => tokio::time::sleep(ACCEPT_AGAIN).await,
        }
    }
}

/// Says why, and closes.
async fn turn_away(mut stream: TcpStream) {
    let busy = Response::text(503, format!("all {MAX_CONNECTIONS} connections are in use"));
    send(&mut stream, busy).await;
}

/// A failing connection ends silently: there is nobody left to tell.
async fn answer(mut stream: TcpStream, service: Rc<Service>) {
    let response = match tokio::time::timeout(HEAD_WITHIN, read_head(&mut stream)).await {
        Err(_elapsed) => Response::text(408, "the request took more than 5 s"),
        Ok(Err(_broken)) => return,
        Ok(Ok(Err(Refusal::Garbage))) => Response::text(400, "not an HTTP request"),
        Ok(Ok(Err(Refusal::Method))) => Response::text(405, "only GET is answered"),
        Ok(Ok(Err(Refusal::TooLong))) => Response::text(431, "the request's head is longer than 8 KiB"),
        Ok(Ok(Ok(request))) => service.respond(&request).await,
    };
    send(&mut stream, response).await;
}

async fn send(stream: &mut TcpStream, response: Response) {
    let bytes = response.into_bytes();
    let written = tokio::time::timeout(WRITE_WITHIN, async {
        stream.write_all(&bytes).await?;
        stream.shutdown().await
    });
    if let Ok(Ok(())) = written.await {
        let _until_they_close = tokio::time::timeout(LINGER, pass_over(stream)).await.is_err();
    }
}

async fn read_head(stream: &mut TcpStream) -> std::io::Result<Result<Request, Refusal>> {
    let mut head = Vec::with_capacity(1024);
    loop {
        if stream.read_buf(&mut head).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        head.truncate(HEAD_LIMIT);
        match parse(&head) {
            Ok(Some(request)) => return Ok(Ok(request)),
            Ok(None) => {}
            Err(refusal) => return Ok(Err(refusal)),
        }
    }
}

async fn pass_over(stream: &mut TcpStream) {
    let mut buffer = [0; 1024];
    let mut passed = 0;
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        passed += read;
        if passed > LINGER_BYTES {
            return;
        }
    }
}

impl Service {
    async fn respond(&self, request: &Request) -> Response {
        if self.local_only && !request.is_local() {
            return Response::text(421, "ask by IP address or as localhost");
        }
        let desk = &self.desk;
        match request.path.as_str() {
            "/" => page::page(desk, &self.recorder).await,
            "/metrics" => Response::metrics(metrics(desk).await),
            "/health" => {
                let health = desk.health().await;
                brief(health.status != Grade::Failure, health.status)
            }
            "/health/live" => brief(true, Grade::Ok),
            "/health/ready" => {
                let ready = desk.health().await.ready;
                brief(ready, if ready { Grade::Ok } else { Grade::Failure })
            }
            "/health/details" => Response::json(200, &desk.health().await),
            _ => Response::text(
                404,
                "there are /, /health, /health/live, /health/ready, /health/details and /metrics",
            ),
        }
    }
}

/// For probes: the status code says it all.
fn brief(good: bool, status: Grade) -> Response {
    Response::json(
        if good { 200 } else { 503 },
        &serde_json::json!({ "status": status }),
    )
}

#[cfg(test)]
mod tests;
