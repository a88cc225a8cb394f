//! Is the clock right? Certificates and the times in reports depend on it.

use stationd_actors::clock;
use stationd_actors::messages::transport::Outcome;
use stationd_actors::model::UnixMs;

use super::{Finding, Scene};
use crate::ctl::words::span;

const CHECK: &str = "clock";

/// 2025-01-01: a clock before it was never set.
const UNSET_BEFORE: UnixMs = UnixMs(1_735_689_600_000);

/// A clock further from the server's than this gives reports in a wrong order.
const TOLERANCE_S: u64 = 120;

const REMEDY: &str =
    "set it: timedatectl set-ntp true (or chronyd); a board without a battery needs it at each start";

pub(super) fn check(scene: &Scene) -> Vec<Finding> {
    let now = clock::now();
    if now < UNSET_BEFORE {
        return vec![Finding::failure(
            CHECK,
            format!("says {now}: it was never set"),
            REMEDY,
        )];
    }
    let ahead = match &scene.probe {
        Some(Ok(sent)) => match &sent.outcome {
            Outcome::Answered(answer) => answer.clock_ahead_s,
            _ => None,
        },
        _ => None,
    };
    vec![match ahead {
        None => Finding::ok(CHECK, format!("{now}, not compared with the server's")),
        Some(seconds) if seconds.unsigned_abs() <= TOLERANCE_S => {
            Finding::ok(CHECK, format!("{now}, as the server's"))
        }
        Some(seconds) => {
            let word = if seconds > 0 { "behind" } else { "ahead of" };
            Finding::warning(
                CHECK,
                format!("{} {word} the server's", span(seconds.unsigned_abs())),
                REMEDY,
            )
        }
    }]
}
