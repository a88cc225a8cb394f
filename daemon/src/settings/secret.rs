//! Secrets: the server's token, and the mode of files that hold one.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::environment::Environment;
use super::reader::Findings;
use super::{Account, Origin, Problem};

/// The variable with the token.
pub(super) const TOKEN_VARIABLE: &str = "STATIOND_SERVER__TOKEN";

/// The credential with the token.
const TOKEN_CREDENTIAL: &str = "wats-token";

/// The setting that tokens are shown under.
const TOKEN_KEY: &str = "server.token_file";

/// Longest token, in bytes; anything longer is not a token but the wrong file.
const LONGEST_TOKEN: usize = 4096;

/// The token from the first of: `token_file`, the credential, the variable.
///
/// Without one a warning is left: the test receiver asks for none, a WATS server does.
pub(super) fn server_token(
    token_file: &Path,
    environment: &Environment,
    findings: &mut Findings,
) -> Option<Zeroizing<String>> {
    let credential = environment
        .credentials_directory()
        .map(|folder| folder.join(TOKEN_CREDENTIAL));
    let (text, origin) = if !token_file.as_os_str().is_empty() {
        check_file(TOKEN_KEY, token_file, findings)?;
        (
            read_file(token_file, findings)?,
            Origin::Named(Arc::from(token_file)),
        )
    } else if let Some(path) = credential.filter(|path| is_filled(path)) {
        (
            read_file(&path, findings)?,
            Origin::Credential(TOKEN_CREDENTIAL.to_owned()),
        )
    } else if let Some(token) = environment.token() {
        findings.warn(
            TOKEN_VARIABLE,
            "the token stands in the environment, where other programs of this user can read it; \
             use server.token_file or the credential wats-token",
        );
        (token.clone(), Origin::Variable(TOKEN_VARIABLE.to_owned()))
    } else if let Some(old) = findings.old_token.take() {
        old
    } else {
        findings.warn(
            "server",
            "there is no token; a WATS server refuses uploads without one",
        );
        return None;
    };
    let token = text.trim_ascii_end();
    if token.is_empty() || token.len() > LONGEST_TOKEN || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        let allowed = "one line of 1 to 4096 printable ASCII characters without spaces";
        findings.places.insert(TOKEN_KEY.to_owned(), origin);
        findings.fault(TOKEN_KEY, Problem::value("another content (hidden)", allowed));
        return None;
    }
    findings.token_origin = Some(origin);
    Some(Zeroizing::new(token.to_owned()))
}

/// A file with a secret must be a regular one that not everybody can read. `key` names its setting.
pub(super) fn check_file(key: &str, path: &Path, findings: &mut Findings) -> Option<()> {
    match open(path) {
        Err(error) => {
            let problem = unreadable(path, &error, findings.daemon.as_ref());
            findings.fault(key, problem);
        }
        Ok((_, metadata)) if !metadata.is_file() => {
            findings.fault(key, Problem::value("no regular file", "a regular file"));
        }
        Ok((_, metadata)) if metadata.mode() & 0o007 != 0 => {
            let found = format!("{} with mode {:04o}", path.display(), metadata.mode() & 0o7777);
            let allowed = format!("a file that others cannot read (chmod o= {})", path.display());
            findings.fault(key, Problem::value(found, allowed));
        }
        Ok(_) => return Some(()),
    }
    None
}

/// Why `path` cannot be read, and which group would have to be let in: that of the `daemon`, else of this process.
pub(super) fn unreadable(path: &Path, error: &io::Error, daemon: Option<&Account>) -> Problem {
    let shown = path.display();
    if error.kind() != io::ErrorKind::PermissionDenied {
        return Problem::Conflict(format!("cannot read {shown}: {error}").into());
    }
    let caller = Account::of_caller();
    let user = caller.user_name();
    let group = daemon.unwrap_or(&caller).group_name();
    Problem::Conflict(
        format!(
            "user {user} may not read {shown}: {error}; let its group: chgrp {group} {shown} && chmod 0640 {shown}"
        )
        .into(),
    )
}

/// The unit gives a lone newline where there is no file yet.
fn is_filled(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.len() > 1)
}

/// Opens without waiting for a writer, should it be a FIFO.
fn open(path: &Path) -> io::Result<(File, Metadata)> {
    let file = File::options()
        .read(true)
        .custom_flags(nix::libc::O_NONBLOCK)
        .open(path)?;
    let metadata = file.metadata()?;
    Ok((file, metadata))
}

fn read_file(path: &Path, findings: &mut Findings) -> Option<Zeroizing<String>> {
    // Room for everything at once: a growing buffer would leave copies of the secret behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST_TOKEN + 2));
    let read = open(path).and_then(|(file, _)| {
        let limit = u64::try_from(LONGEST_TOKEN + 2).unwrap_or(u64::MAX);
        file.take(limit).read_to_end(&mut bytes)
    });
    match read {
        Err(error) => {
            let problem = unreadable(path, &error, findings.daemon.as_ref());
            findings.fault(TOKEN_KEY, problem);
            None
        }
        // Bytes that are no UTF-8 become characters that the check of the token refuses.
        Ok(_) => Some(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned())),
    }
}
