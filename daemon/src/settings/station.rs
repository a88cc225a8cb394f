//! `[station]`: whose reports these are.

use stationd_actors::converter::Station as Filled;

use super::environment::Environment;
use super::keys::{Choice, Keys, Section};
use super::reader::Findings;
use super::rule::{LINE, NAME, SHORT};
use super::{Origin, Problem};

/// The variable that names the station before anything else.
const VARIABLE: &str = "STATIOND_STATION";

/// Longest station name. Source: WSJF schema, `machineName`.
const LONGEST_NAME: usize = 100;

/// What a report says whose location nobody has named: a line that stops for a setting nobody made would help nobody; each
/// report says what was assumed. Source: wsjf/uut.schema.json, `location` has 1 to 100 characters, and so has `purpose`.
const UNKNOWN_LOCATION: &str = "Unknown";

/// The purpose of reports that name none, likewise.
const USUAL_PURPOSE: &str = "Production";

/// In which order the station's name is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum NameSource {
    /// `STATIOND_STATION`, the setting, the host name.
    #[default]
    Auto,
    /// `STATIOND_STATION`, the host name, the setting.
    HostName,
    /// The setting alone.
    Config,
}

impl Choice for NameSource {
    const NAMED: &'static [(&'static str, Self)] = &[
        ("auto", Self::Auto),
        ("hostname", Self::HostName),
        ("config", Self::Config),
    ];
}

/// The keys of `[station]`.
#[derive(Debug, Clone)]
pub(super) struct StationKeys {
    name: String,
    name_source: NameSource,
    location: String,
    purpose: String,
    description: String,
    presets: Vec<PresetKeys>,
}

impl Default for StationKeys {
    fn default() -> Self {
        Self {
            name: String::new(),
            name_source: NameSource::Auto,
            location: String::new(),
            purpose: USUAL_PURPOSE.to_owned(),
            description: String::new(),
            presets: Vec::new(),
        }
    }
}

/// The keys of one `[[station.presets]]`.
#[derive(Debug, Clone, Default)]
struct PresetKeys {
    key: String,
    name: String,
    location: String,
    purpose: String,
}

/// This station: what reports are filled in with, and where its name comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// What a report is filled in with that names no station.
    pub station: Filled,
    /// Free text for people, shown where the name is.
    pub description: String,
    /// Where the name comes from.
    pub name_origin: Origin,
}

impl Section for StationKeys {
    fn describe<K: Keys>(&mut self, keys: &mut K) {
        keys.text("name", &mut self.name, &SHORT, "The station's name in reports.");
        keys.choice(
            "name_source",
            &mut self.name_source,
            "Where the name is looked for first.",
        );
        keys.text(
            "location",
            &mut self.location,
            &SHORT,
            "The location in reports that name none; empty: Unknown.",
        );
        keys.text(
            "purpose",
            &mut self.purpose,
            &SHORT,
            "The purpose in reports that name none; empty: Production.",
        );
        keys.text(
            "description",
            &mut self.description,
            &LINE,
            "Free text for people, shown by stationctl status and on the status page.",
        );
        let about = "A further station whose files this daemon converts; a converter names it by its key.";
        keys.tables("presets", "key", about, &PresetKeys::default(), &mut self.presets);
    }
}

impl Section for PresetKeys {
    fn describe<K: Keys>(&mut self, keys: &mut K) {
        keys.text("key", &mut self.key, &NAME, "The name a converter calls it by.");
        keys.text("name", &mut self.name, &SHORT, "The station's name in reports.");
        keys.text(
            "location",
            &mut self.location,
            &SHORT,
            "Its location; empty: that of [station].",
        );
        keys.text(
            "purpose",
            &mut self.purpose,
            &SHORT,
            "Its purpose; empty: that of [station].",
        );
    }
}

impl StationKeys {
    /// This station, by the order that `name_source` says.
    pub(super) fn identity(&self, environment: &Environment, findings: &mut Findings) -> Identity {
        let variable = environment
            .get(VARIABLE)
            .map(|name| (name.to_owned(), Origin::Variable(VARIABLE.to_owned())));
        let setting = (self.name.clone(), findings.place("station.name"));
        let host = (environment.host_name().to_owned(), Origin::HostName);
        let order = match self.name_source {
            NameSource::Auto => [variable, Some(setting), Some(host)],
            NameSource::HostName => [variable, Some(host), Some(setting)],
            NameSource::Config => [Some(setting), None, None],
        };
        let found = order
            .into_iter()
            .flatten()
            .map(|(name, origin)| (station_name(&name), origin))
            .find(|(name, _)| !name.is_empty());
        let (name, name_origin) = found.unwrap_or_else(|| {
            let allowed = "a name of 1 to 100 characters; the host has none to take instead";
            let allowed = match self.name_source {
                NameSource::Config => "a name of 1 to 100 characters, because name_source is \"config\"",
                _ => allowed,
            };
            findings.fault(
                "station.name",
                Problem::Missing {
                    allowed: allowed.into(),
                },
            );
            (String::new(), Origin::Default)
        });
        Identity {
            station: Filled {
                name,
                location: either(&self.location, UNKNOWN_LOCATION),
                purpose: either(&self.purpose, USUAL_PURPOSE),
            },
            description: self.description.clone(),
            name_origin,
        }
    }

