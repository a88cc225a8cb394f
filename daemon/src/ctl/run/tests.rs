use std::path::{Path, PathBuf};

use clap::CommandFactory as _;

use super::*;

#[test]
fn the_command_line_is_sound_and_every_command_explains_itself() {
    fn walk(command: &clap::Command, path: &str) {
        for sub in command.get_subcommands() {
            let path = format!("{path} {}", sub.get_name());
            let about = sub
                .get_about()
                .unwrap_or_else(|| panic!("{path} says what it does"))
                .to_string();
            assert!(
                about.starts_with(char::is_uppercase) && !about.ends_with('.'),
                "{path}: {about}"
            );
            walk(sub, &path);
        }
    }
    let command = Arguments::command();
    command.clone().debug_assert();
    walk(&command, "stationctl");
}

#[test]
fn the_help_names_every_command_of_the_contract() {
    let help = Arguments::command().render_long_help().to_string();
    for word in [
        "status",
        "trace",
        "queue",
        "converter",
        "health",
        "pause",
        "resume",
        "rescan",
        "version",
        "receiver",
    ] {
        assert!(
            help.lines().any(|line| line.trim_start().starts_with(word)),
            "{word} is missing in\n{help}"
        );
    }
}

#[test]
fn orders_need_to_know_which_entries() {
    for line in [
        "stationctl queue drop",
        "stationctl queue retry --dead 7",
        "stationctl queue list --limit 0",
        "stationctl receiver --listen 127.0.0.1:0",
        "stationctl receiver --store x --fail nonsense",
    ] {
        assert!(Arguments::try_parse_from(line.split(' ')).is_err(), "{line}");
    }
    for line in [
        "stationctl queue drop 7 8 --yes --json",
        "stationctl --json queue retry --dead",
    ] {
        assert!(Arguments::try_parse_from(line.split(' ')).is_ok(), "{line}");
    }
}

/// The socket to which a command line speaks.
fn socket_of(words: &[&str]) -> Result<PathBuf, CtlError> {
    let words = ["stationctl"].iter().chain(words).chain(&["status"]);
    let arguments = Arguments::try_parse_from(words).unwrap();
    let context = Context::new(arguments.global, Output::plain(80));
    context.socket().map(Path::to_owned)
}

#[test]
fn the_socket_is_the_one_named_else_that_of_the_named_file_else_the_usual_one() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("line2.toml");
    // Its other settings may be faulty by now.
    std::fs::write(
        &file,
        "[control]\nsocket = \"/run/line2.sock\"\n[queue]\nmax_sice = 1\n",
    )
    .unwrap();
    let named = file.to_str().unwrap();
    let usual = Path::new("/run/stationd/control.sock");
    assert_eq!(socket_of(&[]).unwrap(), usual);
    assert_eq!(
        socket_of(&["--config", named]).unwrap(),
        Path::new("/run/line2.sock")
    );
    let explicit = socket_of(&["--config", named, "--socket", "/run/x.sock"]);
    assert_eq!(explicit.unwrap(), Path::new("/run/x.sock"));
    // A file that is no TOML names no socket: the usual one is another daemon's.
    std::fs::write(&file, "[control]\nsocket = \n").unwrap();
    assert!(matches!(
        socket_of(&["--config", named]),
        Err(CtlError::Settings(_))
    ));
    std::fs::write(&file, "[control]\nsocket = 5\n").unwrap();
    assert!(matches!(
        socket_of(&["--config", named]),
        Err(CtlError::Settings(_))
    ));
    std::fs::write(&file, "").unwrap();
    assert_eq!(socket_of(&["--config", named]).unwrap(), usual);
}

/// Runs a command line against a daemon with fake roles, and gives its exit code.
async fn exit_code_of(line: &str) -> u8 {
    let dir = tempfile::tempdir().unwrap();
    let (desk, _requests) = crate::control::fakes::desk();
    let settings = crate::settings::ControlSettings {
        socket: dir.path().join("control.sock"),
        token_file: dir.path().join("control.key"),
        rate_per_min: 100,
        rate_burst: 20,
    };
    let _server = crate::control::serve(&settings, desk, None).unwrap();
    let socket = settings.socket.to_str().unwrap();
    let words = ["stationctl", "--socket", socket]
        .into_iter()
        .chain(line.split(' '));
    let arguments = Arguments::try_parse_from(words).unwrap();
    let context = Context::new(arguments.global, Output::plain(80));
    let ran = tokio::task::spawn_blocking(move || run(&context, arguments.command));
    ran.await.unwrap().map_or_else(|error| error.exit_code(), |()| 0)
}

#[actix::test]
async fn every_command_works_with_a_daemon() {
    for line in [
        "status",
        "health --json",
        "trace SN1",
        "queue stats",
        "queue list --state dead",
        "queue show 1",
        "queue show 1 --report",
        "queue show 1 --json",
        "queue retry --dead",
        "queue drop 1 --yes",
        "queue export -",
        "queue flush",
        "converter list",
        "converter disable ict",
        "converter enable ict --json",
        "pause",
        "resume",
        "rescan",
        "version",
    ] {
        assert_eq!(exit_code_of(line).await, 0, "{line}");
    }
}

#[actix::test]
async fn what_is_not_there_is_exit_code_1() {
    assert_eq!(exit_code_of("queue show 99").await, 1);
    assert_eq!(exit_code_of("converter disable nobody").await, 1);
}

#[actix::test]
async fn an_import_of_nothing_is_exit_code_65() {
    assert_eq!(exit_code_of("queue import /dev/null").await, 65);
}

#[test]
fn a_daemon_that_does_not_run_is_69_with_a_remedy() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("control.sock");
    let arguments =
        Arguments::try_parse_from(["stationctl", "--socket", socket.to_str().unwrap(), "status"]).unwrap();
    let context = Context::new(arguments.global, Output::plain(80));
    let error = run(&context, arguments.command).unwrap_err();
    assert_eq!(error.exit_code(), 69);
    assert!(error.remedy().unwrap().contains("systemctl status stationd"));
}
