//! Before the roles start, and when the settings are read again.

use crate::causes::joined;
use crate::exit::Exit;
use crate::journal;
use crate::settings::upgrade::{UpgradeError, Written, is_old_file, upgrade_file};
use crate::settings::{Changes, LoadOptions, LogSettings, Settings, compare, load, repair_file};

/// Reads the settings and opens the journal. Settings of schema 1.0 are upgraded in their place, and a damaged file gives
/// its place to its backup.
///
/// # Errors
///
/// With the exit status, when the settings cannot be used (78); the journal then says why.
pub(crate) fn prepare(options: &LoadOptions) -> Result<Settings, Exit> {
    let options = LoadOptions {
        use_backup: true,
        ..options.clone()
    };
    // A file that cannot be upgraded in its place, as on a read-only disk, is upgraded in memory by `load`.
    let mut upgraded = upgrade(&options);
    let mut loaded = load(&options);
    // Only a backup with which the daemon can start takes the place of the file.
    let backup = loaded.as_mut().ok().and_then(|settings| settings.backup.take());
    let repaired = backup.map(|backup| (repair_file(options.path()), backup));
    if matches!(repaired, Some((Ok(_), _))) {
        upgraded = upgrade(&options);
        loaded = load(&options);
    }
    let log = loaded.as_ref().map(|settings| settings.log.clone());
    journal::open(&log.unwrap_or_else(|_| LogSettings::default()));
    match &repaired {
        Some((Ok(Some(repaired)), _)) => journal::settings_repaired(options.path(), repaired),
        Some((Err(error), backup)) => journal::backup_used(options.path(), backup, error),
        // Somebody else has repaired it in between.
        Some((Ok(None), _)) | None => {}
    }
    if let Some(upgraded) = upgraded {
        say_upgraded(&options, upgraded);
    }
    let settings = loaded.map_err(|faults| {
        faults.iter().for_each(journal::settings_fault);
        Exit::Settings
    })?;
    settings.warnings.iter().for_each(journal::settings_warning);
    Ok(settings)
}

fn upgrade(options: &LoadOptions) -> Option<Result<Option<Written>, UpgradeError>> {
    options.path().exists().then(|| upgrade_file(options.path()))
}

/// Makes the folders that the roles need, before each of their starts: a reload may name others.
///
/// # Errors
///
/// When the state folder cannot be made or written, in words; the journal then says so.
pub(crate) fn make_folders(settings: &Settings) -> Result<(), String> {
    settings.make_state_dir().map_err(|error| {
        journal::no_state_dir(&settings.state_dir, &error);
        let shown = settings.state_dir.display();
        format!("state_dir: {shown} cannot be made or written: {error}")
    })?;
    settings.make_order_folders();
    Ok(())
}

fn say_upgraded(options: &LoadOptions, upgraded: Result<Option<Written>, UpgradeError>) {
    match upgraded {
        Ok(None) => {}
        Ok(Some(written)) => journal::settings_upgraded(options.path(), &written),
        Err(error) => {
            // What cannot be read at all is said as a fault by `load`.
            let unwritten = !matches!(
                error,
                UpgradeError::Json(_) | UpgradeError::Newer(_) | UpgradeError::Nothing
            );
            if unwritten && is_old_file(options.path()) {
                journal::settings_not_upgraded(options.path(), &joined(&error));
            }
        }
    }
}

/// Reads the settings again. A set with a fault is refused, and the old one stays in force. So is one for which the roles
/// would stop, and then not start for want of their folders.
///
/// The journal's form and level are set here; what else changed is for the caller, by [`Changes::restart`].
///
/// # Errors
///
/// With every fault of the new settings, or the state folder's, in words.
pub(crate) fn reload(options: &LoadOptions, old: &Settings) -> Result<(Settings, Changes), String> {
    let new = load(options).map_err(|faults| {
        faults.iter().for_each(journal::settings_fault);
        journal::settings_kept(faults.iter().count());
        faults.to_string()
    })?;
    let changes = compare(old, &new);
    if !changes.restart.is_empty() {
        make_folders(&new).inspect_err(|_told| journal::settings_kept(1))?;
    }
    new.warnings.iter().for_each(journal::settings_warning);
    journal::open(&new.log);
    journal::settings_reloaded(&changes);
    Ok((new, changes))
}
