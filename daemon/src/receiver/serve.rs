//! One connection's requests, and the failures they meet.

use std::io::{self, Read};
use std::net::TcpStream;
use std::time::Duration;

use nix::sys::socket::{setsockopt, sockopt};

use super::answer::{self, Route};
use super::fail::{Fail, FailMode};
use super::http::{self, Answer, Connection, Head, RequestError};
use super::server::{Shared, Wire};
use super::store::RequestLine;

/// How long a request that is never answered is held.
const HANG: Duration = Duration::from_secs(3600);

/// Serves a connection until either side ends it. `raw` is its socket.
pub(super) fn serve(shared: &Shared, raw: &TcpStream, wire: impl Wire) -> io::Result<()> {
    let mut connection = Connection::new(wire);
    loop {
        let head = match connection.read_head() {
            Ok(Some(head)) => head,
            Ok(None) => return Ok(()),
            Err(RequestError::Io(error)) => return Err(error),
            Err(RequestError::Bad(status, words)) => {
                return connection.write(&Answer::refusal(status, words), false);
            }
        };
        let route = Route::of(&head);
        if route == Route::Fail {
            let answer = change_fail(shared, raw, &mut connection, &head)?;
            connection.write(&answer, head.keep_alive)?;
        } else if !serve_one(shared, raw, &mut connection, &head, route)? {
            return Ok(());
        }
        if !head.keep_alive {
            return Ok(());
        }
    }
}

/// Serves one request; says whether the connection goes on.
fn serve_one(
    shared: &Shared,
    raw: &TcpStream,
    connection: &mut Connection<impl Wire>,
    head: &Head,
    route: Route,
) -> io::Result<bool> {
    let mode = shared.plan().for_request();
    let mut line = RequestLine {
        method: head.method.clone(),
        path: head.path.clone(),
        authorization: head.authorization.is_some(),
        traceparent: head.traceparent.clone(),
        gzip: head.gzip,
        fail: word(mode),
        ..RequestLine::default()
    };
    if mode == FailMode::Reset {
        shared.store.log(line)?;
        reset(raw)?;
        return Ok(false);
    }
    let body = match connection.read_body(head) {
        Ok(body) => body,
        Err(RequestError::Io(error)) => return Err(error),
        Err(RequestError::Bad(status, words)) => {
            line.status = Some(status);
            shared.store.log(line)?;
            connection.write(&Answer::refusal(status, words), false)?;
            return Ok(false);
        }
    };
    line.bytes = body.len();
    if let FailMode::Slow(pause) = mode
        && shared.stops_within(pause)
    {
        return Ok(false);
    }
    let answer = if authorized(shared, head) {
        let keep = !matches!(mode, FailMode::Hang | FailMode::Status { .. });
        answer::answer(route, &body, keep, &shared.store, &mut line)
    } else {
        Answer::refusal(401, "wrong or missing token")
    };
    let answer = match mode {
        FailMode::Hang | FailMode::ResetAfterBody => None,
        FailMode::Status { code, retry_after_s } => Some(Answer {
            retry_after_s,
            ..Answer::refusal(code, "told to fail")
        }),
        _ => Some(answer),
    };
    line.status = answer.as_ref().map(|answer| answer.status);
    shared.store.log(line)?;
    match (mode, answer) {
        (_, Some(answer)) => connection.write(&answer, head.keep_alive).map(|()| true),
        (FailMode::Hang, None) => hang(raw).map(|()| false),
        (_, None) => reset(raw).map(|()| false),
    }
}

fn authorized(shared: &Shared, head: &Head) -> bool {
    shared.token.as_deref().is_none_or(|token| {
        head.authorization
            .as_deref()
            .is_some_and(|value| http::authorizes(value, token))
    })
}

/// Carries out `PUT /fail`.
fn change_fail(
    shared: &Shared,
    raw: &TcpStream,
    connection: &mut Connection<impl Wire>,
    head: &Head,
) -> io::Result<Answer> {
    let body = match connection.read_body(head) {
        Ok(body) => body,
        Err(RequestError::Io(error)) => return Err(error),
        Err(RequestError::Bad(status, words)) => return Ok(Answer::refusal(status, words)),
    };
    if !raw.peer_addr()?.ip().to_canonical().is_loopback() {
        return Ok(Answer::refusal(403, "only from this machine"));
    }
    let done = std::str::from_utf8(&body)
        .map_err(|error| error.to_string())
        .and_then(|text| text.parse::<Fail>().map_err(|error| error.to_string()))
        .and_then(|fail| shared.set_fail(fail).map_err(|error| error.to_string()));
    Ok(match done {
        Ok(()) => Answer::new(200, &serde_json::json!({ "ok": true })),
        Err(words) => Answer::refusal(400, &words),
    })
}

/// Cuts the connection with a reset instead of an orderly end.
fn reset(raw: &TcpStream) -> io::Result<()> {
    // Source: socket(7), SO_LINGER; with a time of 0 close(2) and shutdown discard what is unsent and send RST.
    let at_once = nix::libc::linger {
        l_onoff: 1,
        l_linger: 0,
    };
    setsockopt(raw, sockopt::Linger, &at_once).map_err(io::Error::from)
}

/// Holds the connection without a word until the client leaves, the receiver stops, or [`HANG`] passes.
fn hang(mut raw: &TcpStream) -> io::Result<()> {
    raw.set_read_timeout(Some(HANG))?;
    let mut buffer = [0; 1024];
    while raw.read(&mut buffer)? > 0 {}
    Ok(())
}

/// A mode's word in the log.
fn word(mode: FailMode) -> Option<&'static str> {
    match mode {
        FailMode::None => None,
        FailMode::Status { .. } => Some("status"),
        FailMode::Hang => Some("hang"),
        FailMode::Reset => Some("reset"),
        FailMode::ResetAfterBody => Some("reset-after-body"),
        FailMode::Slow(_) => Some("slow"),
        FailMode::WrongCertificate => Some("wrong-certificate"),
        FailMode::ExpiredCertificate => Some("expired-certificate"),
        FailMode::Random => Some("random"),
    }
}
