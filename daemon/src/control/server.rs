//! Accepts clients and moves their lines.

use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::{AbortHandle, JoinSet};

use super::auth::{Key, KeyError};
use super::commands;
use super::desk::Desk;
use super::error::ControlError;
use super::journal;
use super::limiter::RateLimit;
use super::lines::LineReader;
use super::listen::{self, Listening};
use super::protocol::{Answer, CAPABILITIES, Fault, Hello, HelloTag, LINE_LIMIT, PROTOCOL, code};
use super::session::{MAX_WRONG_SECRETS, Session, Step};
use crate::settings::ControlSettings;

/// Program and version, as the hello says it.
pub(super) const SERVER: &str = concat!("stationd/", env!("CARGO_PKG_VERSION"));

/// Clients at the same time. Each may hold a line of 1 MiB, so this also bounds the memory.
const MAX_CLIENTS: usize = 16;

/// A client must take an answer within this time, or it is closed.
const WRITE_WITHIN: Duration = Duration::from_secs(10);

/// After an answer `rate_limited`, so long nothing is read from this client: asking faster gets it nowhere, and costs
/// the event loop little.
const COOL_DOWN: Duration = Duration::from_millis(25);

/// After a failed accept (no more descriptors), the next one comes after this time.
const ACCEPT_AGAIN: Duration = Duration::from_secs(1);

/// The open control socket. Dropped, it closes: clients are cut off, and unless somebody keeps what it listens on, our own
/// socket file is removed.
#[derive(Debug)]
pub struct ControlServer {
    accepting: AbortHandle,
    listening: Arc<Listening>,
}

impl ControlServer {
    /// What it listens on, to be kept for the next one.
    pub fn listening(&self) -> Arc<Listening> {
        Arc::clone(&self.listening)
    }
}

impl Drop for ControlServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// What every session needs.
#[derive(Debug)]
struct Service {
    key: Key,
    rate: RateLimit,
    desk: Arc<Desk>,
    hello: Hello,
}

/// Opens the control socket and serves it in the background, on the arbiter of the caller. One that was `kept` is used
/// again where the settings name it: clients that came in between have waited in it.
///
/// # Errors
/// When the socket cannot be opened, another daemon answers on it, or there is no secret.
///
/// # Panics
/// Outside an actix system: its event loop runs the sessions.
pub fn serve(
    settings: &ControlSettings,
    desk: Arc<Desk>,
    kept: Option<Arc<Listening>>,
) -> Result<ControlServer, ControlError> {
    let key = load_key(&settings.token_file).map_err(ControlError::Key)?;
    let listening = match kept.filter(|kept| kept.is_at(&settings.socket)) {
        Some(kept) => kept,
        None => Arc::new(listen::open(&settings.socket)?),
    };
    let listener = listening.listener().and_then(UnixListener::from_std);
    let listener = listener.map_err(|cause| ControlError::Socket {
        doing: "listen on",
        path: settings.socket.clone(),
        cause,
    })?;
    let hello = Hello {
        kind: HelloTag::Hello,
        protocol: PROTOCOL,
        server: SERVER.to_owned(),
        station: desk.facts().station.clone(),
        capabilities: CAPABILITIES.iter().map(|word| (*word).to_owned()).collect(),
        auth_required: true,
        key_file: Some(settings.token_file.clone()),
    };
    let service = Arc::new(Service {
        key,
        rate: RateLimit {
            per_min: settings.rate_per_min,
            burst: settings.rate_burst,
        },
        desk,
        hello,
    });
    let accepting = tokio::task::spawn_local(accept(listener, service)).abort_handle();
    journal::open(&settings.socket, listening.is_handed_over());
    Ok(ControlServer { accepting, listening })
}

