//! How the receiver fails on purpose.
//!
//! In words: `MODE[:option=value]…[@share]`.
//!
//! | mode | a request |
//! | --- | --- |
//! | `none` | is served |
//! | `status:CODE` | is answered with that status and not stored; option `retry-after=SECONDS` |
//! | `hang` | is read, not stored and never answered |
//! | `reset` | is cut off by a reset before its body is read |
//! | `reset-after-body` | is stored, then cut off by a reset instead of an answer |
//! | `slow` | is served after a pause; option `seconds=N`, 2 by default, or `ms=N` |
//! | `wrong-certificate` | meets a certificate for another host |
//! | `expired-certificate` | meets a certificate that has expired |
//! | `random` | meets one of the above (408, 429, 500, 502, 503, 504 as status), or none; option `seed=N` |
//!
//! Option `times=N` fails that many requests and then serves all. `@0.3` fails three of ten at random; the share is
//! 1 where none is given, 0.5 for `random`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// What happens to a request that is to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FailMode {
    /// It is served.
    #[default]
    None,
    /// It is answered with a status and not stored.
    Status {
        /// The status, 200 to 599.
        code: u16,
        /// The header `Retry-After`, in seconds.
        retry_after_s: Option<u64>,
    },
    /// It is read, not stored and never answered.
    Hang,
    /// It is cut off before its body is read.
    Reset,
    /// It is stored and then cut off without an answer.
    ResetAfterBody,
    /// It is served after a pause.
    Slow(Duration),
    /// It meets a certificate for another host.
    WrongCertificate,
    /// It meets a certificate that has expired.
    ExpiredCertificate,
    /// It meets any of the others.
    Random,
}

/// How the receiver fails: the mode, whom it meets, and how often.
#[derive(Debug, Clone, PartialEq)]
pub struct Fail {
    /// What happens.
    pub mode: FailMode,
    /// Which share of requests it happens to, 0 to 1.
    pub share: f64,
    /// How many requests it happens to; none means without end.
    pub times: Option<u64>,
    /// Start of the random sequence.
    pub seed: u64,
}

impl Default for Fail {
    fn default() -> Self {
        Self {
            mode: FailMode::None,
            share: 1.0,
            times: None,
            seed: 1,
        }
    }
}

impl Fail {
    /// Whether some connection may meet a bad certificate for sure, which needs an authority to make it.
    pub(super) fn needs_authority(&self) -> bool {
        matches!(
            self.mode,
            FailMode::WrongCertificate | FailMode::ExpiredCertificate
        )
    }
}

/// Words that are no fail mode.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseFailError {
    /// The mode is not known.
    Mode(String),
    /// The option is not known, or not for this mode.
    Option(String),
    /// The value is not a number in its range.
    Value(String),
}

impl fmt::Display for ParseFailError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mode(word) => write!(
                f,
                "unknown fail mode \"{word}\"; known are none, status:CODE, hang, reset, reset-after-body, slow, \
                 wrong-certificate, expired-certificate, random"
            ),
            Self::Option(word) => write!(
                f,
                "unknown option \"{word}\"; known are times, seed, retry-after (of status), seconds and ms (of slow)"
            ),
            Self::Value(word) => write!(f, "\"{word}\" is not a number in its range"),
        }
    }
}

impl std::error::Error for ParseFailError {}

impl FromStr for Fail {
    type Err = ParseFailError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (words, share) = match text.trim().rsplit_once('@') {
            Some((words, share)) => (words, Some(number(share)?)),
            None => (text.trim(), None),
        };
        let mut words = words.split(':');
        let mode = match words.next().unwrap_or_default() {
            "none" => FailMode::None,
            "status" => FailMode::Status {
                code: number(words.next().unwrap_or_default())?,
                retry_after_s: None,
            },
            "hang" => FailMode::Hang,
            "reset" => FailMode::Reset,
            "reset-after-body" => FailMode::ResetAfterBody,
            "slow" => FailMode::Slow(Duration::from_secs(2)),
            "wrong-certificate" => FailMode::WrongCertificate,
            "expired-certificate" => FailMode::ExpiredCertificate,
            "random" => FailMode::Random,
            other => return Err(ParseFailError::Mode(other.to_owned())),
        };
        let share = share.unwrap_or(if mode == FailMode::Random { 0.5 } else { 1.0 });
        let mut fail = Self {
            mode,
            share,
            ..Self::default()
        };
        if !(0.0..=1.0).contains(&share) {
            return Err(ParseFailError::Value(share.to_string()));
        }
        words.try_for_each(|word| fail.set(word))?;
        match fail.mode {
            FailMode::Status { code, .. } if !(200..=599).contains(&code) => {
                Err(ParseFailError::Value(code.to_string()))
            }
            _ => Ok(fail),
        }
    }
}

