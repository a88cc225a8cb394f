//! From files, variables and credentials to checked settings.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use stationd_actors::uploader::Server;

use super::damage::Damage;
#[cfg(feature = "tools")]
use super::environment::is_of_unit;
use super::environment::{Environment, instance_socket};
use super::file::FileKeys;
use super::layer::{Table, lay_over};
use super::reader::{Findings, read_section};
use super::{Account, Fault, Faults, Origin, Problem, Settings, Warning, source};

/// The settings file when none is named.
pub const DEFAULT_FILE: &str = "/etc/stationd/stationd.toml";

/// Where settings come from.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// The file; none: [`DEFAULT_FILE`], which may be absent.
    pub file: Option<PathBuf>,
    /// Variables, credentials and the host's name.
    pub environment: Environment,
    /// Whether `FILE.bak` is read when the file is damaged: at the start of the daemon, when there are no older settings
    /// to stay with.
    pub use_backup: bool,
    /// Whose daemon these settings are for, where that is another's than this process; none: not known, or this process.
    pub(crate) daemon: Option<Account>,
}

/// A backup that was read in the place of the file.
#[derive(Debug)]
pub struct Backup {
    /// The backup.
    pub path: PathBuf,
    /// What is wrong with the file.
    pub damage: Damage,
}

impl LoadOptions {
    /// `file` and the environment of this process.
    pub fn of_process(file: Option<PathBuf>) -> Self {
        let mut options = Self {
            file,
            environment: Environment::default(),
            use_backup: false,
            daemon: None,
        };
        options.environment = Environment::of_process(options.path());
        options
    }

    /// As [`LoadOptions::of_process`], for an operator who asks about the settings of a `daemon`. One that does not run is
    /// the packages' where the file is that of a unit.
    #[cfg(feature = "tools")]
    pub(crate) fn of_operator(file: Option<PathBuf>, daemon: Option<Account>) -> Self {
        let mut options = Self::of_process(file);
        let of_unit = || is_of_unit(options.path()).then(Account::of_packages)?;
        options.daemon = daemon.or_else(of_unit);
        options
    }

    /// The file that is read.
    pub fn path(&self) -> &Path {
        self.file.as_deref().unwrap_or_else(|| Path::new(DEFAULT_FILE))
    }
}

/// Reads and checks all layers: the file, `FILE.d/*.toml` in the order of their names, variables, credentials.
///
/// # Errors
///
/// With every fault there is, not only the first. That the file is damaged is one of them, unless its backup may be used
/// and has no fault.
pub fn load(options: &LoadOptions) -> Result<Settings, Faults> {
    let mut damaged = None;
    let mut settings = match (load_layers(options, &mut damaged), damaged) {
        (Ok(_), Some(damaged)) if !options.use_backup => return Err(Faults::new(vec![damaged])),
        (Err(faults), Some(damaged)) => return Err(faults.and(damaged)),
        (loaded, _) => loaded?,
    };
    // A daemon that starts finds out for itself what it may read.
    let daemon = || options.daemon.clone().or_else(Account::of_unit);
    if let Some(daemon) = (!options.use_backup).then(daemon).flatten() {
        let unreadable = unreadable(&settings, &daemon);
        settings.warnings.extend(unreadable);
    }
    Ok(settings)
}

/// The files of `[server]` that `daemon` may not read, though whoever checks the settings may.
pub(super) fn unreadable(settings: &Settings, daemon: &Account) -> Vec<Warning> {
    const FILES: [&str; 4] = ["token_file", "ca_file", "client_cert_file", "client_key_file"];
    if !matches!(settings.uploader.server, Server::Wats(_)) {
        return Vec::new();
    }
    let (user, group) = (daemon.user_name(), daemon.group_name());
    let named = |name| settings.values.get(&format!("server.{name}"));
    let files = FILES.into_iter().filter_map(named).filter_map(|setting| {
        let file = setting.value.as_str().filter(|file| !file.is_empty())?;
        (!daemon.may_read(Path::new(file))).then(|| Warning {
            place: setting.origin.clone(),
            key: setting.key.clone(),
            text: format!(
                "the user of stationd ({user}) may not read {file}; let its group: chgrp {group} {file} && chmod 0640 {file}"
            ),
        })
    });
    files.collect()
}

/// As [`load`]; that the file is damaged goes to `damaged`, and its backup is read in its place.
fn load_layers(options: &LoadOptions, damaged: &mut Option<Fault>) -> Result<Settings, Faults> {
    let mut findings = Findings {
        daemon: options.daemon.clone(),
        ..Findings::default()
    };
    let mut layers = Table::new();
    let file = options.path();
    let absent = options.file.is_none() && !file.exists();
    if absent {
        let text = format!("{} does not exist; variables and defaults count", file.display());
        findings.warn("", &text);
    } else {
        lay_over(&mut layers, source::main_file(file, &mut findings));
        let whole = Origin::Named(Arc::from(file));
        findings.places.insert(String::new(), whole.clone());
        *damaged = findings.backup.as_ref().map(|backup| Fault {
            place: whole,
            key: String::new(),
            problem: Problem::Damaged {
                damage: backup.damage,
                backup: backup.path.clone(),
            },
        });
    }
    for path in source::drop_ins(file, &mut findings.faults) {
        lay_over(&mut layers, source::drop_in(&path, &mut findings.faults));
    }
    let unread = |fault: &Fault| !fault.is_of_text();
    if findings.faults.iter().any(unread) {
        // What is missing below would only be missing because of this.
        return Err(Faults::new(findings.faults));
    }
    let variables = options
        .environment
        .layer(&mut FileKeys::default(), &mut findings.faults);
    lay_over(&mut layers, variables);

    let mut keys = FileKeys::default();
    read_section(layers, String::new(), &mut keys, &mut findings);
    let checked = Settings::check(keys, &options.environment, findings);
    checked.map_err(|faults| if absent { faults.and(no_file(file)) } else { faults })
}

/// Where the daemon of these settings listens for commands, whatever faults its other settings have: they may have been
/// written after its start.
///
/// # Errors
///
/// When a file cannot be read, or what it says of the socket is a fault.
pub fn control_socket(options: &LoadOptions) -> Result<PathBuf, Faults> {
    const KEYS: [&str; 3] = ["", "control", "control.socket"];
    let file = options.path();
    let mut findings = Findings::default();
    let mut layers = source::main_file(file, &mut findings);
    for path in source::drop_ins(file, &mut findings.faults) {
        lay_over(&mut layers, source::drop_in(&path, &mut findings.faults));
    }
    let mut keys = FileKeys::default();
    read_section(layers, String::new(), &mut keys, &mut findings);
    findings.faults.retain(|fault| KEYS.contains(&fault.key.as_str()));
    if !findings.faults.is_empty() {
        return Err(Faults::new(findings.faults));
    }
    // The unit of an instance has the last word.
    let of_instance = instance_socket(file).filter(|socket| {
        let is_named = findings.places.contains_key("control.socket");
        !is_named || socket.exists()
    });
    Ok(of_instance.unwrap_or_else(|| PathBuf::from(keys.control.socket)))
}

/// The first thing to be told where there are no settings at all.
fn no_file(file: &Path) -> Fault {
    Fault {
        place: Origin::Default,
        key: file.display().to_string(),
        problem: Problem::NoFile,
    }
}
