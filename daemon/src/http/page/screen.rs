//! What the status page shows: the part of it that is refreshed.

use std::fmt;

use stationd_actors::model::{BreakerState, ConverterState, ServerState, UnixMs};

use super::Escaped;
use super::figures::plots;
use crate::control::{ConverterPart, Status, Verdict};
use crate::http::health::{Grade, Health};
use crate::http::history::History;
use crate::words::{ago, bytes, local, of_an_hour, span, until};

/// All that is shown, from one moment.
pub(super) struct Screen<'a> {
    pub(super) status: &'a Status,
    pub(super) health: &'a Health,
    pub(super) history: &'a History,
    pub(super) now: UnixMs,
}

impl fmt::Display for Screen<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<main>\n")?;
        self.head(f)?;
        self.cards(f)?;
        f.write_str("<h2>The last day</h2>\n")?;
        plots(f, self.history, self.now)?;
        self.converters(f)?;
        self.recent(f)?;
        self.parts(f)?;
        f.write_str("</main>\n")
    }
}

/// The class of a grade, which is also its word.
fn word(grade: Grade) -> &'static str {
    match grade {
        Grade::Ok => "ok",
        Grade::Warning => "warning",
        Grade::Failure => "failure",
    }
}

impl Screen<'_> {
    fn head(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, .. } = self;
        let verdict = status.verdict();
        let class = match verdict {
            Verdict::Working => "ok",
            Verdict::Paused | Verdict::Degraded => "warning",
            Verdict::NeedsYou => "failure",
        };
        writeln!(
            f,
            "<header><h1>{}</h1> <strong class=\"badge {class}\">{}</strong></header>\n\
             <p class=\"faint\">stationd {}, up {}; as of <time datetime=\"{}\">{}</time></p>",
            Escaped(&status.station),
            verdict.words(),
            Escaped(&status.version),
            span(status.uptime_s),
            self.now,
            local(&self.now.to_string()),
        )?;
        if !status.description.is_empty() {
            writeln!(f, "<p>{}</p>", Escaped(&status.description))?;
        }
        if status.problems.is_empty() && !status.paused {
            return Ok(());
        }
        f.write_str("<ul class=\"problems\">\n")?;
        if status.paused {
            f.write_str("<li>work is paused until: <code>stationctl resume</code></li>\n")?;
        }
        for problem in &status.problems {
            writeln!(f, "<li>{}</li>", Escaped(problem))?;
        }
        f.write_str("</ul>\n")
    }

    fn cards(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Status { server, queue, .. } = self.status;
        let (state, class) = match server.state {
            ServerState::Unknown => ("not used yet", "faint"),
            ServerState::Reachable => ("reachable", "ok"),
            ServerState::Unreachable => ("not reachable", "warning"),
            ServerState::Failing => ("fails", "warning"),
            ServerState::Parked => ("refuses us", "failure"),
        };
        let since = match (&server.down_since, &server.last_ok) {
            (Some(since), _) => format!("since {}", local(since)),
            (None, Some(at)) => format!("last answer {}", ago(at, self.now)),
            (None, None) => String::new(),
        };
        let breaker = match server.breaker {
            BreakerState::Closed => "closed",
            BreakerState::HalfOpen => "half-open, trying one report",
            BreakerState::Open => "open",
        };
        let next = server.next_try.as_deref().and_then(|at| until(at, self.now));
        let next = next.map_or_else(String::new, |wait| format!(", next try in {wait}"));
        let limit = match queue.max_size {
            0 => "no limit".to_owned(),
            limit => format!("at most {limit}"),
        };
        let oldest = match queue.oldest_age_s {
            0 => String::new(),
            age => format!("the oldest for {}; ", span(age)),
        };
        let (refused, look) = match queue.dead {
            0 => ("", ""),
            _ => (
                "warning",
                "<dd><code>stationctl queue list --state dead</code></dd>",
            ),
        };
        let hour = of_an_hour(queue.last_hour_s);
        let full = if queue.full { "failure" } else { "" };
        writeln!(
            f,
            "<dl class=\"cards\">\n\
             <div><dt>Server</dt><dd class=\"{class}\">{state}</dd><dd>{since}</dd><dd>breaker {breaker}{next}</dd>\
             <dd><code>{}</code></dd></div>\n\
             <div><dt>Waiting</dt><dd class=\"{full}\">{}</dd><dd>{oldest}{limit}</dd><dd>{} on the way</dd>\
             <dd>store {} of {}</dd></div>\n\
             <div><dt>Delivered</dt><dd>{}</dd><dd>{} in the last {hour}</dd><dd>{} queued in the last {hour}</dd></div>\n\
             <div><dt>Refused for good</dt><dd class=\"{refused}\">{}</dd>{look}</div>\n</dl>",
            Escaped(&server.address),
            queue.ready,
            queue.leased,
            bytes(queue.bytes),
            bytes(queue.map_bytes),
            queue.done_total,
            queue.delivered_last_hour,
            queue.queued_last_hour,
            queue.dead,
        )
    }

    fn converters(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "<h2>Converters</h2>\n<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\">name</th>\
             <th scope=\"col\">state</th><th scope=\"col\" class=\"number\">waiting</th>\
             <th scope=\"col\" class=\"number\">running</th><th scope=\"col\" class=\"number\">converted</th>\
             <th scope=\"col\" class=\"number\">skipped</th><th scope=\"col\" class=\"number\">failed</th></tr></thead>\n",
        )?;
        for ConverterPart { status, waiting } in &self.status.converters {
            let (state, class) = match status.state {
                _ if !status.enabled => ("off", "faint"),
                ConverterState::Idle => ("idle", ""),
                ConverterState::Busy => ("busy", "ok"),
                ConverterState::Disabled => ("off", "faint"),
                ConverterState::Blocked => ("blocked", "failure"),
            };
            let failed = if status.failed > 0 {
                "number warning"
            } else {
                "number"
            };
            writeln!(
                f,
                "<tr><th scope=\"row\">{}</th><td class=\"{class}\">{state}</td><td class=\"number\">{waiting}</td>\
                 <td class=\"number\">{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td>\
                 <td class=\"{failed}\">{}</td></tr>",
                Escaped(&status.name),
                status.in_flight,
                status.ok,
                status.skipped,
                status.failed,
            )?;
        }
        f.write_str("</table></div>\n")
    }

    fn recent(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<h2>Last warnings and errors</h2>\n")?;
        if self.status.recent.is_empty() {
            return f.write_str("<p>none since the start</p>\n");
        }
        f.write_str("<div class=\"scroll\"><table>\n")?;
        for told in &self.status.recent {
            let class = if told.level == "error" {
                "failure"
            } else {
                "warning"
            };
            writeln!(
                f,
                "<tr><td class=\"when\"><time datetime=\"{}\">{}</time></td><td class=\"{class}\">{}</td>\
                 <td class=\"line\">{}</td></tr>",
                Escaped(&told.at),
                Escaped(&local(&told.at)),
                Escaped(&told.level),
                Escaped(&told.brief),
            )?;
        }
        f.write_str("</table></div>\n")
    }

    fn parts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<h2>Parts</h2>\n<div class=\"scroll\"><table>\n")?;
        for (name, part) in self.health.parts() {
            let grade = word(part.status);
            let words = Escaped(&part.words);
            writeln!(
                f,
                "<tr><th scope=\"row\">{name}</th><td class=\"{grade}\">{grade}</td><td class=\"line\">{words}</td></tr>"
            )?;
        }
        f.write_str("</table></div>\n")
    }
}
