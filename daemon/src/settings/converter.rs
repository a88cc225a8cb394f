//! `[[converter]]`: which files a converter takes, and what becomes of them.

use serde_json::{Map, Value};
use stationd_actors::converter::After;
use stationd_actors::watcher::{Patterns, WatchMode};

use super::keys::{Choice, Keys, Section};
use super::rule::{FOLDER, LINE, NAME, OPTIONAL_FILE_NAME, OPTIONAL_NAME, OPTIONAL_PATH, PATH, Rule};
use super::sandbox::{JobKeys, LimitKeys};

/// When a schedule starts; the moments themselves are checked with the other keys.
pub(super) const CRON: Rule = Rule {
    allowed: "the five fields of crontab(5), as \"30 6 * * MON-FRI\", maybe with a time zone behind them, or \"\"",
    pattern: r"^(\S+(\s+\S+){4,5})?$",
    holds: |text| text.is_empty() || (5..=6).contains(&text.split_whitespace().count()),
};

/// A pattern of file names.
const PATTERN: Rule = Rule {
    allowed: "a pattern such as *.log, without a folder",
    pattern: "^[^/\\u0000]{1,255}$",
    holds: |text| {
        !text.is_empty() && text.len() <= 255 && !text.contains(['/', '\0']) && Patterns::new([text]).is_ok()
    },
};

/// Where the packages install the script that runs a converter class of the vendor's client.
const PYWATS_RUNNER: &str = "/usr/lib/stationd/pywats-runner.py";

/// What a converter takes for one result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Unit {
    /// A file.
    #[default]
    File,
    /// A folder.
    Folder,
    /// A file and the folder beside it that has its name without the extension.
    Pair,
    /// Nothing is dropped; the converter fetches.
    Schedule,
}

impl Choice for Unit {
    const NAMED: &'static [(&'static str, Self)] = &[
        ("file", Self::File),
        ("folder", Self::Folder),
        ("pair", Self::Pair),
        ("schedule", Self::Schedule),
    ];
}

/// What sort of program a converter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Kind {
    /// A parser of ours.
    #[default]
    Builtin,
    /// A native program.
    Exec,
    /// A Python script.
    Python,
    /// A converter class of the vendor's Python client.
    PyWats,
}

impl Choice for Kind {
    const NAMED: &'static [(&'static str, Self)] = &[
        ("builtin", Self::Builtin),
        ("exec", Self::Exec),
        ("python", Self::Python),
        ("pywats", Self::PyWats),
    ];
}

/// What becomes of a converted source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum AfterKey {
    #[default]
    Move,
    Zip,
    Archive,
    Delete,
    Keep,
}

impl Choice for AfterKey {
    const NAMED: &'static [(&'static str, Self)] = &[
        ("move", Self::Move),
        ("zip", Self::Zip),
        ("archive", Self::Archive),
        ("delete", Self::Delete),
        ("keep", Self::Keep),
    ];
}

impl AfterKey {
    /// As the converter supervisor knows it.
    pub(super) fn after(self) -> After {
        match self {
            Self::Move => After::Move,
            Self::Zip => After::Zip,
            Self::Archive => After::Archive,
            Self::Delete => After::Delete,
            Self::Keep => After::Keep,
        }
    }
}

impl Choice for WatchMode {
    const NAMED: &'static [(&'static str, Self)] = &[
        ("auto", Self::Auto),
        ("inotify", Self::Inotify),
        ("poll", Self::Poll),
    ];
}

/// The keys of one `[[converter]]`.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a key of its own in the settings"
)]
pub(super) struct ConverterKeys {
    pub(super) name: String,
    pub(super) enabled: bool,
    pub(super) priority: u8,
    pub(super) drop_dir: String,
    pub(super) patterns: Vec<String>,
    pub(super) ignore: Vec<String>,
    pub(super) ignore_case: bool,
    pub(super) recursive: bool,
    pub(super) watch: WatchMode,
    pub(super) settle_ms: u32,
    pub(super) poll_s: u32,
    pub(super) rescan_s: u32,
    pub(super) unit: Unit,
    pub(super) marker: String,
    pub(super) min_files: u32,
    pub(super) every_s: u32,
    pub(super) cron: String,
    pub(super) on_start: bool,
    pub(super) kind: Kind,
    pub(super) format: String,
    pub(super) command: Vec<String>,
    pub(super) class: String,
    pub(super) python_path: Vec<String>,
    pub(super) runner: String,
    pub(super) arguments: Map<String, Value>,
    pub(super) after: AfterKey,
    pub(super) done_dir: String,
    pub(super) error_dir: String,
    pub(super) pending_dir: String,
    pub(super) retries: u32,
    pub(super) retry_delay_s: u32,
    pub(super) alarm_below: f64,
    pub(super) reject_below: f64,
    pub(super) station: String,
    pub(super) sandbox: JobKeys,
}

impl ConverterKeys {
    /// The defaults of a converter under the limits of `[sandbox]`.
    pub(super) fn template(limits: &LimitKeys) -> Self {
        Self {
            name: String::new(),
            enabled: true,
            priority: 5,
            drop_dir: String::new(),
            patterns: vec!["*".to_owned()],
            ignore: vec!["*.tmp".to_owned(), "*.part".to_owned()],
            ignore_case: false,
            recursive: false,
            watch: WatchMode::Auto,
            settle_ms: 200,
            poll_s: 5,
            rescan_s: 300,
            unit: Unit::File,
            marker: String::new(),
            min_files: 0,
            every_s: 0,
            cron: String::new(),
            on_start: false,
            kind: Kind::Builtin,
            format: String::new(),
            command: Vec::new(),
            class: String::new(),
            python_path: Vec::new(),
            runner: PYWATS_RUNNER.to_owned(),
            arguments: Map::new(),
            after: AfterKey::Move,
            done_dir: String::new(),
            error_dir: String::new(),
            pending_dir: String::new(),
            retries: 3,
            retry_delay_s: 60,
            alarm_below: 0.5,
            reject_below: 0.2,
            station: String::new(),
            sandbox: JobKeys {
                limits: limits.clone(),
                trusted: false,
            },
        }
    }

