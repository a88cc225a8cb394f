//! What this kernel can do to confine converters; tried out, not read from a version number.

use stationd_sandbox::{Forker, ForkerSettings, Level};

use super::Finding;
use crate::causes::joined;
use crate::ctl::job::temporary_folder;

const CHECK: &str = "sandbox";

pub(super) fn check() -> Vec<Finding> {
    let Ok(folder) = temporary_folder() else {
        return vec![Finding::failure(
            CHECK,
            "no temporary folder",
            "make room in /tmp, or set TMPDIR",
        )];
    };
    let settings = ForkerSettings {
        scratch_root: folder.path().join("scratch"),
        user: String::new(),
        readable: Vec::new(),
        unconfined: false,
        own_cgroup: false,
    };
    let forker = match Forker::start(&settings) {
        Ok(forker) => forker,
        Err(error) => {
            let remedy = "converters cannot run here; the error above says which step failed";
            return vec![Finding::failure(CHECK, joined(&error), remedy)];
        }
    };
    let can = forker.capabilities();
    let on = |layer| if layer { "on" } else { "off" };
    let words = format!(
        "level {}: Landlock {}, seccomp {}, reports of refused calls {}",
        can.level(),
        can.landlock_abi,
        on(can.seccomp),
        on(can.notification)
    );
    vec![match (can.level(), can.remedy()) {
        (Level::Full, _) | (_, None) => Finding::ok(CHECK, words),
        (Level::FullMinus, Some(remedy)) => Finding::warning(CHECK, words, remedy),
        (Level::Reduced | Level::None, Some(remedy)) => {
            let remedy =
                format!("built-in formats work all the same; external converters need more: {remedy}");
            Finding::warning(CHECK, words, remedy)
        }
    }]
}
