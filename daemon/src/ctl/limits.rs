//! What a converter may use that a person runs.

use std::time::Duration;

use clap::Args;
use stationd_sandbox::Limits;

/// What it may use; each is a setting of `[sandbox]` by the same name.
#[derive(Debug, Args)]
pub(super) struct LimitArguments {
    /// Longest time in milliseconds [default: 300000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=86_400_000))]
    wall_ms: Option<u64>,
    /// Most CPU time in seconds [default: 60]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    cpu_s: Option<u64>,
    /// Most memory in MiB [default: 512]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(16..=1_048_576))]
    memory_mib: Option<u64>,
    /// Longest output in MiB [default: 8]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1024))]
    output_mib: Option<u64>,
}

impl LimitArguments {
    /// The usual limits, but for those that were given.
    pub(super) fn limits(&self) -> Limits {
        let usual = Limits::default();
        Limits {
            wall: self.wall_ms.map_or(usual.wall, Duration::from_millis),
            cpu_s: self.cpu_s.unwrap_or(usual.cpu_s),
            memory_bytes: self.memory_mib.map_or(usual.memory_bytes, bytes),
            output_bytes: self.output_mib.map_or(usual.output_bytes, bytes),
            ..usual
        }
    }
}

/// Bytes of a limit in MiB.
pub(super) fn bytes(mib: u64) -> u64 {
    mib * 1024 * 1024
}
