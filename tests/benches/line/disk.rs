//! What lies below the temporary folder.

use std::fs::read_to_string;
use std::path::Path;

/// A file system that is mounted.
struct Mount {
    /// Major and minor number, with a colon.
    device: String,
    kind: String,
}

/// The kind of the file system that holds `folder`.
pub(crate) fn file_system(folder: &Path) -> String {
    Mount::of(folder).map_or_else(String::new, |mount| mount.kind)
}

/// How often the disk of the temporary folder was told to empty its cache: once by each fsync(2) of anybody on the
/// machine. None where there is no such disk, and before Linux 5.5. Source: the kernel's block/stat.rst, field 16.
pub(crate) fn flushes() -> Option<u64> {
    let device = Mount::of(&std::env::temp_dir())?.device;
    let dir = Path::new("/sys/dev/block").join(device);
    // Of a partition they are not counted, of the disk that it is a part of they are.
    let disk = if dir.join("partition").exists() {
        dir.join("..")
    } else {
        dir
    };
    let cached = read_to_string(disk.join("queue/write_cache")).ok()?;
    (cached.trim() == "write back").then_some(())?;
    let stat = read_to_string(disk.join("stat")).ok()?;
    stat.split_whitespace().nth(15)?.parse().ok()
}

impl Mount {
    /// Source: `proc_pid_mountinfo(5)`.
    fn of(folder: &Path) -> Option<Self> {
        let mounts = read_to_string("/proc/self/mountinfo").ok()?;
        let holding = mounts.lines().filter_map(|line| {
            let (mount, kind) = line.split_once(" - ")?;
            let mut words = mount.split(' ').skip(2);
            let (device, place) = (words.next()?, words.nth(1)?);
            let mount = Self {
                device: device.to_owned(),
                kind: kind.split(' ').next()?.to_owned(),
            };
            folder.starts_with(place).then_some((place.len(), mount))
        });
        holding.max_by_key(|(length, _)| *length).map(|(_, mount)| mount)
    }
}
