//! `doctor`: everything around the daemon that can be wrong, each with a remedy. It works with the daemon down.

mod clock;
mod converters;
mod daemon;
mod disk;
mod dns;
mod folders;
mod inotify;
mod patterns;
mod proxy;
mod sandbox;
mod server;
mod settings;
mod store;
mod tcp;
mod tls;
mod token;
mod unit;

use serde::Serialize;
use serde_json::json;
use stationd_actors::messages::transport::Sent;
use stationd_actors::uploader::{Server, TransportError, WatsServer, probe};

use super::context::Context;
use super::error::CtlError;
use super::output::{self, Output, Tone};
use super::silent;
use super::table::wrap;
use crate::control::Status;
use crate::http::Grade;
use crate::settings::Settings;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Finding {
    /// Name of the check.
    check: &'static str,
    status: Grade,
    /// What was found, with its number or name.
    words: String,
    /// What to do; none when all is well.
    remedy: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, words: impl Into<String>) -> Self {
        Self {
            check,
            status: Grade::Ok,
            words: words.into(),
            remedy: None,
        }
    }

    fn warning(check: &'static str, words: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            check,
            status: Grade::Warning,
            words: words.into(),
            remedy: Some(remedy.into()),
        }
    }

    fn failure(check: &'static str, words: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            status: Grade::Failure,
            ..Self::warning(check, words, remedy)
        }
    }
}

/// What several checks look at.
#[derive(Debug)]
struct Scene {
    /// Without the converters that do not answer.
    settings: Settings,
    /// Whether there are such.
    some_are_silent: bool,
    /// What the daemon says; none when it cannot be asked.
    status: Option<Status>,
    /// What the server answers to one question; asked once.
    probe: Option<Result<Sent, TransportError>>,
}

impl Scene {
    /// The WATS server, when the settings name one rather than a folder.
    fn wats(&self) -> Option<&WatsServer> {
        match &self.settings.uploader.server {
            Server::Wats(server) => Some(server),
            Server::Directory(_) => None,
        }
    }
}

/// Exit code 1 when a check has failed.
pub(super) fn run(context: &Context) -> Result<(), CtlError> {
    let mut findings = Vec::new();
    let status = daemon::check(context, &mut findings);
    findings.extend(sandbox::check());
    findings.extend(inotify::check());
    if let Some(mut settings) = settings::check(context, status.as_ref(), &mut findings) {
        let silent = silent::leave_out(&mut settings);
        let probe = matches!(settings.uploader.server, Server::Wats(_)).then(|| probe(&settings.uploader));
        let scene = Scene {
            settings,
            some_are_silent: !silent.is_empty(),
            status,
            probe,
        };
        findings.extend(silent.iter().map(folders::silent_converter));
        for check in [
            folders::check,
            patterns::check,
            unit::check,
            converters::check,
            disk::check,
            store::check,
            clock::check,
            proxy::check,
            dns::check,
            tcp::check,
            tls::check,
            server::check,
            token::check,
        ] {
            findings.extend(check(&scene));
        }
    }
    report(context, &findings)
}

/// The checks that are about converters and their folders.
pub(super) fn check_converters(context: &Context, mut settings: Settings) -> Result<(), CtlError> {
    let asked = context
        .client()
        .and_then(|mut client| client.ask("status", &json!({})));
    let silent = silent::leave_out(&mut settings);
    let mut findings: Vec<_> = silent.iter().map(folders::silent_converter).collect();
    let scene = Scene {
        settings,
        some_are_silent: !silent.is_empty(),
        // Without a daemon there is no unit to look into.
        status: asked.ok(),
        probe: None,
    };
    let checks = [
        converters::check,
        converters::look_into,
        folders::check,
        patterns::check,
        unit::check,
    ];
    findings.extend(checks.into_iter().flat_map(|check| check(&scene)));
    report(context, &findings)
}

fn report(context: &Context, findings: &[Finding]) -> Result<(), CtlError> {
    let worst = findings
        .iter()
        .map(|finding| finding.status)
        .max()
        .unwrap_or_default();
    if context.json() {
        output::write_json(&json!({ "status": worst, "findings": findings }))?;
    } else {
        output::write(render(findings, context.output))?;
    }
    if worst == Grade::Failure {
        return Err(CtlError::No);
    }
    Ok(())
}

/// Columns of grade and check.
const LABELS: usize = 21;

fn render(findings: &[Finding], output: Output) -> String {
    let mut text = String::new();
    for finding in findings {
        let (word, tone) = match finding.status {
            Grade::Ok => ("ok", Tone::Good),
            Grade::Warning => ("warning", Tone::Warn),
            Grade::Failure => ("failure", Tone::Bad),
        };
        text.push_str(&output.paint(tone, &format!("{word:<9}")));
        text.extend([
            format!("{:<12}", finding.check),
            wrap(&finding.words, output.width(), LABELS),
        ]);
        text.push('\n');
        for line in finding.remedy.iter().flat_map(|remedy| remedy.lines()) {
            let indent = line.len() - line.trim_start().len();
            let column = LABELS + indent;
            let body = wrap(line, output.width(), column);
            text.extend([" ".repeat(column), body, "\n".to_owned()]);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remedy_stands_below_its_finding_and_all_fits() {
        let findings = [
            Finding::ok("disk", "9000 MiB free"),
            Finding::failure(
                "folders",
                "converter ict: /srv/ict is not there ".repeat(4),
                "make it:\n  mkdir /srv/ict",
            ),
        ];
        let text = render(&findings, Output::plain(60));
        assert!(text.lines().all(|line| line.len() <= 60), "{text}");
        assert!(text.contains("                       mkdir /srv/ict"), "{text}");
    }
}
