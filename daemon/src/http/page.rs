//! `/`: the status page, one file without outside resources. It works without JavaScript and refreshes with it.

use std::fmt::{self, Display as _, Write as _};
use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};

use super::health::{Grade, Health};
use super::history::{History, Point};
use super::plot::Plot;
use super::recorder::Recorder;
use super::response::Response;
use crate::control::{ConverterPart, Desk, Status};

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
    let health = Health::new(desk.facts(), &snapshot);
    let main = Main {
        status: &status,
        health: &health,
        history: &recorder.history(),
        now: snapshot.at,
    };
    let title = format!(
        "{} {}: {}",
        word(health.status),
        Escaped(&status.station),
        "stationd"
    );
    let body = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n\
         <p id=\"lost\" role=\"status\" class=\"failure\">stationd does not answer; this is what it said last</p>\n\
         {main}<script>{SCRIPT}</script>\n</body>\n</html>\n"
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

fn word(grade: Grade) -> &'static str {
    match grade {
        Grade::Ok => "ok",
        Grade::Warning => "warning",
        Grade::Failure => "failure",
    }
}

/// What a plot takes from a point.
type Figure = fn(&Point) -> u64;

/// The part that is refreshed.
struct Main<'a> {
    status: &'a Status,
    health: &'a Health,
    history: &'a History,
    now: stationd_actors::model::UnixMs,
}

impl fmt::Display for Main<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, health, .. } = self;
        let grade = word(health.status);
        writeln!(
            f,
            "<main>\n<h1>{} <span class=\"{grade}\">{grade}</span></h1>\n\
             <p class=\"faint\">stationd {}, up {} min, {}</p>",
            Escaped(&status.station),
            Escaped(&status.version),
            status.uptime_s / 60,
            self.now,
        )?;
        self.parts(f)?;
        self.queue(f)?;
        self.converters(f)?;
        self.plots(f)?;
        self.recent(f)?;
        f.write_str("</main>\n")
    }
}

impl Main<'_> {
    fn parts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<h2>Parts</h2>\n<div class=\"scroll\"><table>\n")?;
        for (name, part) in self.health.parts() {
            let grade = word(part.status);
            let words = Escaped(&part.words);
            writeln!(
                f,
                "<tr><th scope=\"row\">{name}</th><td class=\"{grade}\">{grade}</td><td>{words}</td></tr>"
            )?;
        }
        f.write_str("</table></div>\n")
    }

    fn queue(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Status { server, queue, .. } = self.status;
        writeln!(
            f,
            "<h2>Queue</h2>\n<p>{} waiting, {} on the way, {} refused, {} delivered; {} queued and {} delivered in the \
             last hour</p>\n<p>server <code>{}</code></p>",
            queue.ready,
            queue.leased,
            queue.dead,
            queue.done_total,
            queue.queued_last_hour,
            queue.delivered_last_hour,
            Escaped(&server.address),
        )
    }

    fn converters(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "<h2>Converters</h2>\n<div class=\"scroll\"><table>\n<tr><th scope=\"col\">name</th><th scope=\"col\">state</th>\
             <th scope=\"col\" class=\"number\">waiting</th><th scope=\"col\" class=\"number\">running</th>\
             <th scope=\"col\" class=\"number\">converted</th><th scope=\"col\" class=\"number\">skipped</th>\
             <th scope=\"col\" class=\"number\">failed</th></tr>\n",
        )?;
        for ConverterPart { status, waiting } in &self.status.converters {
            writeln!(
                f,
                "<tr><th scope=\"row\">{}</th><td>{}</td><td class=\"number\">{waiting}</td><td class=\"number\">{}</td>\
                 <td class=\"number\">{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td></tr>",
                Escaped(&status.name),
                if status.enabled {
                    status.state.as_str()
                } else {
                    "off"
                },
                status.in_flight,
                status.ok,
                status.skipped,
                status.failed,
            )?;
        }
        f.write_str("</table></div>\n")
    }

    fn plots(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<h2>The last day</h2>\n<div class=\"plots\">\n")?;
        let plots: [(&str, &str, Figure); 4] = [
            ("Waiting", "reports", |point| point.waiting),
            ("Converted", "files in 5 min", |point| point.converted),
            ("Failed", "files in 5 min", |point| point.failed),
            ("Upload time", "ms", |point| point.upload_ms),
        ];
        for (title, unit, value) in plots {
            let points = self.history.points();
            Plot {
                title,
                unit,
                points: points.map(|point| (point.at, value(point))).collect(),
                now: self.now,
            }
            .fmt(f)?;
        }
        f.write_str("</div>\n")
    }

    fn recent(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<h2>Last warnings and errors</h2>\n")?;
        if self.status.recent.is_empty() {
            return f.write_str("<p>none since the start</p>\n");
        }
        f.write_str("<div class=\"scroll\"><table>\n")?;
        for told in &self.status.recent {
            let grade = if told.level == "error" {
                "failure"
            } else {
                "warning"
            };
            writeln!(
                f,
                "<tr><td>{}</td><td class=\"{grade}\">{}</td><td><code>{}</code></td></tr>",
                Escaped(&told.at),
                Escaped(&told.level),
                Escaped(&told.text),
            )?;
        }
        f.write_str("</table></div>\n")
    }
}
