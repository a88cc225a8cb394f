//! A request's body on its way to the wire: notes that sending began, and keeps to the bandwidth cap.

use std::io::{self, Read};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::early;

/// Most bytes handed to the wire at a time under a cap: small enough that a slow line flows evenly.
const PORTION: u64 = 16 * 1024;

/// The bandwidth cap, shared by all transports (setting `upload.rate_limit_bytes_per_s`).
#[derive(Debug)]
pub(super) struct Throttle {
    bytes_per_s: u64,
    /// When the wire is free again, as far as the cap is concerned.
    free: Mutex<Option<Instant>>,
}

impl Throttle {
    /// A cap of so many bytes a second; none for 0.
    pub(super) fn new(bytes_per_s: u64) -> Option<Self> {
        (bytes_per_s > 0).then(|| Self {
            bytes_per_s,
            free: Mutex::new(None),
        })
    }

    /// How long `bytes` take when nothing else is sent.
    pub(super) fn time_for(&self, bytes: u64) -> Duration {
        let nanos = u128::from(bytes) * 1_000_000_000 / u128::from(self.bytes_per_s);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// Takes the right to send `bytes`, and says from when on.
    fn reserve(&self, bytes: u64, now: Instant) -> Duration {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let start = free.map_or(now, |free| free.max(now));
        *free = Some(start + self.time_for(bytes));
        start.duration_since(now)
    }
}

/// The body as ureq reads it.
#[derive(Debug)]
pub(super) struct Body<'a> {
    left: &'a [u8],
    throttle: Option<&'a Throttle>,
    /// The connection stood and the body was asked for: the server may have seen the report.
    pub(super) begun: bool,
}

impl<'a> Body<'a> {
    pub(super) fn new(bytes: &'a [u8], throttle: Option<&'a Throttle>) -> Self {
        Self {
            left: bytes,
            throttle,
            begun: false,
        }
    }
}

impl Read for Body<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.begun = true;
        // What nobody takes any more is not to wait for its turn.
        let Some(throttle) = self.throttle.filter(|_| !early::is_cut()) else {
            return self.left.read(buffer);
        };
        let most = usize::try_from(PORTION.min(throttle.bytes_per_s)).unwrap_or(usize::MAX);
        let length = buffer.len().min(most).min(self.left.len());
        let pause = throttle.reserve(u64::try_from(length).unwrap_or(u64::MAX), Instant::now());
        #[expect(
            clippy::disallowed_methods,
            reason = "on the transport's own thread, which serves one request"
        )]
        std::thread::sleep(pause);
        self.left.read(buffer.get_mut(..length).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_under_a_cap_share_it_in_turn() {
        let throttle = Throttle::new(1000).unwrap();
        let now = Instant::now();
        let starts: Vec<_> = [500, 500, 1000, 1]
            .map(|bytes| throttle.reserve(bytes, now).as_millis())
            .into();
        assert_eq!(starts, [0, 500, 1000, 2000]);
        let later = now + Duration::from_secs(60);
        assert_eq!(
            throttle.reserve(1, later),
            Duration::ZERO,
            "an unused minute is not saved up"
        );
    }

    #[test]
    fn the_whole_body_is_read_in_portions() {
        let bytes: Vec<u8> = (0..=255).cycle().take(40_000).collect();
        let throttle = Throttle::new(100_000_000).unwrap();
        let mut body = Body::new(&bytes, Some(&throttle));
        assert!(!body.begun);
        let mut read = Vec::new();
        body.read_to_end(&mut read).unwrap();
        assert!(body.begun && read == bytes);
    }
}
