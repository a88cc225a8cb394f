//! The one place that reads the wall clock and its zone.
//!
//! Boards without a battery-backed clock boot in the past, so nothing may be lost or expired because the clock moved;
//! code takes `now` as an argument and only the edges call [`now`].

use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;

use crate::model::UnixMs;

/// A step of the clock as large as this puts it in doubt.
const STEP: Duration = Duration::from_secs(24 * 3600);
/// How long a clock that moved by [`STEP`] or more must stay there to be believed: long enough for a board that booted in
/// the past, or somewhere else, to be synchronised; short enough for a machine that is switched off at weekends.
const DOUBT: Duration = Duration::from_secs(4 * 3600);
/// How long a zone is taken for the machine's before it is read again.
const ZONE_KEPT: Duration = Duration::from_secs(5 * 60);

/// The wall clock, in milliseconds since 1970-01-01T00:00:00Z.
pub fn now() -> UnixMs {
    UnixMs(jiff::Timestamp::now().as_millisecond())
}

/// The machine's time zone, as it was within the last five minutes.
pub fn zone() -> TimeZone {
    static KNOWN: Mutex<Option<(Instant, TimeZone)>> = Mutex::new(None);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    match &*known {
        Some((read, zone)) if read.elapsed() < ZONE_KEPT => zone.clone(),
        _ => {
            let zone = read_zone();
            *known = Some((Instant::now(), zone.clone()));
            zone
        }
    }
}

/// The zone that `/etc/localtime` (localtime(5)) links to, under its name. [`TimeZone::system`] looks for that name in
/// each of some six hundred files of the zone database and keeps all names for good; it is left what is rarer, as `TZ`.
fn read_zone() -> TimeZone {
    if std::env::var_os("TZ").is_some() {
        return TimeZone::system();
    }
    let linked = fs::read_link("/etc/localtime").ok();
    linked
        .and_then(|rules| zone_of(&Path::new("/etc").join(rules)))
        .unwrap_or_else(TimeZone::system)
}

/// The zone of a file in the zone database.
fn zone_of(rules: &Path) -> Option<TimeZone> {
    let (_, name) = rules.to_str()?.rsplit_once("zoneinfo/")?;
    TimeZone::tzif(name, &fs::read(rules).ok()?).ok()
}

/// Whether the clock can be trusted with removing what is old.
#[derive(Debug, Default)]
pub struct Doubt {
    since: Option<Instant>,
}

impl Doubt {
    /// Whether `now` is to be believed, `last` being the moment that was believed last (0: never), and `running` a clock
    /// that nobody sets.
    pub fn believes(&mut self, last: UnixMs, now: UnixMs, running: Instant) -> bool {
        if last.0 == 0 || now.since(last) < STEP {
            self.since = None;
            return true;
        }
        let since = *self.since.get_or_insert(running);
        running.duration_since(since) >= DOUBT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_read_from_its_rules() {
        let zone = zone_of(Path::new("/usr/share/zoneinfo/Europe/Oslo")).expect("Debian's tzdata is there");
        let offset = |second| zone.to_offset(jiff::Timestamp::from_second(second).unwrap());
        let (winter, summer) = (1_767_225_600, 1_782_864_000);
        assert_eq!(offset(winter), jiff::tz::offset(1));
        assert_eq!(offset(summer), jiff::tz::offset(2));
        assert_eq!(zone.iana_name(), Some("Europe/Oslo"));
        assert_eq!(zone_of(Path::new("/dev/null")), None, "no rules");
    }

    #[test]
    fn a_clock_that_jumped_ahead_is_believed_when_it_stays_there() {
        let (mut doubt, start) = (Doubt::default(), Instant::now());
        let last = UnixMs(1_795_262_400_000);
        let ahead = last.plus(STEP * 365);
        assert!(doubt.believes(UnixMs(0), ahead, start), "nothing to compare with");
        assert!(doubt.believes(last, last.plus(STEP / 2), start));
        assert!(!doubt.believes(last, ahead, start));
        assert!(!doubt.believes(last, ahead, start + DOUBT / 2));
        assert!(doubt.believes(last, ahead, start + DOUBT));
        assert!(doubt.believes(last, last, start + DOUBT), "set right");
        assert!(
            !doubt.believes(last, ahead, start + DOUBT),
            "the doubt begins anew"
        );
    }
}
