//! Do the folders and programs of the converters answer? Whoever looks at one on a share that hangs waits with it, so no
//! other check looks at those converters.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use stationd_actors::converter::ConverterSettings;

use super::{Finding, converters};
use crate::settings::Settings;

const CHECK: &str = "folders";

/// How long all of them may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Takes the converters that do not answer out of the settings, and says so of each.
pub(super) fn leave_out_silent(settings: &mut Settings) -> Vec<Finding> {
    let all = settings.converters.iter().flat_map(paths).collect();
    let silent = silent(all, |path| drop(fs::metadata(path)));
    let mut findings = Vec::new();
    settings.keep_converters(|converter| {
        let found = paths(converter).find(|path| silent.contains(path));
        findings.extend(found.as_deref().map(|path| finding(&converter.name, path)));
        found.is_none()
    });
    findings
}

fn paths(converter: &ConverterSettings) -> impl Iterator<Item = PathBuf> {
    let folders = [
        &converter.drop_dir,
        &converter.done_dir,
        &converter.error_dir,
        &converter.pending_dir,
    ];
    let program = converters::program(&converter.program);
    let folders = folders.into_iter().map(PathBuf::as_path);
    folders.chain(program).map(Path::to_owned)
}

/// Those at which a look does not end in time. The looks go on, and end with the process.
fn silent(mut paths: BTreeSet<PathBuf>, look: fn(&Path)) -> BTreeSet<PathBuf> {
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

fn finding(converter: &str, path: &Path) -> Finding {
    let words = format!(
        "converter {converter}: {} gives no answer within {} s: its share or disk hangs",
        path.display(),
        PATIENCE.as_secs()
    );
    let remedy =
        "see whether the server behind it answers, findmnt names it; the converter goes on by itself";
    Finding::failure(CHECK, words, remedy)
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
        let silent = silent(paths.into(), look);
        assert_eq!(silent.into_iter().collect::<Vec<_>>(), [Path::new("/hangs")]);
    }
}
