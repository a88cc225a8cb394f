//! Real tester files, kept beside the project and never copied into it.

use std::path::{Path, PathBuf};

/// The folder `../shared` beside the checkout; none, with a line that says so, when it is absent.
pub fn samples_dir() -> Option<PathBuf> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let found = shared.canonicalize().ok();
    if found.is_none() {
        crate::skipped(&format!("no sample files at {}", shared.display()));
    }
    found
}

/// The bytes of a sample, by its path below `../shared`; none, with a line that says so, when the folder is absent.
///
/// # Panics
/// When the folder is there and the sample is not: then the test names a wrong file.
pub fn sample(path: &str) -> Option<Vec<u8>> {
    let file = samples_dir()?.join(path);
    Some(std::fs::read(&file).unwrap_or_else(|error| panic_missing(&file, &error)))
}

#[expect(clippy::panic, reason = "a test names a sample that does not exist")]
fn panic_missing(file: &Path, error: &std::io::Error) -> Vec<u8> {
    panic!("no sample {}: {error}", file.display())
}
