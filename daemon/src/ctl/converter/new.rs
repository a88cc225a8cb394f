//! `converter new`: a converter to begin with.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::ctl::context::Context;
use crate::ctl::error::CtlError;

/// Name and language.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Its name: a-z, 0-9 and -
    #[arg(value_parser = name)]
    name: String,
    /// What it is written in
    #[arg(long, value_enum, default_value_t = Language::Python)]
    language: Language,
    /// Folder for it [default: one of its name, here]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Language {
    C,
    Python,
    Shell,
}

impl Language {
    fn source(self) -> &'static str {
        match self {
            Self::C => include_str!("templates/voltage.c"),
            Self::Python => include_str!("templates/voltage.py"),
            Self::Shell => include_str!("templates/voltage.sh"),
        }
    }

    /// A file for it.
    fn sample(self) -> &'static str {
        match self {
            Self::C | Self::Python => "SN1001 5.02\n",
            Self::Shell => "SN1001 P\n",
        }
    }

    fn extension(self) -> &'static str {
        match self {
            Self::C => ".c",
            Self::Python => ".py",
            Self::Shell => ".sh",
        }
    }

    /// What `command` names: the compiled program, for a language that is compiled.
    fn program_extension(self) -> &'static str {
        if self == Self::C { "" } else { self.extension() }
    }

    fn kind(self) -> &'static str {
        if self == Self::Python { "python" } else { "exec" }
    }
}

/// The name of a converter in the settings, and of its files.
fn name(text: &str) -> Result<String, &'static str> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=64).contains(&text.len()) && text.bytes().all(fits) && !text.starts_with('-') {
        Ok(text.to_owned())
    } else {
        Err("1 to 64 of the characters a-z, 0-9 and -")
    }
}

/// Nothing that is there is overwritten.
pub(super) fn run(context: &Context, arguments: &Arguments) -> Result<(), CtlError> {
    let Arguments { name, language, dir } = arguments;
    let dir = dir.clone().unwrap_or_else(|| PathBuf::from(name));
    let failed = |doing: String| move |cause| CtlError::Io { doing, cause };
    std::fs::create_dir_all(dir.join("drop")).map_err(failed(format!("make {}", dir.display())))?;
    let dir = dir
        .canonicalize()
        .map_err(failed(format!("use {}", dir.display())))?;
    let source = language.source().replace("voltage", name);
    let files = [
        (format!("{name}{}", language.extension()), source, 0o755),
        (format!("{name}.txt"), language.sample().to_owned(), 0o644),
        (format!("{name}.toml"), settings(&dir, name, *language), 0o644),
    ];
    let mut written = Vec::new();
    for (file, content, mode) in files {
        let path = dir.join(file);
        let mut options = File::options();
        let made = options.write(true).create_new(true).mode(mode).open(&path);
        made.and_then(|mut file| file.write_all(content.as_bytes()))
            .map_err(failed(format!("write {}", path.display())))?;
        written.push(path);
    }
    context.show(&json!({ "written": written }), |_| {
        next_steps(&dir, name, *language)
    })
}

fn settings(dir: &Path, name: &str, language: Language) -> String {
    let path = |file: &str| toml_string(&dir.join(file));
    format!(
        "# To try it out, without a daemon. For the station, the table [[converter]] alone goes into\n\
         # /etc/stationd/stationd.toml.d/{name}.toml, with its own folders.\n\
         schema_version = \"2.0\"\n\
         state_dir = {state}\n\n\
         [server]\n\
         directory = {reports}\n\n\
         [[converter]]\n\
         name = \"{name}\"\n\
         kind = \"{kind}\"\n\
         command = [{program}]\n\
         drop_dir = {drop}\n\
         patterns = [\"*.txt\"]\n",
        state = path("state"),
        reports = path("state/reports"),
        kind = language.kind(),
        program = path(&format!("{name}{}", language.program_extension())),
        drop = path("drop"),
    )
}

/// A path as a TOML string.
fn toml_string(path: &Path) -> String {
    toml::Value::String(path.display().to_string()).to_string()
}

fn next_steps(dir: &Path, name: &str, language: Language) -> String {
    let dir = dir.display();
    let compile = if language == Language::C {
        format!("compile it:  cc -O2 -o {dir}/{name} {dir}/{name}.c\n")
    } else {
        String::new()
    };
    format!(
        "written: {dir}/{name}{}, {name}.txt, {name}.toml\n{compile}\
         check it:    stationctl --config {dir}/{name}.toml converter check {name}\n\
         try it:      stationctl --config {dir}/{name}.toml converter test {name} {dir}/{name}.txt\n",
        language.extension()
    )
}
