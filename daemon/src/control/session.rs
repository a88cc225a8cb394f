//! One client's conversation: what to do with each line. Moves no bytes and asks nobody.

use std::time::{Duration, Instant};

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::auth::Key;
use super::limiter::{Limiter, RateLimit};
use super::lines::Line;
use super::protocol::{Answer, Connect, Fault, LINE_LIMIT, PROTOCOL, Request, RequestId, Version, code};

/// So many wrong secrets end a connection.
pub(super) const MAX_WRONG_SECRETS: u8 = 5;

/// A client that has not shown the secret must send a whole line within this time.
pub(super) const IDLE_BEFORE_AUTH: Duration = Duration::from_secs(30);

/// One that has may think for longer; then its place is for others.
pub(super) const IDLE_AFTER_AUTH: Duration = Duration::from_secs(15 * 60);

/// Longest name of a client that is kept, in characters.
const NAME_LIMIT: usize = 64;

/// How far a client has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Fresh,
    Connected,
    Authenticated,
}

/// What to do with a line.
#[derive(Debug)]
pub(super) enum Step<'a> {
    /// Nothing: wait for the next line.
    Nothing,
    /// Answer, go on.
    Answer(Answer),
    /// Answer, then close.
    Close(Answer),
    /// Five wrong secrets: answer, close, tell the journal.
    CloseSuspect(Answer),
    /// Run the command and answer with what comes of it.
    Run {
        id: RequestId,
        command: String,
        args: Option<&'a RawValue>,
    },
    /// The peer is gone.
    Gone,
}

/// One client's conversation.
#[derive(Debug)]
pub(super) struct Session<'k> {
    key: &'k Key,
    phase: Phase,
    wrong: u8,
    limiter: Limiter,
    client: String,
}

impl<'k> Session<'k> {
    pub(super) fn new(key: &'k Key, rate: RateLimit, now: Instant) -> Self {
        Self {
            key,
            phase: Phase::Fresh,
            wrong: 0,
            limiter: Limiter::new(rate, now),
            client: String::new(),
        }
    }

    /// How long the next line may take.
    pub(super) fn idle_limit(&self) -> Duration {
        if self.phase == Phase::Authenticated {
            IDLE_AFTER_AUTH
        } else {
            IDLE_BEFORE_AUTH
        }
    }

    /// The name the client gave itself, printable; empty before `connect`.
    pub(super) fn client(&self) -> &str {
        &self.client
    }