impl Fail {
    fn set(&mut self, word: &str) -> Result<(), ParseFailError> {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        match (name, &mut self.mode) {
            ("times", _) => self.times = Some(number(value)?),
            ("seed", _) => self.seed = number(value)?,
            ("retry-after", FailMode::Status { retry_after_s, .. }) => *retry_after_s = Some(number(value)?),
            ("seconds", FailMode::Slow(pause)) => *pause = Duration::from_secs(number(value)?),
            ("ms", FailMode::Slow(pause)) => *pause = Duration::from_millis(number(value)?),
            _ => return Err(ParseFailError::Option(name.to_owned())),
        }
        Ok(())
    }
}

fn number<N: FromStr>(text: &str) -> Result<N, ParseFailError> {
    text.parse().map_err(|_| ParseFailError::Value(text.to_owned()))
}

/// Deals out failures in turn.
#[derive(Debug)]
pub(super) struct Plan {
    fail: Fail,
    random: StdRng,
}

impl Plan {
    pub(super) fn new(fail: Fail) -> Self {
        let random = StdRng::seed_from_u64(fail.seed);
        Self { fail, random }
    }

    /// What happens to a new connection: a bad certificate, or nothing.
    pub(super) fn for_connection(&mut self) -> FailMode {
        let mode = match self.fail.mode {
            FailMode::WrongCertificate | FailMode::ExpiredCertificate => self.fail.mode,
            FailMode::Random => match self.random.random_range(0..10) {
                0 => FailMode::WrongCertificate,
                1 => FailMode::ExpiredCertificate,
                _ => return FailMode::None,
            },
            _ => return FailMode::None,
        };
        self.draw(mode)
    }

    /// What happens to a request. One that came over a good connection while certificates are to be bad is cut off, so
    /// that the client connects again.
    pub(super) fn for_request(&mut self) -> FailMode {
        let status = |code, retry_after_s| FailMode::Status { code, retry_after_s };
        match self.fail.mode {
            FailMode::None => FailMode::None,
            FailMode::WrongCertificate | FailMode::ExpiredCertificate => {
                if self.fail.times == Some(0) || self.fail.share < 1.0 {
                    FailMode::None
                } else {
                    FailMode::Reset
                }
            }
            FailMode::Random => {
                let mode = match self.random.random_range(0..10) {
                    0 => status(500, None),
                    1 => status(503, Some(1)),
                    2 => status(429, Some(1)),
                    3 => status(502, None),
                    4 => status(504, None),
                    5 => status(408, None),
                    6 => FailMode::Hang,
                    7 => FailMode::Reset,
                    8 => FailMode::ResetAfterBody,
                    _ => FailMode::Slow(Duration::from_millis(200)),
                };
                self.draw(mode)
            }
            mode => self.draw(mode),
        }
    }

    fn draw(&mut self, mode: FailMode) -> FailMode {
        if self.fail.times == Some(0) || !self.random.random_bool(self.fail.share) {
            return FailMode::None;
        }
        if let Some(left) = &mut self.fail.times {
            *left -= 1;
        }
        mode
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_fail_mode_are_read() {
        let fail: Fail = "status:503:retry-after=7:times=3".parse().unwrap();
        assert_eq!(
            fail.mode,
            FailMode::Status {
                code: 503,
                retry_after_s: Some(7)
            }
        );
        assert_eq!(fail.times, Some(3));
        let fail: Fail = "hang@0.25".parse().unwrap();
        assert_eq!(
            (fail.mode, fail.share.to_string().as_str()),
            (FailMode::Hang, "0.25")
        );
        assert!("random".parse::<Fail>().unwrap().share < 1.0);
    }

    #[test]
    fn wrong_words_are_refused_with_what_is_known() {
        for text in [
            "",
            "statu",
            "status",
            "status:99",
            "hang@2",
            "hang@NaN",
            "slow:times",
            "hang:seconds=1",
        ] {
            assert!(text.parse::<Fail>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_counted_failure_ends_after_its_count() {
        let mut plan = Plan::new("reset:times=2".parse().unwrap());
        let modes: Vec<_> = (0..4).map(|_| plan.for_request()).collect();
        assert_eq!(
            modes,
            [FailMode::Reset, FailMode::Reset, FailMode::None, FailMode::None]
        );
    }

    #[test]
    fn the_same_seed_fails_the_same_requests() {
        let draw = |seed: &str| {
            let mut plan = Plan::new(format!("random:seed={seed}").parse().unwrap());
            (0..50).map(|_| plan.for_request()).collect::<Vec<_>>()
        };
        assert_eq!(draw("7"), draw("7"));
        assert_ne!(draw("7"), draw("8"));
    }
}
