//! Real files, read beside the checkout; their tests state what a person reads in them.

use std::path::PathBuf;

/// A sample's bytes; `None`, said aloud, when the folder is not there.
pub(crate) fn sample(name: &str) -> Option<Vec<u8>> {
    use std::io::Write as _;
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/samples")
        .join(name);
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        writeln!(std::io::stderr(), "skipped: no sample {}", path.display()).unwrap();
    }
    bytes
}
