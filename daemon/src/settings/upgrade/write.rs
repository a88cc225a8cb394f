//! Puts upgraded settings in the place of the old ones.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::super::lock::lock;
use super::super::write::{Owner, WriteError, folder_of, read, replace, with_suffix};
use super::UpgradeError;
use super::convert::{Upgrade, convert, is_old};

/// The file beside the settings that takes the token.
const TOKEN_FILE: &str = "wats-token";

/// What an upgrade wrote.
#[derive(Debug)]
pub struct Written {
    /// The old settings.
    pub backup: PathBuf,
    /// The token, when the old settings held one.
    pub token_file: Option<PathBuf>,
    /// Keys without a counterpart.
    pub without_counterpart: Vec<String>,
}

/// Upgrades `file` in its place; nothing when it is of the new format already.
///
/// Each file is written beside its place, synced and renamed: the token first, then `FILE.bak`, then the settings. A
/// power cut leaves the old settings or the new ones, and the old ones can be upgraded again.
///
/// # Errors
///
/// When a file cannot be read or written, or the old settings cannot be understood. They are then as they were.
pub fn upgrade_file(file: &Path) -> Result<Option<Written>, UpgradeError> {
    let folder = folder_of(file);
    let _lock = lock(folder)?;
    let content = read(file).map_err(WriteError::io(file))?;
    let Some(text) = old_text(&content) else {
        return Ok(None);
    };
    let mut upgrade = convert(text)?;
    if upgrade.is_empty() {
        return Err(UpgradeError::Nothing);
    }
    let before = std::fs::metadata(file).map_err(WriteError::io(file))?;
    let owner = Owner::like(&before);
    let token_file = write_token(folder, &mut upgrade, owner)?;
    let backup = with_suffix(file, ".bak");
    // The old file may hold the token and a proxy's password; in the new one only the latter is left.
    let everybody = before.mode() & 0o777;
    let few = everybody & 0o640;
    replace(&backup, &content, few, owner)?;
    let header = "# Upgraded from the settings of the vendor's client, which are in the file of this name with .bak.\n";
    let settings = Zeroizing::new(format!("{header}{}", upgrade.settings));
    let mode = if upgrade.has_password() { few } else { everybody };
    replace(file, settings.as_bytes(), mode, owner)?;
    Ok(Some(Written {
        backup,
        token_file,
        without_counterpart: upgrade.without_counterpart,
    }))
}

/// Whether `file` can be read and has the old format.
pub fn is_old_file(file: &Path) -> bool {
    read(file).is_ok_and(|content| old_text(&content).is_some())
}

fn old_text(content: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(content).ok()?;
    is_old(text).then_some(text)
}

/// Writes the token beside the settings, and its path into them.
fn write_token(folder: &Path, upgrade: &mut Upgrade, owner: Owner) -> Result<Option<PathBuf>, UpgradeError> {
    let Some(token) = &upgrade.token else {
        return Ok(None);
    };
    let folder = std::path::absolute(folder).map_err(WriteError::io(folder))?;
    let path = folder.join(TOKEN_FILE);
    match std::fs::read_to_string(&path).map(Zeroizing::new) {
        Ok(there) if there.trim_ascii_end() == token.as_str() => {}
        Ok(_) => return Err(UpgradeError::OtherToken(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            replace(&path, token.as_bytes(), 0o640, owner)?;
        }
        Err(error) => return Err(WriteError::Io(path, error).into()),
    }
    let server = upgrade
        .settings
        .entry("server")
        .or_insert_with(|| toml::Value::Table(toml::Table::new()));
    if let Some(server) = server.as_table_mut() {
        let text = path.to_string_lossy().into_owned();
        server.insert("token_file".to_owned(), toml::Value::String(text));
    }
    Ok(Some(path))
}
