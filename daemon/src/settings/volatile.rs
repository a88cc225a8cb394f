//! Whether a folder is in memory, where a power cut takes what it holds.

use std::path::Path;

/// File systems that are nowhere but in memory.
const IN_MEMORY: [&str; 2] = ["tmpfs", "ramfs"];

/// Whether `folder`, or where it would be made, is in memory by what this process sees mounted.
pub(super) fn is_volatile(folder: &Path) -> bool {
    std::fs::read_to_string("/proc/self/mountinfo").is_ok_and(|mounts| in_memory(folder, &mounts))
}

/// The same, with the mounts. An overlay keeps what is written in its upper folder: images with a read-only root have it
/// in memory. Source: `proc_pid_mountinfo(5)`.
fn in_memory(folder: &Path, mounts: &str) -> bool {
    let Some((kind, upper)) = mount_of(folder, mounts) else {
        return false;
    };
    let upper = upper
        .filter(|_| kind == "overlay")
        .and_then(|upper| mount_of(upper, mounts));
    IN_MEMORY.contains(&upper.map_or(kind, |(kind, _)| kind))
}

/// The type of the file system that holds `path`, and the upper folder if it is an overlay.
fn mount_of<'a>(path: &Path, mounts: &'a str) -> Option<(&'a str, Option<&'a Path>)> {
    let mounts = mounts.lines().filter_map(|line| {
        let (mount, system) = line.split_once(" - ")?;
        let mut system = system.split(' ');
        let (kind, options) = (system.next()?, system.nth(1)?);
        let upper = options
            .split(',')
            .find_map(|option| option.strip_prefix("upperdir="));
        Some((Path::new(mount.split(' ').nth(4)?), kind, upper.map(Path::new)))
    });
    // Of those on the same folder the last one counts.
    let around = mounts.filter(|(point, ..)| path.starts_with(point));
    let nearest = around.max_by_key(|(point, ..)| point.components().count());
    nearest.map(|(_, kind, upper)| (kind, upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
21 1 179:2 / / ro,relatime shared:1 - ext4 /dev/root ro
30 21 0:24 / /var/volatile rw,relatime shared:9 - tmpfs tmpfs rw
31 21 0:30 / /var/lib rw,relatime shared:10 - overlay overlay rw,lowerdir=/var/lib,upperdir=/var/volatile/lib,workdir=/var/volatile/.lib-work
32 21 0:24 /srv /srv rw,relatime shared:9 - tmpfs tmpfs rw
33 32 179:3 / /srv/stationd rw,relatime shared:12 - ext4 /dev/mmcblk0p3 rw
34 21 0:31 / /data rw,relatime - overlay overlay rw,lowerdir=/a,upperdir=/srv/stationd/b,workdir=/c
";

    #[test]
    fn a_folder_in_memory_is_told_from_one_on_a_disk() {
        for folder in ["/var/volatile/x", "/var/lib/stationd", "/srv/ict"] {
            assert!(in_memory(Path::new(folder), MOUNTS), "{folder}");
        }
        for folder in ["/etc", "/srv/stationd/state", "/data/stationd", "/var/library"] {
            assert!(!in_memory(Path::new(folder), MOUNTS), "{folder}");
        }
        assert!(!in_memory(Path::new("/"), "no mounts"));
    }
}
