//! Where lines go.

use std::io::{IsTerminal, Write};
use std::sync::{PoisonError, RwLock};

use log::{Level, LevelFilter, Log, Metadata, Record};
use systemd_journal_logger::{JournalLog, connected_to_journal};

use super::line::Line;
use super::{daemon, fields, tally};
use crate::settings::{LogFormat, LogSettings};

/// The roles, which are the targets of our own lines. Of libraries only warnings and errors are written: their lines
/// have no codes, and may tell what ours must not.
pub(super) const ROLES: &[&str] = &["daemon", "watcher", "scheduler", "converter", "queue", "uploader"];

/// The logger of this process.
struct Journal {
    /// None until the journal is opened.
    way: RwLock<Option<Way>>,
}

static JOURNAL: Journal = Journal {
    way: RwLock::new(None),
};

/// Where lines go, and in which form.
struct Way {
    native: Option<JournalLog>,
    /// Also the way out when the journal takes no entry.
    lines: env_logger::Logger,
}

impl Log for Journal {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        ROLES.contains(&metadata.target()) || metadata.level() <= Level::Warn
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        tally::keep(record);
        if let Some(way) = &*self.way.read().unwrap_or_else(PoisonError::into_inner) {
            way.log(record);
        }
    }

    fn flush(&self) {
        if let Some(way) = &*self.way.read().unwrap_or_else(PoisonError::into_inner) {
            way.lines.flush();
        }
    }
}

impl Way {
    fn log(&self, record: &Record<'_>) {
        let native = self.native.as_ref();
        if native.is_none_or(|journal| fields::send(journal, record).is_err()) {
            self.lines.log(record);
        }
    }
}

/// How a line of text begins.
#[derive(Clone, Copy)]
enum Style {
    /// `<6>`: journald reads the level from it. Source: sd-daemon(3).
    Prefixed,
    /// `INFO  `.
    Plain,
    /// `INFO  `, in colour where it is worse.
    Coloured,
    /// JSON.
    Json,
}

/// Opens the journal of this process; when it is open, its lines go another way from now on.
///
/// Native fields that cannot be had, although the settings ask for them, are replaced by text and a warning.
pub fn open(settings: &LogSettings) {
    let connected = connected_to_journal();
    let wanted = match settings.format {
        LogFormat::Auto => connected,
        LogFormat::Journal => true,
        LogFormat::Text | LogFormat::Json => false,
    };
    let native = wanted.then(JournalLog::new).transpose();
    let style = match settings.format {
        LogFormat::Json => Style::Json,
        _ if connected => Style::Prefixed,
        _ if std::io::stderr().is_terminal() => Style::Coloured,
        _ => Style::Plain,
    };
    let (native, refused) = match native {
        Ok(native) => (native, None),
        Err(error) => (None, Some(error)),
    };
    let way = Way {
        native,
        lines: lines(style),
    };
    *JOURNAL.way.write().unwrap_or_else(PoisonError::into_inner) = Some(way);
    // A second call finds its own logger there already.
    let _again = log::set_logger(&JOURNAL).is_err();
    set_level(settings.level);
    if let Some(error) = refused {
        daemon::no_native_journal(&error);
    }
}

/// Sets the least important level that is written, at any time.
pub fn set_level(level: LevelFilter) {
    log::set_max_level(level);
}

fn lines(style: Style) -> env_logger::Logger {
    env_logger::Builder::new()
        .filter_level(LevelFilter::Trace)
        .format(move |out, record| {
            let line = Line::of(record);
            match style {
                Style::Json => writeln!(out, "{}", line.json()),
                Style::Prefixed => writeln!(out, "<{}>{}", priority(line.level), line.text()),
                Style::Plain => writeln!(out, "{:5} {}", line.level, line.text()),
                Style::Coloured => {
                    let (on, off) = colour(line.level);
                    writeln!(out, "{on}{:5}{off} {}", line.level, line.text())
                }
            }
        })
        .build()
}

/// The priority of a level. Source: sd-daemon(3).
fn priority(level: Level) -> u8 {
    match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    }
}

/// What switches a level's colour on and off. Source: ECMA-48, section 8.3.117.
fn colour(level: Level) -> (&'static str, &'static str) {
    match level {
        Level::Error => ("\u{1b}[31m", "\u{1b}[0m"),
        Level::Warn => ("\u{1b}[33m", "\u{1b}[0m"),
        Level::Info | Level::Debug | Level::Trace => ("", ""),
    }
}
