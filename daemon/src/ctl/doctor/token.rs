//! Does the server take our token?

use stationd_actors::messages::transport::Outcome;

use super::{Finding, Scene};

const CHECK: &str = "token";

const REMEDY: &str = "get a token for this client from the WATS server, put it where the old one is (else into \
                      /etc/stationd/wats-token, mode 0600), then: systemctl restart stationd";

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
        200..=299 => Finding::ok(CHECK, format!("{origin}: taken")),
        status => Finding::warning(
            CHECK,
            format!("{origin}: not judged, the server answered status {status}"),
            REMEDY,
        ),
    }]
}
