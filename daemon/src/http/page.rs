//! `/`: the status page, one file without outside resources. It works without JavaScript and refreshes with it.

mod figures;
mod screen;

use std::fmt::{self, Write as _};
use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};

use self::screen::Screen;
use super::health::Health;
use super::recorder::Recorder;
use super::response::Response;
use crate::control::{Desk, Status};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Only our own style and script run, whatever a name in the page may contain.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = |text: &str| BASE64_STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; connect-src 'self'; base-uri 'none'; \
         form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
});

/// The page as it is now.
pub(super) async fn page(desk: &Desk, recorder: &Recorder) -> Response {
    let snapshot = desk.snapshot().await;
    let status = Status::new(desk.facts(), &snapshot);
    let screen = Screen {
        status: &status,
        health: &Health::new(desk.facts(), &snapshot),
        history: &recorder.history(),
        now: snapshot.at,
    };
    let title = format!("{}: {}", Escaped(&status.station), status.verdict().words());
    let body = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n\
         <p id=\"lost\" role=\"status\">stationd does not answer; this is what it said last</p>\n\
         {screen}<script>{SCRIPT}</script>\n</body>\n</html>\n"
    );
    Response::page(body, POLICY.clone())
}

/// Text in HTML.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|letter| match letter {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            _ => f.write_char(letter),
        })
    }
}