    fn describe_files<K: Keys>(&mut self, keys: &mut K) {
        keys.text(
            "drop_dir",
            &mut self.drop_dir,
            &FOLDER,
            "The folder in which files are dropped; unit = \"schedule\": the one that is fetched from.",
        );
        keys.texts(
            "patterns",
            &mut self.patterns,
            &PATTERN,
            "File names that are taken.",
        );
        keys.texts(
            "ignore",
            &mut self.ignore,
            &PATTERN,
            "File names that are never taken.",
        );
        let about = "Whether *.log takes X.LOG too.";
        keys.switch("ignore_case", &mut self.ignore_case, about);
        keys.switch(
            "recursive",
            &mut self.recursive,
            "Whether folders below are watched too.",
        );
        let about = "auto: inotify, or polling on file systems that tell nothing of remote writes.";
        keys.choice("watch", &mut self.watch, about);
        let about = "A file must be unchanged for so long after it was closed.";
        keys.integer("settle_ms", &mut self.settle_ms, 0..=3_600_000, about);
        keys.integer("poll_s", &mut self.poll_s, 1..=86_400, "Time from poll to poll.");
        keys.integer(
            "rescan_s",
            &mut self.rescan_s,
            1..=86_400,
            "Time between full scans of the folder.",
        );
        keys.choice("unit", &mut self.unit, "What makes one result.");
        let about = "unit = \"folder\": this file makes a folder complete.";
        keys.text("marker", &mut self.marker, &OPTIONAL_FILE_NAME, about);
        let about = "unit = \"folder\": so many files and then quiet make a folder complete.";
        keys.integer("min_files", &mut self.min_files, 0..=1_000_000, about);
        let about = "unit = \"schedule\": time from start to start; 0: cron says when.";
        keys.integer("every_s", &mut self.every_s, 0..=31_536_000, about);
        let about = "unit = \"schedule\": when it starts, as in crontab(5), in the station's time zone.";
        keys.text("cron", &mut self.cron, &CRON, about);
        keys.switch(
            "on_start",
            &mut self.on_start,
            "unit = \"schedule\": also when the daemon starts.",
        );
    }

    fn describe_program<K: Keys>(&mut self, keys: &mut K) {
        keys.choice("kind", &mut self.kind, "What sort of program converts.");
        keys.text(
            "format",
            &mut self.format,
            &LINE,
            "kind = \"builtin\": the format's name.",
        );
        let about = "kind = \"exec\" or \"python\": the program's absolute path, then its arguments.";
        keys.texts("command", &mut self.command, &LINE, about);
        keys.text(
            "class",
            &mut self.class,
            &LINE,
            "kind = \"pywats\": package.module.Class.",
        );
        let about = "kind = \"pywats\": folders with pywats-api and the class, before the system's own.";
        keys.texts("python_path", &mut self.python_path, &PATH, about);
        let about = "kind = \"pywats\": the script that runs the class.";
        keys.text("runner", &mut self.runner, &PATH, about);
        keys.object("arguments", &mut self.arguments, "Handed to the converter.");
    }

    fn describe_end<K: Keys>(&mut self, keys: &mut K) {
        keys.choice("after", &mut self.after, "What becomes of a converted source.");
        let about = "Where converted sources go; empty: done beside the drop folder.";
        keys.text("done_dir", &mut self.done_dir, &OPTIONAL_PATH, about);
        let about = "Where failed sources go; empty: error beside the drop folder.";
        keys.text("error_dir", &mut self.error_dir, &OPTIONAL_PATH, about);
        let about = "Where suspended sources wait; empty: pending beside the drop folder.";
        keys.text("pending_dir", &mut self.pending_dir, &OPTIONAL_PATH, about);
        keys.integer(
            "retries",
            &mut self.retries,
            0..=1000,
            "How often a suspended source is tried again.",
        );
        keys.integer(
            "retry_delay_s",
            &mut self.retry_delay_s,
            1..=86_400,
            "How long it waits in between.",
        );
        let about = "A report less certain than this is warned about.";
        keys.number("alarm_below", &mut self.alarm_below, 0.0..=1.0, about);
        let about = "A report less certain than this goes to the error folder.";
        keys.number("reject_below", &mut self.reject_below, 0.0..=1.0, about);
        keys.text(
            "station",
            &mut self.station,
            &OPTIONAL_NAME,
            "The key of one of [[station.presets]].",
        );
        keys.table(
            "sandbox",
            "Limits other than those of [sandbox].",
            &mut self.sandbox,
        );
    }
}

impl Section for ConverterKeys {
    fn describe<K: Keys>(&mut self, keys: &mut K) {
        keys.text("name", &mut self.name, &NAME, "Its name.");
        keys.switch(
            "enabled",
            &mut self.enabled,
            "Whether it takes files at the start.",
        );
        let about = "Urgency of its files and reports: 1 (first) to 10 (last).";
        keys.integer("priority", &mut self.priority, 1..=10, about);
        self.describe_files(keys);
        self.describe_program(keys);
        self.describe_end(keys);
    }
}
