//! What the surroundings say: variables, credentials, the host's name.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::keys::Section;
use super::layer::{Node, Table, Value};
use super::load::DEFAULT_FILE;
use super::nearest::nearest;
use super::secret::TOKEN_VARIABLE;
use super::{Fault, Origin, Problem};

/// The start of every variable of ours.
const PREFIX: &str = "STATIOND_";

/// The variable by which a unit learns where its credentials are. Source: `systemd.exec(5)`.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Where systemd puts those of its units, each in a folder of the unit's name; only root and the unit's user may look.
const UNITS: &str = "/run/credentials";

/// Where the sockets of our units are. Source: `stationd@.socket`.
const SOCKETS: &str = "/run/stationd";

/// The variable by which a unit learns where its state is. Source: `systemd.exec(5)`.
const STATE: &str = "STATE_DIRECTORY";

/// The variables of a process as far as they are ours, and the host's name.
#[derive(Clone, Default)]
pub struct Environment {
    variables: Vec<(String, String)>,
    /// Variables of ours whose text is not UTF-8.
    garbled: Vec<String>,
    token: Option<Zeroizing<String>>,
    host_name: String,
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Environment")
            .field("variables", &self.variables)
            .field("host_name", &self.host_name)
            .finish_non_exhaustive()
    }
}

/// The unit of a settings file, of those that we ship.
#[derive(Debug, PartialEq, Eq)]
enum Unit {
    /// `stationd.service`
    Main,
    /// `stationd@NAME.service`
    Instance(String),
}

impl Unit {
    fn of(file: &Path) -> Option<Self> {
        if file == Path::new(DEFAULT_FILE) {
            return Some(Self::Main);
        }
        let name = file.file_name()?.to_str()?.strip_suffix(".toml")?;
        let is_ours = file.parent() == Path::new(DEFAULT_FILE).parent();
        is_ours.then(|| Self::Instance(name.to_owned()))
    }

    fn credentials(&self) -> PathBuf {
        Path::new(UNITS).join(match self {
            Self::Main => "stationd.service".to_owned(),
            Self::Instance(name) => format!("stationd@{name}.service"),
        })
    }

    /// What it finds among its variables, as far as settings depend on it.
    fn variables(&self) -> Vec<(OsString, OsString)> {
        let credentials = (CREDENTIALS.into(), self.credentials().into());
        match self {
            Self::Main => vec![credentials],
            Self::Instance(name) => vec![
                credentials,
                (STATE.into(), format!("/var/lib/stationd-{name}").into()),
            ],
        }
    }
}

/// Whether a unit of ours reads this settings file.
#[cfg(feature = "tools")]
pub(super) fn is_of_unit(file: &Path) -> bool {
    Unit::of(file).is_some()
}

/// The socket that the unit of a settings file gives to its daemon, where that is an instance of ours.
pub(super) fn instance_socket(file: &Path) -> Option<PathBuf> {
    match Unit::of(file)? {
        Unit::Main => None,
        Unit::Instance(name) => Some(Path::new(SOCKETS).join(format!("{name}.sock"))),
    }
}

impl Environment {
    /// That of this process. An operator's command outside of the unit sees what the running unit of the settings `file`
    /// sees, where it may: what it says of the token and the state is then said of the daemon's.
    pub fn of_process(file: &Path) -> Self {
        let host = nix::unistd::gethostname().unwrap_or_default();
        let inside = std::env::var_os(CREDENTIALS).is_some();
        let unit = Unit::of(file).filter(|unit| !inside && std::fs::read_dir(unit.credentials()).is_ok());
        let of_unit = unit.iter().flat_map(Unit::variables);
        let ours = of_unit.filter(|(name, _)| std::env::var_os(name).is_none());
        Self::new_os(std::env::vars_os().chain(ours), &host.to_string_lossy())
    }

    /// One made of `variables`.
    pub fn new(variables: impl IntoIterator<Item = (String, String)>, host_name: &str) -> Self {
        let variables = variables
            .into_iter()
            .map(|(name, text)| (OsString::from(name), OsString::from(text)));
        Self::new_os(variables, host_name)
    }

    fn new_os(variables: impl IntoIterator<Item = (OsString, OsString)>, host_name: &str) -> Self {
        let mut environment = Self {
            host_name: host_name.to_owned(),
            ..Self::default()
        };
        for (name, text) in variables {
            let Some(name) = name.to_str() else { continue };
            let ours = name.starts_with(PREFIX) || matches!(name, STATE | CREDENTIALS);
            match text.into_string() {
                _ if !ours => {}
                Ok(text) if name == TOKEN_VARIABLE => environment.token = Some(Zeroizing::new(text)),
                Ok(text) => environment.variables.push((name.to_owned(), text)),
                Err(_) => environment.garbled.push(name.to_owned()),
            }
        }
        environment
    }

    /// The text of a variable, when it is set and not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.variables.iter().find(|(one, _)| one == name);
        found
            .map(|(_, text)| text.as_str())
            .filter(|text| !text.is_empty())
    }

    /// The host's name; empty when it has none.
    pub(super) fn host_name(&self) -> &str {
        &self.host_name
    }

    /// The token, when its variable is set and not empty.
    pub(super) fn token(&self) -> Option<&Zeroizing<String>> {
        self.token.as_ref().filter(|token| !token.is_empty())
    }

    /// Where the service manager keeps credentials.
    pub(super) fn credentials_directory(&self) -> Option<PathBuf> {
        self.get(CREDENTIALS).map(PathBuf::from)
    }

    /// The state folder of the service manager; the first, when there are many.
    /// Source: systemd.exec(5), "`$STATE_DIRECTORY`".
    pub(super) fn state_directory(&self) -> Option<&str> {
        self.get(STATE)?.split(':').next().filter(|path| !path.is_empty())
    }

    /// The variables as a layer of settings; those that name no key of `all` are faults.
    pub(super) fn layer<S: Section>(&self, all: &mut S, faults: &mut Vec<Fault>) -> Table {
        let mut names = super::listing::variables(all);
        names.push("STATIOND_STATION".to_owned());
        names.push(TOKEN_VARIABLE.to_owned());
        let mut layer = Table::new();
        for name in &self.garbled {
            let problem = Problem::value("text that is not UTF-8", "UTF-8");
            faults.push(fault(name, problem));
        }
        for (name, text) in &self.variables {
            let Some(path) = name.strip_prefix(PREFIX).filter(|path| *path != "STATION") else {
                continue;
            };
            if !names.contains(name) {
                let nearest = nearest(name, names.iter().map(String::as_str)).map(str::to_owned);
                faults.push(fault(name, Problem::UnknownKey { nearest }));
                continue;
            }
            insert(&mut layer, &path.to_lowercase(), name, text);
        }
        layer
    }
}

fn fault(name: &str, problem: Problem) -> Fault {
    Fault {
        place: Origin::Variable(name.to_owned()),
        key: String::new(),
        problem,
    }
}

/// Puts a variable where `SECTION__KEY` says; its name is known to be good.
fn insert(layer: &mut Table, path: &str, name: &str, text: &str) {
    let origin = Origin::Variable(name.to_owned());
    let leaf = Node {
        value: Value::Variable(text.to_owned()),
        origin: origin.clone(),
    };
    match path.split_once("__") {
        None => {
            layer.insert(path.to_owned(), leaf);
        }
        Some((section, key)) => {
            let table = layer.entry(section.to_owned()).or_insert_with(|| Node {
                value: Value::Table(Table::new()),
                origin,
            });
            if let Value::Table(table) = &mut table.value {
                table.insert(key.to_owned(), leaf);
            }
        }
    }
}
