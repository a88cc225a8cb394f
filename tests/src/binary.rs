//! Where the built binaries are.

use std::path::PathBuf;

/// The built `stationd`.
pub fn stationd() -> PathBuf {
    built("stationd")
}

/// The built `stationctl`.
pub fn stationctl() -> PathBuf {
    built("stationctl")
}

/// The binary beside the running test (`target/debug/deps/…` → `target/debug/NAME`).
///
/// `cargo test --workspace` builds it, because the daemon's own package has integration tests.
///
/// # Panics
/// When it is not there, with the command that builds it.
fn built(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the kernel knows the path of the running test");
    let path = test
        .ancestors()
        .nth(2)
        .expect("tests run from target/PROFILE/deps")
        .join(name);
    assert!(
        path.exists(),
        "{} is not built: run `cargo build --workspace --bins`",
        path.display()
    );
    path
}