/// The key; made at the first start, and when its file was damaged.
fn load_key(file: &Path) -> Result<Key, KeyError> {
    match Key::read(file) {
        Err(KeyError::File { cause, .. }) if cause.kind() == io::ErrorKind::NotFound => {
            let key = Key::make(file)?;
            journal::key_made(file);
            Ok(key)
        }
        Err(damage @ KeyError::Malformed { .. }) => {
            let key = Key::make(file)?;
            journal::key_replaced(file, &damage);
            Ok(key)
        }
        read => read,
    }
}

async fn accept(listener: UnixListener, service: Arc<Service>) -> ! {
    let mut sessions = JoinSet::new();
    let mut failing = false;
    loop {
        let accepted = listener.accept().await;
        // Ended sessions give their places back.
        while sessions.try_join_next().is_some() {}
        match accepted {
            Ok((stream, _)) => {
                if std::mem::take(&mut failing) {
                    journal::accept_recovered();
                }
                if sessions.len() < MAX_CLIENTS {
                    sessions.spawn_local(converse(stream, Arc::clone(&service)));
                } else {
                    turn_away(stream);
                }
            }
            Err(error) => {
                if !std::mem::replace(&mut failing, true) {
                    journal::accept_failed(&error);
                }
                tokio::time::sleep(ACCEPT_AGAIN).await;
            }
        }
    }
}

/// Says why, if the client's buffer takes it, and closes.
fn turn_away(stream: UnixStream) {
    let message = format!("all {MAX_CLIENTS} places are taken, try again");
    let answer = Answer::refused(None, Fault::new(code::TOO_MANY_CLIENTS, message));
    if let (Ok(mut stream), Ok(line)) = (stream.into_std(), line_of(&answer)) {
        // A client that does not even take this has its answer in the closed connection.
        let _unheard = stream.write_all(&line).is_err();
    }
}

/// Serves one client until it goes, breaks the rules, or the server closes. A failing connection ends silently: there
/// is nobody left to tell.
async fn converse(stream: UnixStream, service: Arc<Service>) {
    let peer = stream.peer_cred().ok();
    let (reader, mut writer) = stream.into_split();
    let mut reader = LineReader::new(reader, LINE_LIMIT);
    let mut session = Session::new(&service.key, service.rate, Instant::now());
    if write(&mut writer, &service.hello).await.is_err() {
        return;
    }
    loop {
        let line = match tokio::time::timeout(session.idle_limit(), reader.next()).await {
            Ok(Ok(line)) => line,
            Ok(Err(_broken)) => return,
            Err(_elapsed) => {
                let message = format!("nothing was asked for {} s", session.idle_limit().as_secs());
                let answer = Answer::refused(None, Fault::new(code::IDLE, message));
                let _gone = write(&mut writer, &answer).await.is_err();
                return;
            }
        };
        let (answer, last) = match session.receive(&line, Instant::now()) {
            Step::Nothing => continue,
            Step::Gone => return,
            Step::Answer(answer) => (answer, false),
            Step::Close(answer) => (answer, true),
            Step::CloseSuspect(answer) => {
                let (uid, pid) = peer.map_or((u32::MAX, -1), |peer| (peer.uid(), peer.pid().unwrap_or(-1)));
                journal::wrong_secrets(session.client(), uid, pid, MAX_WRONG_SECRETS);
                (answer, true)
            }
            Step::Run { id, command, args } => {
                let answer = match commands::run(&service.desk, &command, args).await {
                    Ok(result) => Answer::done(id, result),
                    Err(fault) => Answer::refused(Some(id), fault),
                };
                (answer, false)
            }
        };
        if write(&mut writer, &answer).await.is_err() || last {
            return;
        }
        if answer.error.is_some_and(|fault| fault.code == code::RATE_LIMITED) {
            tokio::time::sleep(COOL_DOWN).await;
        }
    }
}

fn line_of(value: &impl serde::Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}

async fn write(writer: &mut (impl AsyncWrite + Unpin), value: &impl serde::Serialize) -> io::Result<()> {
    let line = line_of(value)?;
    tokio::time::timeout(WRITE_WITHIN, writer.write_all(&line)).await?
}

#[cfg(test)]
mod tests;
