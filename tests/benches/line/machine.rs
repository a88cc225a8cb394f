//! The machine and the build, in a line.

use std::fs::read_to_string;
use std::path::{Path, PathBuf};

use stationd_tests::{stationctl, stationd};

use crate::disk;

/// Where servers keep what they get: in memory, as a server is another machine, whose disk is no part of the line. A
/// machine that cannot hold so much has it with the other temporary files.
pub(crate) fn server_root() -> PathBuf {
    const NEEDED_BYTES: u64 = 4 << 30;
    let shared = Path::new("/dev/shm");
    let free_bytes =
        rustix::fs::statvfs(shared).map_or(0, |free| free.f_bavail.saturating_mul(free.f_frsize));
    if free_bytes >= NEEDED_BYTES {
        shared.to_owned()
    } else {
        std::env::temp_dir()
    }
}

/// Processor, memory, kernel, disk and sizes of the programs.
pub(crate) fn describe() -> String {
    let field = |file: &str, name: &str| {
        read_to_string(file).unwrap_or_default().lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            (key.trim() == name).then(|| value.trim().to_owned())
        })
    };
    let processor = field("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let memory_kib: u64 = field("/proc/meminfo", "MemTotal")
        .and_then(|text| text.trim_end_matches(" kB").parse().ok())
        .unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    // What follows is its builder's.
    let kernel = kernel.trim().split('-').next().unwrap_or_default();
    let size = |path| std::fs::metadata(path).map_or(0, |file| file.len() / 1024);
    format!(
        "{processor}, {cores} cores, {} MiB, Linux {kernel}, temporary files on {}, the server's on {}; stationd {} KiB, stationctl {} KiB (with symbols)",
        memory_kib / 1024,
        disk::file_system(&std::env::temp_dir()),
        disk::file_system(&server_root()),
        size(stationd()),
        size(stationctl()),
    )
}
