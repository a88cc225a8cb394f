//! From files, variables and credentials to checked settings.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::environment::Environment;
use super::file::FileKeys;
use super::layer::{Table, lay_over};
use super::reader::{Findings, read_section};
use super::{Fault, Faults, Origin, Problem, Settings, text};

/// The settings file when none is named.
pub const DEFAULT_FILE: &str = "/etc/stationd/stationd.toml";

/// Largest settings file in bytes; a larger one is some other file.
const LARGEST_FILE: u64 = 1024 * 1024;

/// Where settings come from.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// The file; none: [`DEFAULT_FILE`], which may be absent.
    pub file: Option<PathBuf>,
    /// Variables, credentials and the host's name.
    pub environment: Environment,
}

impl LoadOptions {
    /// `file` and the environment of this process.
    pub fn of_process(file: Option<PathBuf>) -> Self {
        Self {
            file,
            environment: Environment::of_process(),
        }
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
/// With every fault there is, not only the first.
pub fn load(options: &LoadOptions) -> Result<Settings, Faults> {
    let mut findings = Findings::default();
    let mut layers = Table::new();
    let file = options.path();
    if options.file.is_some() || file.exists() {
        lay_over(&mut layers, read_file(file, &mut findings.faults));
        let whole = Origin::Named(Arc::from(file));
        findings.places.insert(String::new(), whole);
    } else {
        let text = format!("{} does not exist; variables and defaults count", file.display());
        findings.warn("", &text);
    }
    for path in drop_ins(file, &mut findings.faults) {
        lay_over(&mut layers, read_file(&path, &mut findings.faults));
    }
    let unread = |fault: &Fault| !matches!(fault.problem, Problem::Syntax { .. });
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
    Settings::check(keys, &options.environment, findings)
}

fn unreadable(path: &Path, problem: Problem) -> Fault {
    Fault {
        place: Origin::Named(Arc::from(path)),
        key: String::new(),
        problem,
    }
}

fn read_file(path: &Path, faults: &mut Vec<Fault>) -> Table {
    let mut content = String::new();
    // A directory or a FIFO in the place of the file must not make the daemon wait.
    let read = std::fs::metadata(path).and_then(|metadata| {
        if !metadata.is_file() {
            return Err(std::io::Error::other("not a regular file"));
        }
        let file = std::fs::File::open(path)?;
        file.take(LARGEST_FILE + 1).read_to_string(&mut content)
    });
    match read {
        Err(error) => faults.push(unreadable(path, Problem::Unreadable(error))),
        Ok(_) if u64::try_from(content.len()).is_ok_and(|length| length > LARGEST_FILE) => {
            let limit_bytes = LARGEST_FILE;
            faults.push(unreadable(path, Problem::TooLarge { limit_bytes }));
        }
        Ok(_) => return text::read(&content, &Arc::from(path), faults),
    }
    Table::new()
}

/// `FILE.d/*.toml`, by name; names that begin with a dot are an editor's.
fn drop_ins(file: &Path, faults: &mut Vec<Fault>) -> Vec<PathBuf> {
    let mut folder = file.as_os_str().to_owned();
    folder.push(".d");
    let folder = PathBuf::from(folder);
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            faults.push(unreadable(&folder, Problem::Unreadable(error)));
            return Vec::new();
        }
    };
    let mut paths = Vec::new();
    for entry in entries {
        match entry {
            Ok(entry) => paths.push(entry.path()),
            Err(error) => faults.push(unreadable(&folder, Problem::Unreadable(error))),
        }
    }
    paths.retain(|path| {
        let hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        !hidden && path.extension().is_some_and(|extension| extension == "toml")
    });
    paths.sort();
    paths
}
