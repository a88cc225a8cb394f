//! `manual`: the manual pages of both programs, made of what they say about themselves.

use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory as _};
use clap_mangen::roff::{Inline, Roff, bold, roman};
use serde_json::json;

use super::arguments;
use super::context::Context;
use super::error::CtlError;
use crate::arguments::HELP;

/// Where they go.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Folder for stationd.8, stationctl.1 and a page for each command; it is made
    folder: PathBuf,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> Result<(), CtlError> {
    let folder = &arguments.folder;
    let failed = |cause| CtlError::Io {
        doing: format!("write manual pages to {}", folder.display()),
        cause,
    };
    std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(arguments::Arguments::command(), folder))
        .and_then(|()| write_daemon_page(folder))
        .map_err(failed)?;
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .map_err(failed)?
        .filter_map(Result::ok)
        .map(|page| page.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    context.show(&json!({ "folder": folder, "pages": names }), |_| {
        format!("{} pages in {}\n", names.len(), folder.display())
    })
}

/// `stationd.8`: the daemon reads its few arguments itself, so its page is its own help with what belongs to it.
fn write_daemon_page(folder: &Path) -> io::Result<()> {
    let mut page = Roff::new();
    let version = concat!("stationd ", env!("CARGO_PKG_VERSION"));
    page.control("TH", ["stationd", "8", "", version]);
    section(
        &mut page,
        "NAME",
        vec![roman("stationd - test station report daemon")],
    );
    page.control("SH", ["DESCRIPTION"]);
    page.control("nf", []);
    for line in HELP.lines() {
        page.text([roman(line)]);
    }
    page.control("fi", []);
    page.control("SH", ["FILES"]);
    for (file, what) in [
        (
            "/etc/stationd/stationd.toml",
            "settings; files in stationd.toml.d/ beside it are read after it",
        ),
        (
            "/var/lib/stationd",
            "queue, spool, archive, and the secret of the control socket",
        ),
        (
            "/run/stationd/control.sock",
            "control socket, for root and the group stationd",
        ),
    ] {
        page.control("TP", []);
        page.text([bold(file)]);
        page.text([roman(what)]);
    }
    let also = vec![
        bold("stationctl"),
        roman("(1), "),
        bold("journalctl"),
        roman("(1)"),
    ];
    section(&mut page, "SEE ALSO", also);
    std::fs::write(folder.join("stationd.8"), page.render())
}

fn section(page: &mut Roff, title: &str, words: Vec<Inline>) {
    page.control("SH", [title]);
    page.text(words);
}
