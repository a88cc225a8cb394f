//! The course of the demo.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{Receiver as Lines, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use super::compare::differences;
use super::error::DemoError;
use super::samples::{SAMPLES, Sample};
use super::scene::Scene;
use super::story::Story;
use super::table::{self, Row};
use crate::causes::joined;
use crate::exit::Exit;
use crate::offline::complain;
use crate::receiver::{Receiver, ReceiverSettings, ReceiverTls};

/// Longest time the daemon may take for the few files; it needs well below a second.
const LIMIT: Duration = Duration::from_secs(60);

/// Runs the demo on standard output; `program` is the daemon that is shown.
pub fn present(dir: Option<PathBuf>, program: &Path) -> Exit {
    match run(dir, program, &mut io::stdout().lock()) {
        Ok(()) => Exit::Clean,
        Err(error) => {
            complain(&format_args!("stationd --demo: {}", joined(&error)));
            error.exit()
        }
    }
}

/// Runs the demo of the daemon `program` in `dir`, which must be new or empty, or in a temporary folder; everything stays there to be looked at.
///
/// # Errors
/// When the folder cannot be used, a part does not start, or a report is missing or differs from what its file says.
fn run(dir: Option<PathBuf>, program: &Path, out: &mut impl Write) -> Result<(), DemoError> {
    let scene = Scene::set(dir)?;
    say(out, format_args!("working folder  {}", scene.path("").display()));
    let receiver = start_receiver(&scene)?;
    say(out, format_args!("test receiver   {}", receiver.url()));
    let settings = scene.write_settings(&receiver.url())?;
    let (mut daemon, lines) = start_daemon(program, &settings, &scene.path("journal.jsonl"))?;
    let told = follow(&scene, &lines, out);
    let stopped = stop(&mut daemon, &lines, &scene);
    let story = told?;
    stopped?;
    receiver.stop();
    show(&scene, &story, out)
}

fn start_receiver(scene: &Scene) -> Result<Receiver, DemoError> {
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let mut settings = ReceiverSettings::new(listen, scene.path("received"));
    settings.tls = ReceiverTls::OwnAuthority {
        ca_file: None,
        names: Vec::new(),
    };
    Receiver::start(settings).map_err(DemoError::Receiver)
}

/// Starts the program as the daemon; its journal comes line by line and is kept in a file.
fn start_daemon(program: &Path, settings: &Path, journal: &Path) -> Result<(Child, Lines<Value>), DemoError> {
    let file = File::create(journal).map_err(|cause| DemoError::Folder {
        path: journal.to_owned(),
        cause,
    })?;
    let mut daemon = Command::new(program)
        .arg("--config")
        .arg(settings)
        .env_remove("STATE_DIRECTORY")
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(DemoError::Start)?;
    let (send, lines) = channel();
    if let Some(stderr) = daemon.stderr.take() {
        std::thread::spawn(move || read_journal(stderr, file, &send));
    }
    Ok((daemon, lines))
}

fn read_journal(stderr: ChildStderr, mut file: File, send: &Sender<Value>) {
    for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
        // The copy in the folder is for reading afterwards; the demo itself goes on without it.
        drop(file.write_all(&line).and_then(|()| file.write_all(b"\n")));
        let value = serde_json::from_slice(&line).unwrap_or(Value::Null);
        if send.send(value).is_err() {
            return;
        }
    }
}

/// Drops the files once the daemon is up, and follows them to their ends.
fn follow(scene: &Scene, lines: &Lines<Value>, out: &mut impl Write) -> Result<Story, DemoError> {
    let until = Instant::now() + LIMIT;
    let mut story = Story::default();
    while next_line(scene, lines, until)?
        .get("code")
        .and_then(Value::as_str)
        != Some("D001")
    {}
    for sample in SAMPLES {
        story.dropped(sample.name);
        scene.drop_sample(sample)?;
        say(
            out,
            format_args!("dropped         line/{}/{}", sample.converter, sample.name),
        );
    }
    while !SAMPLES
        .iter()
        .all(|sample| story.is_done(sample.name, sample.says.len()))
    {
        let line = next_line(scene, lines, until)?;
        if let Some(text) = line.get("message").and_then(Value::as_str) {
            let key = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default();
            say(
                out,
                format_args!(
                    "journal         {} {}: {text} {}",
                    key("code"),
                    key("role"),
                    key("file")
                ),
            );
        }
        story.hear(&line);
    }
    Ok(story)
}

