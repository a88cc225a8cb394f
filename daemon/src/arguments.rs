//! The command line of `stationd`.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::{Arg, Error, Parser, ValueExt};

/// What `--help` says.
pub const HELP: &str = "\
usage: stationd [--config FILE] [--check | --print-config | --demo [DIR]]

Converts the result files of test stations and delivers them to a WATS server.

  --config FILE    the settings file (default /etc/stationd/stationd.toml)
  --check          check the settings: a summary and status 0, or every fault and status 78
  --print-config   print the values in force as TOML, each with its origin
  --demo [DIR]     show the whole job on sample files, in DIR or a temporary folder
  --version        print the version
  --help           print this text

Status: 0 clean, 64 usage, 69 unavailable, 70 internal, 74 disk, 78 settings.
Signals: TERM and INT stop, HUP reloads the settings, USR1 looks for files now.
";

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// Be the daemon.
    Run,
    /// Check the settings.
    Check,
    /// Print the values in force.
    PrintConfig,
    /// Show the whole job, in this folder or a temporary one.
    Demo(Option<PathBuf>),
    /// Print the version.
    Version,
    /// Print the help.
    Help,
}

/// The command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arguments {
    /// What is asked for.
    pub task: Task,
    /// The settings file, when it is named.
    pub config: Option<PathBuf>,
}

impl Arguments {
    /// Reads the arguments, without the program's name.
    ///
    /// # Errors
    ///
    /// When one is unknown, lacks its value, or asks for another task than one before.
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, Error> {
        let mut parser = Parser::from_args(arguments);
        let mut config = None;
        let mut task = None;
        while let Some(argument) = parser.next()? {
            let asked = match argument {
                Arg::Long("config") | Arg::Short('c') => {
                    config = Some(parser.value()?.parse()?);
                    continue;
                }
                Arg::Value(folder) if task == Some(Task::Demo(None)) => {
                    task = Some(Task::Demo(Some(folder.into())));
                    continue;
                }
                Arg::Long("check") => Task::Check,
                Arg::Long("print-config") => Task::PrintConfig,
                Arg::Long("demo") => Task::Demo(parser.optional_value().map(PathBuf::from)),
                Arg::Long("version") | Arg::Short('V') => Task::Version,
                Arg::Long("help") | Arg::Short('h') => Task::Help,
                other => return Err(other.unexpected()),
            };
            if task.replace(asked).is_some() {
                return Err("only one of --check, --print-config, --demo, --version and --help".into());
            }
        }
        Ok(Self {
            task: task.unwrap_or(Task::Run),
            config,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Arguments, String> {
        Arguments::parse(words.iter().map(OsString::from)).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_asked_for_is_the_daemon() {
        let expected = Arguments {
            task: Task::Run,
            config: None,
        };
        assert_eq!(parse(&[]), Ok(expected));
    }

    #[test]
    fn the_demo_takes_a_folder_or_none() {
        let demo = |words: &[&str]| parse(words).unwrap().task;
        assert_eq!(demo(&["--demo"]), Task::Demo(None));
        assert_eq!(demo(&["--demo", "/tmp/x"]), Task::Demo(Some("/tmp/x".into())));
        assert_eq!(demo(&["--demo=/tmp/x"]), Task::Demo(Some("/tmp/x".into())));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for words in [
            &["--chek"][..],
            &["--config"],
            &["file"],
            &["--check", "--demo"],
            &["--check=yes"],
            &["--demo", "/a", "/b"],
        ] {
            assert!(parse(words).is_err(), "{words:?}");
        }
    }
}
