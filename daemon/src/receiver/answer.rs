//! What the receiver answers: the server's side of DESIGN.md "Upload".

use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::http::{Answer, Head};
use super::store::{RequestLine, Store, Stored};

/// What the receiver says it is.
const VERSION: &str = concat!("stationd-receiver/", env!("CARGO_PKG_VERSION"));

/// What is read of a report; everything else is only looked at as JSON.
#[derive(Deserialize)]
struct ReportHead {
    #[serde(default)]
    id: Option<String>,
}

/// A request's place in the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    /// `POST /api/Report/WSJF`: takes a report.
    Report,
    /// `GET /api/App/Version`: says that the server is there.
    Version,
    /// `PUT /fail`: sets how the receiver fails, from the same machine only. Not a part of WATS.
    Fail,
    /// Known path, other method.
    Method,
    /// Nothing.
    Unknown,
}

impl Route {
    pub(super) fn of(head: &Head) -> Self {
        let path = head.path.split('?').next().unwrap_or_default();
        match (head.method.as_str(), path.to_ascii_lowercase().as_str()) {
            ("POST", "/api/report/wsjf") => Self::Report,
            ("GET", "/api/app/version") => Self::Version,
            ("PUT", "/fail") => Self::Fail,
            (_, "/api/report/wsjf" | "/api/app/version" | "/fail") => Self::Method,
            _ => Self::Unknown,
        }
    }
}

/// Answers a request that is served, apart from `PUT /fail`, and notes in `line` what was done. `keep` says whether a
/// report is stored.
pub(super) fn answer(route: Route, body: &[u8], keep: bool, store: &Store, line: &mut RequestLine) -> Answer {
    match route {
        Route::Version => Answer::new(200, &json!(VERSION)),
        Route::Report => take_report(body, keep, store, line),
        Route::Method => Answer::refusal(405, "method not allowed"),
        Route::Unknown | Route::Fail => Answer::refusal(404, "no such path"),
    }
}

fn take_report(body: &[u8], keep: bool, store: &Store, line: &mut RequestLine) -> Answer {
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Answer::refusal(400, "the body is not a JSON object");
    }
    let head: ReportHead = match serde_json::from_slice(body) {
        Ok(head) => head,
        Err(error) => return Answer::refusal(400, &format!("the body is not a report: {error}")),
    };
    let id = match head.id.map(|id| Uuid::try_parse(&id)) {
        None => Uuid::new_v4(),
        Some(Ok(id)) => id,
        Some(Err(error)) => return Answer::refusal(400, &format!("the report's id is not a UUID: {error}")),
    };
    line.id = Some(id);
    line.attempt = Some(store.attempt(id));
    if !keep {
        return Answer::refusal(500, "not stored");
    }
    match store.put(id, body) {
        Ok(stored) => {
            line.stored = Some(stored);
            Answer::new(200, &json!({ "ID": id, "repeated": stored != Stored::New }))
        }
        Err(error) => Answer::refusal(500, &format!("cannot store the report: {error}")),
    }
}