    /// Fills in what follows from elsewhere, so that the values shown are the ones that count.
    pub(super) fn fill_in(&mut self, identity: &Identity, findings: &mut Findings) {
        self.name.clone_from(&identity.station.name);
        self.location.clone_from(&identity.station.location);
        self.purpose.clone_from(&identity.station.purpose);
        let origin = identity.name_origin.clone();
        findings.places.insert("station.name".to_owned(), origin);
    }

    /// Every preset, by its key; what one leaves out is taken from `own`.
    pub(super) fn presets(&self, own: &Filled, findings: &mut Findings) -> Vec<(String, Filled)> {
        let mut presets = Vec::new();
        for (index, preset) in self.presets.iter().enumerate() {
            if preset.key.is_empty() {
                let key = format!("station.presets[{}].key", index + 1);
                findings.fault(
                    &key,
                    Problem::Missing {
                        allowed: NAME.allowed.into(),
                    },
                );
                continue;
            }
            let name = station_name(&preset.name);
            if name.is_empty() {
                let key = format!("station.presets.{}.name", preset.key);
                findings.fault(
                    &key,
                    Problem::Missing {
                        allowed: "a name of 1 to 100 characters".into(),
                    },
                );
            }
            presets.push((
                preset.key.clone(),
                Filled {
                    name,
                    location: either(&preset.location, &own.location),
                    purpose: either(&preset.purpose, &own.purpose),
                },
            ));
        }
        presets
    }
}

/// The first text, or the second one where it is empty.
fn either(text: &str, other: &str) -> String {
    if text.is_empty() { other } else { text }.to_owned()
}

/// A name as it stands in reports: upper case, spaces as `-`, anything but letters, digits, `-`, `_` and `.` as `_`.
///
/// One form for all sources, so that the same station never appears twice on the server.
fn station_name(name: &str) -> String {
    name.trim()
        .to_uppercase()
        .chars()
        .map(|letter| match letter {
            ' ' | '\t' => '-',
            '-' | '_' | '.' => letter,
            letter if letter.is_alphanumeric() => letter,
            _ => '_',
        })
        .take(LONGEST_NAME)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(source: NameSource, setting: &str, variable: Option<&str>, host: &str) -> Identity {
        let keys = StationKeys {
            name: setting.to_owned(),
            name_source: source,
            ..StationKeys::default()
        };
        let variables = variable.map(|name| (VARIABLE.to_owned(), name.to_owned()));
        let environment = Environment::new(variables, host);
        keys.identity(&environment, &mut Findings::default())
    }

    #[test]
    fn an_empty_location_or_purpose_is_one_that_reports_may_have() {
        let keys = StationKeys {
            purpose: String::new(),
            ..StationKeys::default()
        };
        let station = keys
            .identity(&Environment::new([], "box7"), &mut Findings::default())
            .station;
        assert_eq!(
            (station.location.as_str(), station.purpose.as_str()),
            ("Unknown", "Production")
        );
    }

    #[test]
    fn auto_takes_the_variable_then_the_setting_then_the_host_name() {
        let name = |setting, variable| identity(NameSource::Auto, setting, variable, "box7").station.name;
        assert_eq!(name("ict", Some("env")), "ENV");
        assert_eq!(name("ict", None), "ICT");
        assert_eq!(name("", None), "BOX7");
        assert_eq!(
            identity(NameSource::Auto, "", None, "box7").name_origin,
            Origin::HostName
        );
    }

    #[test]
    fn hostname_puts_the_host_name_before_the_setting() {
        assert_eq!(
            identity(NameSource::HostName, "ict", None, "box7").station.name,
            "BOX7"
        );
        assert_eq!(
            identity(NameSource::HostName, "ict", None, "").station.name,
            "ICT"
        );
        assert_eq!(
            identity(NameSource::HostName, "ict", Some("env"), "box7")
                .station
                .name,
            "ENV"
        );
    }

    #[test]
    fn config_takes_nothing_but_the_setting() {
        assert_eq!(
            identity(NameSource::Config, "ict", Some("env"), "box7")
                .station
                .name,
            "ICT"
        );
        assert_eq!(
            identity(NameSource::Config, "", Some("env"), "box7").station.name,
            ""
        );
    }

    #[test]
    fn a_name_is_made_fit_for_reports() {
        assert_eq!(station_name("  line 2 / ict "), "LINE-2-_-ICT");
        assert_eq!(station_name("prüf.platz_1"), "PRÜF.PLATZ_1");
        assert_eq!(station_name(&"x".repeat(300)).chars().count(), 100);
    }
}
