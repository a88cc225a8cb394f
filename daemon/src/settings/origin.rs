//! Where a value of the settings comes from.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Where a value comes from; later variants win over earlier ones.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Origin {
    /// Nobody set it.
    #[default]
    Default,
    /// A settings file.
    File {
        /// The file, as it was named.
        path: Arc<Path>,
        /// The line of the key, from 1.
        line: usize,
    },
    /// A variable of the environment, by its name.
    Variable(String),
    /// A credential of the service manager, by its name.
    Credential(String),
    /// A file that another setting names, as `server.token_file` does.
    Named(Arc<Path>),
    /// The host's own name.
    HostName,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Variable(name) => write!(f, "variable {name}"),
            Self::Credential(name) => write!(f, "credential {name}"),
            Self::Named(path) => write!(f, "{}", path.display()),
            Self::HostName => f.write_str("host name"),
        }
    }
}