    /// Decides what to do with a line.
    pub(super) fn receive<'a>(&mut self, line: &'a Line, now: Instant) -> Step<'a> {
        match line {
            Line::Whole(text) => self.receive_text(text, now),
            Line::TooLong => self.limited(None, now, |_| {
                Step::Answer(refusal(
                    code::LINE_TOO_LONG,
                    format!("line is too long (limit {LINE_LIMIT} bytes)"),
                ))
            }),
            Line::Half => Step::Close(refusal(code::HALF_LINE, "the connection ended within a line")),
            Line::End => Step::Gone,
        }
    }

    fn receive_text<'a>(&mut self, text: &'a [u8], now: Instant) -> Step<'a> {
        let Ok(text) = std::str::from_utf8(text) else {
            let answer = refusal(code::BAD_REQUEST, "not a request: not UTF-8".to_owned());
            return self.limited(None, now, |_| Step::Answer(answer));
        };
        if self.phase == Phase::Fresh
            && let Ok(connect) = serde_json::from_str::<Connect>(text)
        {
            return self.connect(&connect);
        }
        let request = match serde_json::from_str::<Request<'_>>(text) {
            Ok(request) if is_short(&request.id) => request,
            Ok(_) => return self.limited(None, now, |_| too_long_id()),
            Err(error) => {
                let answer = refusal(code::BAD_REQUEST, format!("not a request: {error}"));
                return self.limited(None, now, |_| Step::Answer(answer));
            }
        };
        // Wrong secrets have a bound of their own, so they cost no token.
        if self.phase != Phase::Fresh && request.command == "auth" {
            return self.auth(request.id, request.args);
        }
        let Request { id, command, args } = request;
        let asked = id.clone();
        self.limited(Some(asked), now, |session| session.request(id, command, args))
    }

    fn connect(&mut self, connect: &Connect) -> Step<'static> {
        let version = connect.protocol.parse::<Version>();
        if !version.is_ok_and(Version::is_understood) {
            return Step::Close(Answer::version_mismatch(&printable(&connect.protocol)));
        }
        self.phase = Phase::Connected;
        self.client = printable(&connect.client);
        Step::Nothing
    }

    fn auth(&mut self, id: RequestId, args: Option<&RawValue>) -> Step<'static> {
        #[derive(serde::Deserialize)]
        struct Auth<'a> {
            #[serde(borrow)]
            token: std::borrow::Cow<'a, str>,
        }
        let Some(auth) = args.and_then(|args| serde_json::from_str::<Auth<'_>>(args.get()).ok()) else {
            return self.wrong_secret(
                id,
                code::BAD_ARGUMENTS,
                "expected args {\"token\": \"<64 hex>\"}".to_owned(),
            );
        };
        if self.key.matches(&auth.token) {
            self.phase = Phase::Authenticated;
            self.wrong = 0;
            return Step::Answer(Answer::done(id, json!({"authenticated": true})));
        }
        let tries = self.wrong + 1;
        self.wrong_secret(
            id,
            code::AUTH_FAILED,
            format!("wrong secret (try {tries} of {MAX_WRONG_SECRETS})"),
        )
    }

    fn wrong_secret(&mut self, id: RequestId, code: &str, message: String) -> Step<'static> {
        self.wrong += 1;
        let answer = Answer::refused(Some(id), Fault::new(code, message));
        if self.wrong >= MAX_WRONG_SECRETS {
            Step::CloseSuspect(answer)
        } else {
            Step::Answer(answer)
        }
    }

    fn request<'a>(&self, id: RequestId, command: String, args: Option<&'a RawValue>) -> Step<'a> {
        let refused =
            |id, code, message: &str| Step::Answer(Answer::refused(Some(id), Fault::new(code, message)));
        match (self.phase, command.as_str()) {
            (Phase::Fresh, _) => refused(
                id,
                code::NOT_CONNECTED,
                "send {\"type\":\"connect\",\"protocol\":\"2.0\",\"client\":\"…\"} first",
            ),
            (phase, "ping") => Step::Answer(Answer::done(id, pong(phase))),
            (Phase::Connected, _) => refused(id, code::AUTH_REQUIRED, "send auth with the secret first"),
            (Phase::Authenticated, _) => Step::Run { id, command, args },
        }
    }

    /// Goes on with `step` if the client may ask now.
    fn limited<'a>(
        &mut self,
        id: Option<RequestId>,
        now: Instant,
        step: impl FnOnce(&mut Self) -> Step<'a>,
    ) -> Step<'a> {
        match self.limiter.take(now) {
            Ok(()) => step(self),
            Err(wait) => {
                let wait_ms = u64::try_from(wait.as_micros().div_ceil(1000)).unwrap_or(u64::MAX);
                let mut fault = Fault::new(
                    code::RATE_LIMITED,
                    format!("too many requests, ask again in {wait_ms} ms"),
                );
                fault.retry_after_ms = Some(wait_ms);
                Step::Answer(Answer::refused(id, fault))
            }
        }
    }
}

fn pong(phase: Phase) -> Value {
    json!({
        "protocol": PROTOCOL.to_string(),
        "server": super::server::SERVER,
        "auth_required": true,
        "authenticated": phase == Phase::Authenticated,
    })
}

fn refusal(code: &str, message: impl Into<String>) -> Answer {
    Answer::refused(None, Fault::new(code, message))
}

/// The client's own words, fit for the journal and for people.
fn printable(text: &str) -> String {
    text.chars()
        .filter(|letter| !letter.is_control())
        .take(NAME_LIMIT)
        .collect()
}

fn is_short(id: &RequestId) -> bool {
    match id {
        RequestId::Number(_) => true,
        RequestId::Text(text) => text.len() <= NAME_LIMIT,
    }
}

fn too_long_id() -> Step<'static> {
    Step::Answer(refusal(
        code::BAD_REQUEST,
        format!("id is too long (limit {NAME_LIMIT} bytes)"),
    ))
}

#[cfg(test)]
mod tests;
