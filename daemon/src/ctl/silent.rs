//! Folders and programs that give no answer. Whoever looks at one on a share that hangs waits with it, so nothing else is to
//! look at those.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use std::{fmt, fs, thread};

use stationd_actors::converter::ConverterSettings;
use stationd_actors::model::Shown;

use crate::settings::Settings;

/// How long all of them may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Something that gives no answer.
#[derive(Debug)]
pub(super) struct Silent {
    /// Whose it is, in words.
    whose: String,
    path: PathBuf,
}

impl fmt::Display for Silent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whose, path) = (&self.whose, Shown(&self.path));
        let seconds = PATIENCE.as_secs();
        write!(
            f,
            "{whose}: {path} gives no answer within {seconds} s: its share or disk hangs"
        )
    }
}

/// Looks whether a folder answers.
pub(super) fn look(whose: &str, folder: &Path) -> Option<Silent> {
    let unanswered = unanswered([folder.to_owned()].into(), touch);
    let silent = |path| Silent {
        whose: whose.to_owned(),
        path,
    };
    unanswered.into_iter().map(silent).next()
}

/// Takes the converters of which something is silent out of the settings.
pub(super) fn leave_out(settings: &mut Settings) -> Vec<Silent> {
    let all = settings.converters.iter().flat_map(paths).collect();
    let unanswered = unanswered(all, touch);
    let mut silent = Vec::new();
    settings.keep_converters(|converter| {
        let Some(path) = paths(converter).find(|path| unanswered.contains(path)) else {
            return true;
        };
        let whose = format!("converter {}", converter.name);
        silent.push(Silent { whose, path });
        false
    });
    silent
}

fn touch(path: &Path) {
    // Whatever it answers.
    drop(fs::metadata(path));
}

fn paths(converter: &ConverterSettings) -> impl Iterator<Item = PathBuf> {
    let external = converter.program.external();
    let program = external.map(|external| external.file.as_path());
    converter.folders().into_iter().chain(program).map(Path::to_owned)
}

/// Those at which a look does not end in time. The looks go on, and end with the process.
fn unanswered(mut paths: BTreeSet<PathBuf>, look: fn(&Path)) -> BTreeSet<PathBuf> {
    let until = Instant::now() + PATIENCE;
    let (answered, answers) = mpsc::channel();
    for path in paths.clone() {
        let answered = answered.clone();
        let look = move || {
            look(&path);
            // Nobody listens any more when the time is up.
            answered.send(path).unwrap_or_default();
        };
        thread::spawn(look);
    }
    drop(answered);
    while let Ok(path) = answers.recv_timeout(until.saturating_duration_since(Instant::now())) {
        paths.remove(&path);
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_answer_is_named_and_holds_up_no_other() {
        let look = |path: &Path| {
            while path.ends_with("hangs") {
                thread::park();
            }
        };
        let paths = ["/a", "/hangs", "/b"].map(PathBuf::from);
        let unanswered = unanswered(paths.into(), look);
        assert_eq!(unanswered.into_iter().collect::<Vec<_>>(), [Path::new("/hangs")]);
    }
}
