//! Does the daemon answer, and what does it complain of?

use serde_json::json;

use super::Finding;
use crate::causes::joined;
use crate::control::{ConverterPart, Status, UPLOADS_STOPPED};
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
    findings.extend(status.problems.iter().map(|problem| complaint(&status, problem)));
    if status.paused {
        findings.push(Finding::warning(CHECK, "work is paused", "stationctl resume"));
    }
    Some(status)
}

/// What the daemon complains of. A converter that takes no files is a failure, whatever the checks below find: they look at the
/// files and settings of now, and not at what the daemon met.
fn complaint(status: &Status, problem: &str) -> Finding {
    // What it says of the doctor is for who reads it elsewhere.
    let words = problem.split("; stationctl doctor").next().unwrap_or(problem);
    if problem.starts_with(UPLOADS_STOPPED) {
        return Finding::failure(CHECK, words, STOPPED_REMEDY);
    }
    let is_blocked = |part: &&ConverterPart| {
        part.blocked()
            .is_some_and(|blocked| problem.starts_with(&blocked))
    };
    match status.converters.iter().find(is_blocked) {
        Some(part) => {
            let name = &part.status.name;
            let words = words
                .split("; stationctl converter check")
                .next()
                .unwrap_or(words);
            let remedy = format!(
                "look into it: stationctl converter check {name}; work goes on by itself when it is put right"
            );
            Finding::failure(CHECK, words, remedy)
        }
        None => Finding::warning(
            CHECK,
            words,
            "see the checks below; stationctl status says since when",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Grade;

    #[test]
    fn a_converter_that_takes_no_files_is_a_failure() {
        let converter = |state: &str, problem: &str| {
            json!({"name": "ict", "enabled": true, "state": state, "problem": problem, "ok": 0, "skipped": 0,
                   "failed": 0, "in_flight": 0})
        };
        let status = |state, problem| -> Status {
            let converters = [converter(state, problem)];
            serde_json::from_value(json!({"converters": converters})).unwrap()
        };
        let blocked = status("blocked", "/srv/ict: no such file").with_problems();
        let [problem] = blocked.problems.as_slice() else {
            panic!("{:?}", blocked.problems)
        };
        let finding = complaint(&blocked, problem);
        assert_eq!(finding.status, Grade::Failure);
        assert_eq!(finding.words, "converter ict: /srv/ict: no such file");
        assert!(finding.remedy.unwrap().contains("stationctl converter check ict"));
        let busy = status("busy", "");
        assert_eq!(complaint(&busy, "the watcher has stopped").status, Grade::Warning);
    }
}
