//! What a reload changes.

use super::Settings;

/// Keys whose new value counts at once; all others count from the next start. `*` stands for a name.
const LIVE: &[&str] = &["log.format", "log.level"];

/// The keys in which two sets of settings differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Those that count at once.
    pub live: Vec<String>,
    /// Those with which the roles start again.
    pub restart: Vec<String>,
}

impl Changes {
    /// All of them, by name.
    pub fn all(&self) -> Vec<&str> {
        let mut all: Vec<_> = self
            .live
            .iter()
            .chain(&self.restart)
            .map(String::as_str)
            .collect();
        all.sort_unstable();
        all
    }
}

/// Compares the settings in force with new ones. A converter that comes or goes counts as one key, `converter.NAME`; a
/// token or certificate that was renewed in its file, as a change of the setting that names the file.
pub fn compare(old: &Settings, new: &Settings) -> Changes {
    let mut changed = Vec::new();
    for (here, there) in [(old, new), (new, old)] {
        for setting in here.values.iter() {
            if let Some(twin) = there.values.get(&setting.key) {
                if twin.value != setting.value {
                    changed.push(setting.key.clone());
                }
            } else {
                changed.push(owner(&setting.key).to_owned());
            }
        }
    }
    changed.extend(old.contents.changed(&new.contents));
    changed.sort();
    changed.dedup();
    let (live, restart) = changed.into_iter().partition(|key| is_live(key));
    Changes { live, restart }
}

/// The table in a list that a key belongs to: `converter.ict` of `converter.ict.drop_dir`.
fn owner(key: &str) -> &str {
    let depth = if key.starts_with("station.presets.") { 3 } else { 2 };
    match key.match_indices('.').nth(depth - 1) {
        Some((end, _)) => key.get(..end).unwrap_or(key),
        None => key,
    }
}

fn is_live(key: &str) -> bool {
    LIVE.iter().any(|pattern| {
        let mut parts = pattern.split('.');
        let fits = key
            .split('.')
            .all(|part| parts.next().is_some_and(|one| one == "*" || one == part));
        fits && parts.next().is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_belongs_to_the_table_with_a_name() {
        assert_eq!(owner("converter.ict.sandbox.wall_s"), "converter.ict");
        assert_eq!(owner("station.presets.line2.name"), "station.presets.line2");
    }

    #[test]
    fn only_the_named_keys_count_at_once() {
        assert!(is_live("log.level") && is_live("log.format"));
        for key in [
            "log",
            "converter.ict",
            "converter.ict.enabled",
            "converter.ict.sandbox.enabled",
        ] {
            assert!(!is_live(key), "{key}");
        }
    }
}
