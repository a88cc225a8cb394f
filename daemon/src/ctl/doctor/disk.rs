//! Is there room for the store?

use stationd_actors::queue::free_disk_bytes;

use super::{Finding, Scene};
use crate::ctl::words::bytes;

const CHECK: &str = "disk";

pub(super) fn check(scene: &Scene) -> Vec<Finding> {
    let folder = &scene.settings.state_dir;
    let Some(existing) = folder.ancestors().find(|folder| folder.exists()) else {
        return Vec::new();
    };
    let free = match free_disk_bytes(existing) {
        Ok(free) => free,
        Err(cause) => {
            let words = format!("{}: {cause}", existing.display());
            return vec![Finding::failure(
                CHECK,
                words,
                "look at the disk: dmesg, mount, df",
            )];
        }
    };
    let floor = scene.settings.queue.min_free_disk_bytes;
    let words = format!(
        "{} free at {}, {} must stay free",
        bytes(free),
        folder.display(),
        bytes(floor)
    );
    vec![match () {
        () if free < floor => Finding::failure(
            CHECK,
            words,
            "files wait in their folders until there is room: remove what is old, or lower retention.done_days",
        ),
        () if free < floor.saturating_mul(2) => Finding::warning(CHECK, words, "make room before it is full"),
        () => Finding::ok(CHECK, words),
    }]
}
