//! Does the server take our token?

use stationd_actors::messages::transport::Outcome;
use stationd_actors::model::ServerState;

use super::{Finding, Scene};

const CHECK: &str = "token";

const REMEDY: &str = "get a token for this client from the WATS server, put it where the old one is (else into \
                      /etc/stationd/wats-token, mode 0600), then: systemctl restart stationd";

/// Why the daemon's reports are refused with this token, in the server's words; empty when they are not.
fn refused_for_reports(scene: &Scene) -> &str {
    scene.status.as_ref().map_or("", |status| {
        let said = status.server.last_error.as_str();
        let token = ["HTTP status 401", "HTTP status 403"]
            .iter()
            .any(|words| said.starts_with(words));
        if status.server.state == ServerState::Parked && token {
            said
        } else {
            ""
        }
    })
}

pub(super) fn check(scene: &Scene) -> Vec<Finding> {
    let (Some(server), Some(Ok(sent))) = (scene.wats(), &scene.probe) else {
        return Vec::new();
    };
    let Outcome::Answered(answer) = &sent.outcome else {
        return Vec::new();
    };
    let origin = match (&scene.settings.token_origin, &server.token) {
        (Some(origin), Some(_)) => format!("from {origin}"),
        _ => "none".to_owned(),
    };
    let refused = refused_for_reports(scene);
    vec![match answer.status {
        401 | 403 => Finding::failure(
            CHECK,
            format!("{origin}: refused with status {}", answer.status),
            REMEDY,
        ),
        200..=299 if server.token.is_none() => Finding::warning(
            CHECK,
            "none, and the server answers without one; reports may still be refused",
            REMEDY,
        ),
        200..=299 if !refused.is_empty() => Finding::failure(
            CHECK,
            format!("{origin}: taken when the version is asked for, but not for reports: {refused}"),
            REMEDY,
        ),
        200..=299 => Finding::ok(CHECK, format!("{origin}: taken")),
        status => Finding::warning(
            CHECK,
            format!("{origin}: not judged, the server answered status {status}"),
            REMEDY,
        ),
    }]
}
