//! The status screen while the daemon does not answer: what the settings and the folders tell.

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use stationd_actors::clock;
use stationd_actors::model::UnixMs;
use stationd_actors::uploader::Server;
use stationd_actors::watcher::{FolderSettings, Unit};

use crate::ctl::config;
use crate::ctl::context::Context;
use crate::ctl::output::Tone;
use crate::ctl::table::{Align, Table, wrap};
use crate::ctl::words::span;
use crate::settings::Settings;

/// Columns of the names at the left.
const LABEL: usize = 10;

pub(super) fn render(context: &Context) -> String {
    let output = context.output;
    let title = output.paint(Tone::Strong, "stationd does not answer");
    let mut text = format!(
        "{title}: {}\n\n",
        output.paint(Tone::Bad, "nothing is taken up or sent, nothing is lost")
    );
    let settings = match config::load(context) {
        Ok(settings) => settings,
        Err(_faults) => {
            let file = config::file(context);
            let words = match File::open(&file).map_err(|error| error.kind()) {
                Ok(_) => "cannot be used; every fault with its line: stationctl config check".to_owned(),
                Err(ErrorKind::NotFound) => {
                    format!("there is no {}; name another file with --config", file.display())
                }
                Err(kind) => format!("cannot be read: {}: {kind}", file.display()),
            };
            let words = wrap(&words, output.width(), LABEL);
            return text + &format!("{:<LABEL$}{words}\n", "settings");
        }
    };
    let server = match &settings.uploader.server {
        Server::Wats(server) => server.url.clone(),
        Server::Directory(folder) => folder.display().to_string(),
    };
    for (name, words) in [
        ("settings", "valid".to_owned()),
        ("server", server),
        (
            "queue",
            format!(
                "what was accepted is safe in {}, and is sent after the next start",
                settings.state_dir.display()
            ),
        ),
    ] {
        text.push_str(&output.paint(Tone::Faint, &format!("{name:<LABEL$}")));
        text.extend([wrap(&words, output.width(), LABEL).as_str(), "\n"]);
    }
    text + "\n" + &folders(&settings).render(output)
}

fn folders(settings: &Settings) -> Table<4> {
    let mut table = Table::new([
        ("converter", Align::Cut),
        ("waiting", Align::Right),
        ("oldest", Align::Right),
        ("drop folder", Align::Cut),
    ]);
    for folder in &settings.folders {
        let (waiting, oldest) = match look(folder) {
            Ok((0, _)) => ("0".to_owned(), String::new()),
            Ok((waiting, age_s)) => (waiting.to_string(), span(age_s)),
            Err(_) => ("?".to_owned(), String::new()),
        };
        let path = folder.drop_dir.display();
        table.row([
            (&folder.converter).into(),
            waiting.into(),
            oldest.into(),
            path.into(),
        ]);
    }
    table
}

/// How many names in the folder itself fit the converter, and the age of the oldest in seconds.
fn look(folder: &FolderSettings) -> std::io::Result<(u64, u64)> {
    let mut found = (0, 0);
    for entry in std::fs::read_dir(&folder.drop_dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let fits = |name: &Path| folder.patterns.is_match(name) && !folder.ignore.is_match(name);
        let is_taken = match folder.unit {
            Unit::Folder { .. } => entry.file_type()?.is_dir(),
            Unit::File | Unit::Pair => entry.file_type()?.is_file(),
        };
        if is_taken && fits(Path::new(&name)) && !folder.excluded.contains(&entry.path()) {
            let changed = UnixMs(entry.metadata()?.mtime().saturating_mul(1000));
            let age_s = clock::now().since(changed).as_secs();
            found = (found.0 + 1, found.1.max(age_s));
        }
    }
    Ok(found)
}
