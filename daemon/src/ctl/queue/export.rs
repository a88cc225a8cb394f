//! `queue export`: entries with their reports as lines of JSON.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stationd_actors::model::{EntryId, QueueStatus};

use crate::ctl::bar::Bar;
use crate::ctl::context::Context;
use crate::ctl::error::CtlError;
use crate::ctl::output::complain;
use crate::ctl::words::count;

/// Where to.
#[derive(Debug, Args)]
pub struct Arguments {
    /// File to write, which must not exist; `-` is standard output
    file: PathBuf,
}

/// The version of an export.
pub(super) const VERSION: u32 = 1;

/// The first line of an export.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) stationd_queue: u32,
}

/// One page.
#[derive(Debug, Deserialize)]
struct Page {
    entries: Vec<Value>,
    #[serde(default)]
    damaged: Vec<EntryId>,
    next: Option<EntryId>,
}

/// The first line is `{"stationd_queue": 1}`, the kind of file and its version; each further one
/// `{"entry": {…}, "document": "…"}`, as `queue import` reads it. All of it is text, the same on every machine. Members may
/// be added, and are passed over by who does not know them; anything else is a new version, which an older import refuses.
pub(super) fn run(context: &Context, arguments: &Arguments) -> Result<(), CtlError> {
    let file = &arguments.file;
    let failed = |cause| CtlError::Io {
        doing: format!("write {}", file.display()),
        cause,
    };
    let mut client = context.client()?;
    let queue: QueueStatus = client.ask("queue.stats", &json!({}))?;
    let all = queue.ready + queue.leased + queue.dead;
    let mut sink = open(file).map_err(failed)?;
    // Lines on the same terminal would be torn by it.
    let bar = (file != Path::new("-")).then(|| Bar::new(context));
    serde_json::to_writer(
        &mut sink,
        &Head {
            stationd_queue: VERSION,
        },
    )
    .map_err(io::Error::from)
    .and_then(|()| sink.write_all(b"\n"))
    .map_err(failed)?;
    let mut after = None;
    let mut written: u64 = 0;
    let mut damaged = Vec::new();
    loop {
        let page: Page = client.ask("queue.export", &json!({ "after": after, "limit": 1000 }))?;
        for entry in &page.entries {
            serde_json::to_writer(&mut sink, entry)
                .map_err(io::Error::from)
                .and_then(|()| sink.write_all(b"\n"))
                .map_err(failed)?;
            written += 1;
        }
        if let Some(bar) = &bar {
            bar.show(written, all, &format!("{written} of {all} exported"));
        }
        damaged.extend(page.damaged);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    sink.finish().map_err(failed)?;
    drop(bar);
    for entry in &damaged {
        complain(format!(
            "entry {entry} is left out: it is damaged; convert its source file again, see `stationctl replay`"
        ));
    }
    let words = format!("{} exported", count(written, "report", "reports"));
    if file == Path::new("-") {
        complain(words);
        return Ok(());
    }
    context.show(
        &json!({ "exported": written, "damaged": damaged, "file": file }),
        |_| words + "\n",
    )
}

/// Where the lines go.
enum Sink {
    Out(BufWriter<io::Stdout>),
    File(BufWriter<File>),
}

fn open(path: &Path) -> io::Result<Sink> {
    if path == Path::new("-") {
        return Ok(Sink::Out(BufWriter::new(io::stdout())));
    }
    // Reports are nobody else's business.
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    Ok(Sink::File(BufWriter::new(file)))
}

impl Sink {
    fn finish(self) -> io::Result<()> {
        match self {
            Self::Out(mut out) => out.flush(),
            Self::File(file) => file
                .into_inner()
                .map_err(io::IntoInnerError::into_error)?
                .sync_all(),
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Out(out) => out.write_all(bytes),
            Self::File(file) => file.write_all(bytes),
        }?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Out(out) => out.flush(),
            Self::File(file) => file.flush(),
        }
    }
}
