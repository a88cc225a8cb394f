//! `converter sign`: a signature that `trusted_keys` asks for, as minisign makes it.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::Args;
use minisign::{KeyPair, PError, PublicKey, SecretKey, SecretKeyBox};
use serde_json::json;
use stationd_sandbox::signature_path;
use zeroize::Zeroizing;

use crate::ctl::context::Context;
use crate::ctl::error::CtlError;

/// What to sign, with which key.
#[derive(Debug, Args)]
#[command(
    after_help = "The signature is written beside the program, as PROGRAM.minisig; every change of the program needs a new \
                        one. Keys and signatures are minisign's: a key made by `minisign -G` does as well."
)]
pub struct Arguments {
    /// The program or script; of several Python modules, the zip that `python3 -m zipapp` makes of them
    #[arg(required_unless_present = "new_key")]
    program: Option<PathBuf>,
    /// The secret key, as `minisign -G` makes it
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Make the key first, and FILE.pub with its public half
    #[arg(long)]
    new_key: bool,
    /// File with the key's password [default: ask for it]
    #[arg(long, value_name = "FILE", conflicts_with = "no_password")]
    password_file: Option<PathBuf>,
    /// The new key has no password: keep it where nobody else can read it
    #[arg(long, requires = "new_key")]
    no_password: bool,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> Result<(), CtlError> {
    let key = if arguments.new_key {
        make_key(arguments)?
    } else {
        read_key(arguments)?
    };
    let public = PublicKey::from_secret_key(&key)
        .map_err(minisign_failed("read the key"))?
        .to_base64();
    let signature = match &arguments.program {
        Some(program) => Some(sign(program, &key)?),
        None => None,
    };
    let answer = json!({ "signature": signature, "public_key": public });
    context.show(&answer, |_| {
        let written = signature.map(|path| format!("signed: {}\n", path.display()));
        let setting = format!("for the settings:\n  [sandbox]\n  trusted_keys = [\"{public}\"]\n");
        written.unwrap_or_default() + &setting
    })
}

/// Signs what is read now, and checks nothing: that is what signing means.
fn sign(program: &Path, key: &SecretKey) -> Result<PathBuf, CtlError> {
    let file = File::open(program).map_err(|cause| CtlError::Input {
        path: program.to_owned(),
        cause,
    })?;
    let name = program.file_name().unwrap_or_default().to_string_lossy();
    let now = stationd_actors::clock::now().0 / 1000;
    let comment = format!("timestamp:{now}\tfile:{name}");
    let signature = minisign::sign(None, key, file, Some(&comment), None).map_err(minisign_failed("sign"))?;
    let path = signature_path(program);
    std::fs::write(&path, signature.to_string()).map_err(failed("write the signature"))?;
    Ok(path)
}

fn read_key(arguments: &Arguments) -> Result<SecretKey, CtlError> {
    let text = std::fs::read_to_string(&arguments.key).map(Zeroizing::new);
    let text = text.map_err(|cause| CtlError::Input {
        path: arguments.key.clone(),
        cause,
    })?;
    let not_valid = |error: PError| CtlError::NotValid {
        path: arguments.key.clone(),
        what: format!("as a secret key of minisign: {error}"),
    };
    let key = || SecretKeyBox::from_string(&text).map_err(not_valid);
    match key()?.into_unencrypted_secret_key() {
        // The crate has no kind of its own for it; whoever has no key need not be asked for its password.
        Err(error) if error.to_string().contains("encrypted") => {
            key()?.into_secret_key(password(arguments)?).map_err(not_valid)
        }
        unencrypted => unencrypted.map_err(not_valid),
    }
}

/// Makes a key that is not there yet.
fn make_key(arguments: &Arguments) -> Result<SecretKey, CtlError> {
    let made = if arguments.no_password {
        KeyPair::generate_unencrypted_keypair()
    } else {
        KeyPair::generate_encrypted_keypair(password(arguments)?)
    };
    let KeyPair { pk, sk } = made.map_err(minisign_failed("make a key"))?;
    let boxed = sk.to_box(Some("stationd converter signing key"));
    let secret = Zeroizing::new(boxed.map_err(minisign_failed("make a key"))?.into_string());
    let public = pk.to_box().map_err(minisign_failed("make a key"))?.into_string();
    write_new(&arguments.key, &secret, 0o600)?;
    let mut name = arguments.key.clone().into_os_string();
    name.push(".pub");
    write_new(Path::new(&name), &public, 0o644)?;
    // As it is in the file, so that what signs now is what signs later.
    read_key(arguments)
}

/// The password in its file; none has it asked for at the terminal.
fn password(arguments: &Arguments) -> Result<Option<String>, CtlError> {
    let Some(path) = &arguments.password_file else {
        return has_terminal(arguments).map(|()| None);
    };
    let text = std::fs::read_to_string(path).map_err(|cause| CtlError::Input {
        path: path.clone(),
        cause,
    })?;
    Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Whoever asks later would say of the lack of one only that there is no such device.
fn has_terminal(arguments: &Arguments) -> Result<(), CtlError> {
    let Err(cause) = File::options().read(true).write(true).open("/dev/tty") else {
        return Ok(());
    };
    let without = if arguments.new_key {
        ", or make a key that has none with --no-password"
    } else {
        ""
    };
    Err(CtlError::Usage(format!(
        "no terminal to ask for the password at (/dev/tty: {cause}): name its file with --password-file{without}"
    )))
}

fn write_new(path: &Path, text: &str, mode: u32) -> Result<(), CtlError> {
    let mut options = File::options();
    let opened = options.write(true).create_new(true).mode(mode).open(path);
    opened
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(failed(&format!("write {}", path.display())))
}

fn failed(doing: &str) -> impl FnOnce(io::Error) -> CtlError {
    let doing = doing.to_owned();
    move |cause| CtlError::Io { doing, cause }
}

fn minisign_failed(doing: &str) -> impl FnOnce(PError) -> CtlError {
    let failed = failed(doing);
    move |error| failed(io::Error::other(error.to_string()))
}
