//! Asks before something is lost.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use super::error::CtlError;

/// Goes on if `yes` was said on the command line, or is typed now.
///
/// # Errors
/// When it was not confirmed, or there is no terminal to ask on.
pub(super) fn confirm(yes: bool, what: &str) -> Result<(), CtlError> {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(CtlError::Unconfirmed);
    }
    let asked = write!(io::stderr().lock(), "{what}? [y/N] ");
    let mut answer = String::new();
    asked
        .and_then(|()| io::stdin().lock().read_line(&mut answer))
        .map_err(|cause| CtlError::Io {
            doing: "ask".to_owned(),
            cause,
        })?;
    if matches!(answer.trim(), "y" | "Y" | "yes") {
        Ok(())
    } else {
        Err(CtlError::Unconfirmed)
    }
}
