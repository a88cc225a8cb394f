//! Does the daemon answer, and what does it complain of?

use serde_json::json;

use super::Finding;
use crate::causes::joined;
use crate::control::{Status, UPLOADS_STOPPED};
use crate::ctl::context::Context;
use crate::ctl::error::CtlError;
use crate::ctl::words::span;

const CHECK: &str = "daemon";

/// The server refuses what the daemon sends, whatever it answers to the doctor's own question.
const STOPPED_REMEDY: &str = "status 401 or 403: the token may not write reports, get one that may; 407: the proxy wants \
                              a name and password in server.proxy; another status: correct server.url. then: systemctl \
                              restart stationd";

/// What the daemon says, if it can be asked.
pub(super) fn check(context: &Context, findings: &mut Vec<Finding>) -> Option<Status> {
    let asked = context
        .client()
        .and_then(|mut client| client.ask::<Status>("status", &json!({})));
    let status = match asked {
        Ok(status) => status,
        // Its faults are told below.
        Err(CtlError::Settings(_)) => {
            let words = "not asked: the settings file does not say where it listens";
            findings.push(Finding::failure(
                CHECK,
                words,
                "correct the file, or name the socket with --socket",
            ));
            return None;
        }
        Err(error) => {
            let remedy = error
                .remedy()
                .unwrap_or_else(|| "look at: journalctl -u stationd -e".to_owned());
            findings.push(Finding::failure(CHECK, joined(&error), remedy));
            return None;
        }
    };
    let ours = env!("CARGO_PKG_VERSION");
    if status.version == ours {
        let layer = if status.sandbox.daemon_confined {
            "confined"
        } else {
            "not confined itself: that needs Linux 5.19 or later with Landlock"
        };
        let words = format!(
            "stationd {} answers, up {}, {layer}",
            status.version,
            span(status.uptime_s)
        );
        findings.push(Finding::ok(CHECK, words));
    } else {
        findings.push(Finding::warning(
            CHECK,
            format!("stationd {} runs, this stationctl is {ours}", status.version),
            "restart it after an update: systemctl restart stationd",
        ));
    }
    for problem in &status.problems {
        // What it says of the doctor is for who reads it elsewhere.
        let words = problem.split("; stationctl doctor").next().unwrap_or(problem);
        findings.push(if problem.starts_with(UPLOADS_STOPPED) {
            Finding::failure(CHECK, words, STOPPED_REMEDY)
        } else {
            let remedy = "see the checks below; stationctl status says since when";
            Finding::warning(CHECK, words, remedy)
        });
    }
    if status.paused {
        findings.push(Finding::warning(CHECK, "work is paused", "stationctl resume"));
    }
    Some(status)
}
