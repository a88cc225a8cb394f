//! Does a WATS server answer, over TLS where the settings say so? Asked as the uploader asks.

use stationd_actors::messages::transport::{Answer, Outcome};
use stationd_actors::uploader::Server;

use super::{Finding, Scene, folders};
use crate::causes::joined;
use crate::ctl::silent;

const CHECK: &str = "server";

pub(super) fn check(scene: &Scene) -> Vec<Finding> {
    if let Server::Directory(folder) = &scene.settings.uploader.server {
        let whose = "the folder for reports";
        return vec![match silent::look(whose, folder) {
            Some(silent) => folders::silent(CHECK, &silent),
            None => folders::look(CHECK, whose, folder, false, &folders::daemon(scene)),
        }];
    }
    match &scene.probe {
        None => Vec::new(),
        Some(Err(error)) => vec![Finding::failure(
            CHECK,
            joined(error),
            "correct [server] in the settings; the daemon does not start with it",
        )],
        Some(Ok(sent)) => vec![match &sent.outcome {
            Outcome::Stored => Finding::ok(CHECK, "reports are stored"),
            Outcome::Answered(answer) => answered(answer, sent.took.as_millis()),
            Outcome::Unreachable(words) | Outcome::Lost(words) => Finding::failure(
                CHECK,
                words,
                "reports wait and are sent when it answers; the checks above look at what is in between",
            ),
        }],
    }
}

fn answered(answer: &Answer, took_ms: u128) -> Finding {
    let words = format!("status {} after {took_ms} ms {}", answer.status, answer.words);
    match answer.status {
        // The token's check says what this means.
        401 | 403 => Finding::ok(CHECK, format!("answers, {}", words.trim_end())),
        200..=299 if answer.json => {
            let version = answer.words.trim().trim_matches('"');
            Finding::ok(CHECK, format!("version {version} answers after {took_ms} ms"))
        }
        500..=599 => Finding::warning(
            CHECK,
            words,
            "the server has a problem of its own; reports wait and are tried again",
        ),
        _ => Finding::failure(
            CHECK,
            words,
            "this is no WATS server: is the path in server.url right, is a portal or proxy page in between?",
        ),
    }
}
