//! How fast this machine is now: a loop of arithmetic.

use std::fmt;
use std::hint::black_box;
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

use crate::figure::{Figure, Kind};

/// Turns of the loop: some 100 ms of a fast core.
const TURNS: u64 = 60_000_000;

/// What the same work took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Calibration {
    /// Time that passed while the loop ran, in ms: with the share that others took of the machine.
    wall_ms: f64,
    /// CPU time of the loop, in ms.
    cpu_ms: f64,
}

impl Calibration {
    /// Runs the loop.
    pub(crate) fn of_this_machine() -> Self {
        let (began, cpu) = (Instant::now(), cpu_time());
        let mut state = 1_u64;
        for turn in 0..TURNS {
            state = black_box(state.rotate_left(5) ^ turn).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
        black_box(state);
        Self {
            wall_ms: began.elapsed().as_secs_f64() * 1e3,
            cpu_ms: cpu_time().saturating_sub(cpu).as_secs_f64() * 1e3,
        }
    }

    /// The mean of two.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            wall_ms: f64::midpoint(self.wall_ms, other.wall_ms),
            cpu_ms: f64::midpoint(self.cpu_ms, other.cpu_ms),
        }
    }

    /// A figure as it can be compared with that of another run; smaller is always better.
    pub(crate) fn ratio(&self, figure: &Figure) -> f64 {
        match figure.kind {
            Kind::Wall => figure.value / self.wall_ms,
            Kind::Cpu => figure.value / self.cpu_ms,
            Kind::Rate => 1e3 / (figure.value * self.wall_ms),
            Kind::Count => figure.value,
            Kind::Share | Kind::Relative => 1.0 / figure.value,
        }
    }

    /// The part of a core that the loop got: less than 1 where others ran beside it.
    pub(crate) fn share(&self) -> f64 {
        self.cpu_ms / self.wall_ms
    }

    pub(crate) fn json(&self) -> Value {
        json!({"wall_ms": self.wall_ms, "cpu_ms": self.cpu_ms})
    }
}

impl fmt::Display for Calibration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "calibration: {:.0} ms of CPU time in {:.0} ms: {:.0} % of a core was free",
            self.cpu_ms,
            self.wall_ms,
            self.share() * 100.0
        )
    }
}

fn cpu_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}
