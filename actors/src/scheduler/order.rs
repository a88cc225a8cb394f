//! An order: the file that starts a run. Blocking.
//!
//! It is dropped like a tester's file, so that the run is converted, queued, tried again and traced as any other; one
//! that a power cut or a pause left is carried out later. It is a JSON object: `due` (RFC 3339, UTC), `since` (the
//! moment of the last run that ended well, or null), `folder` (the place to fetch from, or null).
//!
//! Beside the folder of the orders, `last.json` holds the last order's name and what it said, version 1.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::ScheduleSettings;
use crate::model::{OWN_PREFIX, UnixMs};

/// The version of `last.json` that is written; another one counts as none.
const VERSION: u32 = 1;
/// The file with the last order.
const LAST: &str = "last.json";

/// What an order says.
#[derive(Debug, Serialize)]
struct Order {
    due: String,
    since: Option<String>,
    folder: Option<String>,
}

/// The last order, as it is kept over a restart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Last {
    version: u32,
    /// Name of the order's file.
    pub(super) file: String,
    /// When it was due.
    pub(super) due: UnixMs,
    /// What it gave as the moment of the last run that ended well.
    pub(super) since: Option<UnixMs>,
}

/// Whether an order still waits, in the drop folder or for another try.
pub(super) fn waits(settings: &ScheduleSettings) -> io::Result<bool> {
    for folder in [&settings.orders(), &settings.pending_dir] {
        match std::fs::read_dir(folder) {
            Ok(entries) => {
                for entry in entries {
                    // What a crash left of an order is none.
                    if !entry?
                        .file_name()
                        .as_encoded_bytes()
                        .starts_with(OWN_PREFIX.as_bytes())
                    {
                        return Ok(true);
                    }
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

/// The last order; none when there was none, or nobody can read it any more.
pub(super) fn last(settings: &ScheduleSettings) -> Option<Last> {
    let text = std::fs::read_to_string(settings.dir.join(LAST)).ok()?;
    let last: Last = serde_json::from_str(&text).ok()?;
    (last.version == VERSION).then_some(last)
}

/// Drops an order.
///
/// # Errors
/// When it cannot be written; there is none then.
pub(super) fn drop_order(
    settings: &ScheduleSettings,
    due: UnixMs,
    since: Option<UnixMs>,
) -> io::Result<PathBuf> {
    let orders = settings.orders();
    DirBuilder::new().recursive(true).create(&orders)?;
    let order = Order {
        due: due.to_string(),
        since: since.map(|since| since.to_string()),
        folder: Some(settings.place.display().to_string()).filter(|folder| !folder.is_empty()),
    };
    let file = format!("{}.json", name(due));
    let path = orders.join(&file);
    write(&path, &order)?;
    let last = Last {
        version: VERSION,
        file,
        due,
        since,
    };
    write(&settings.dir.join(LAST), &last)?;
    Ok(path)
}

/// `20261121T030000.000Z`: in the order of time, and without characters that a shell or a share minds.
fn name(due: UnixMs) -> String {
    due.to_string().replace(['-', ':'], "")
}

/// Writes a file beside its place, syncs it, and gives it its name.
fn write(path: &Path, what: &impl Serialize) -> io::Result<()> {
    let part = path.with_file_name(format!("{OWN_PREFIX}order.part"));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(&part)?;
    let mut text = serde_json::to_vec(what)?;
    text.push(b'\n');
    file.write_all(&text)?;
    file.sync_all()?;
    std::fs::rename(&part, path)?;
    File::open(path.parent().unwrap_or(Path::new("/")))?.sync_all()
}
