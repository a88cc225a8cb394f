//! Puts upgraded settings in the place of the old ones.

use std::fs::{File, Metadata, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use nix::unistd::{Group, Uid};
use zeroize::Zeroizing;

use super::UpgradeError;
use super::convert::{Upgrade, convert, is_old};
use super::lock::lock;

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
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let _lock = lock(folder)?;
    let text = Zeroizing::new(std::fs::read_to_string(file).map_err(UpgradeError::io(file))?);
    if !is_old(&text) {
        return Ok(None);
    }
    let mut upgrade = convert(&text)?;
    let before = std::fs::metadata(file).map_err(UpgradeError::io(file))?;
    let owner = Owner::like(&before);
    let token_file = write_token(folder, &mut upgrade, owner)?;
    let backup = with_suffix(file, ".bak");
    // The old file may hold the token and a proxy's password; in the new one only the latter is left.
    let everybody = before.mode() & 0o777;
    let few = everybody & 0o640;
    replace(&backup, &text, few, owner)?;
    let header = "# Upgraded from the settings of the vendor's client, which are in the file of this name with .bak.\n";
    let settings = Zeroizing::new(format!("{header}{}", upgrade.settings));
    let mode = if upgrade.has_password() { few } else { everybody };
    replace(file, &settings, mode, owner)?;
    Ok(Some(Written {
        backup,
        token_file,
        without_counterpart: upgrade.without_counterpart,
    }))
}

/// `file` with `suffix` behind its whole name.
pub(in crate::settings) fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Writes the token beside the settings, and its path into them.
fn write_token(folder: &Path, upgrade: &mut Upgrade, owner: Owner) -> Result<Option<PathBuf>, UpgradeError> {
    let Some(token) = &upgrade.token else {
        return Ok(None);
    };
    let folder = std::path::absolute(folder).map_err(UpgradeError::io(folder))?;
    let path = folder.join(TOKEN_FILE);
    match std::fs::read_to_string(&path).map(Zeroizing::new) {
        Ok(there) if there.trim_ascii_end() == token.as_str() => {}
        Ok(_) => return Err(UpgradeError::OtherToken(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => replace(&path, token, 0o640, owner)?,
        Err(error) => return Err(UpgradeError::Io(path, error)),
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

/// Whom the new files belong to.
#[derive(Debug, Clone, Copy)]
struct Owner {
    uid: u32,
    gid: u32,
}

impl Owner {
    /// Like the old settings; where they are root's alone, for the daemon's group to read.
    fn like(before: &Metadata) -> Self {
        let group = Group::from_name("stationd").ok().flatten();
        let gid = match group {
            Some(group) if before.gid() == 0 && Uid::effective().is_root() => group.gid.as_raw(),
            _ => before.gid(),
        };
        Self {
            uid: before.uid(),
            gid,
        }
    }
}

/// Writes a file so that it is there whole or not at all.
fn replace(path: &Path, text: &str, mode: u32, owner: Owner) -> Result<(), UpgradeError> {
    write_whole(path, text, mode, owner).map_err(UpgradeError::io(path))
}

fn write_whole(path: &Path, text: &str, mode: u32, owner: Owner) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let mut draft = tempfile::Builder::new()
        .prefix(".stationd-")
        .permissions(Permissions::from_mode(0o600))
        .tempfile_in(folder)?;
    let now = draft.as_file().metadata()?;
    if (now.uid(), now.gid()) != (owner.uid, owner.gid) {
        fchown(draft.as_file(), Some(owner.uid), Some(owner.gid))?;
    }
    draft.as_file().set_permissions(Permissions::from_mode(mode))?;
    draft.write_all(text.as_bytes())?;
    draft.as_file().sync_all()?;
    draft.persist(path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}