fn next_line(scene: &Scene, lines: &Lines<Value>, until: Instant) -> Result<Value, DemoError> {
    let journal = || scene.path("journal.jsonl");
    lines
        .recv_timeout(until.saturating_duration_since(Instant::now()))
        .map_err(|error| match error {
            RecvTimeoutError::Timeout => DemoError::Late {
                limit_s: LIMIT.as_secs(),
                journal: journal(),
            },
            RecvTimeoutError::Disconnected => DemoError::Ended { journal: journal() },
        })
}

/// Asks the daemon to stop, and waits for its end.
fn stop(daemon: &mut Child, lines: &Lines<Value>, scene: &Scene) -> Result<(), DemoError> {
    let pid = i32::try_from(daemon.id()).map(Pid::from_raw);
    if let Ok(pid) = pid {
        // It may have ended by itself; its status says so below.
        let _already_ended = kill(pid, Signal::SIGTERM);
    }
    let until = Instant::now() + LIMIT;
    while next_line(scene, lines, until).is_ok() {}
    if !matches!(daemon.try_wait(), Ok(Some(_))) && Instant::now() >= until {
        drop(daemon.kill());
    }
    let status = daemon.wait().map_err(DemoError::Start)?;
    if status.success() {
        Ok(())
    } else {
        Err(DemoError::Stop {
            status,
            journal: scene.path("journal.jsonl"),
        })
    }
}

/// Compares what was received with what the files say, and shows it.
fn show(scene: &Scene, story: &Story, out: &mut impl Write) -> Result<(), DemoError> {
    let mut rows = Vec::new();
    let mut wrong = 0;
    for sample in SAMPLES {
        let (added, good) = rows_of(scene, story, sample);
        rows.extend(added);
        wrong += usize::from(!good);
    }
    let shown = writeln!(out)
        .and_then(|()| table::write(out, &rows))
        .and_then(|()| writeln!(out));
    shown.map_err(|cause| DemoError::Folder {
        path: PathBuf::from("standard output"),
        cause,
    })?;
    say(
        out,
        format_args!("received reports  {}", scene.path("received").display()),
    );
    say(
        out,
        format_args!("the journal       {}", scene.path("journal.jsonl").display()),
    );
    if wrong == 0 {
        Ok(())
    } else {
        Err(DemoError::Differs { files: wrong })
    }
}

/// The rows of one file, and whether it ended as it should.
fn rows_of(scene: &Scene, story: &Story, sample: &Sample) -> (Vec<Row>, bool) {
    let row = |report_id: &str, outcome: String| Row {
        file: sample.name.to_owned(),
        converter: sample.converter.to_owned(),
        report_id: report_id.to_owned(),
        outcome,
        time: story
            .fate(sample.name)
            .map_or_else(String::new, |fate| format!("{} ms", fate.took.as_millis())),
    };
    let Some(fate) = story.fate(sample.name) else {
        return (vec![row("-", "not seen".to_owned())], false);
    };
    if let Some(error) = &fate.error {
        return (
            vec![row("-", format!("to the error folder: {error}"))],
            sample.says.is_empty(),
        );
    }
    let mut received: Vec<(String, Value)> = fate
        .delivered
        .iter()
        .map(|delivery| {
            (
                delivery.report_id.clone(),
                read_report(scene, &delivery.report_id),
            )
        })
        .collect();
    let mut rows = Vec::new();
    let mut good = received.len() == sample.says.len();
    for says in sample.says {
        let says: Value = serde_json::from_str(says).unwrap_or(Value::Null);
        // Receipts come in any order: a report is recognised by the serial number it must have.
        let Some(at) = received
            .iter()
            .position(|(_, report)| report.get("sn") == says.get("sn"))
        else {
            good = false;
            rows.push(row("-", "missing at the server".to_owned()));
            continue;
        };
        let (id, report) = received.swap_remove(at);
        let found = differences(&says, &report);
        good &= found.is_empty();
        let outcome = if found.is_empty() {
            "delivered, equal to the file".to_owned()
        } else {
            format!("delivered, differs at {}", found.join(" "))
        };
        rows.push(row(&id, outcome));
    }
    (rows, good)
}

fn read_report(scene: &Scene, id: &str) -> Value {
    let path = scene.path("received").join(format!("{id}.json"));
    std::fs::read(path)
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok())
        .unwrap_or(Value::Null)
}

/// Writes one line; a closed standard output does not end the demo.
fn say(out: &mut impl Write, text: std::fmt::Arguments<'_>) {
    let written: io::Result<()> = writeln!(out, "{text}");
    drop(written);
}
