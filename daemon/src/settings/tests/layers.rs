//! Layers: what wins, and what each value says of its origin.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use stationd_actors::uploader::{Server, WatsServer};
use tempfile::TempDir;

use super::super::*;
use super::{GOOD, load_in, load_text, variables};

fn wats(settings: &Settings) -> &WatsServer {
    match &settings.uploader.server {
        Server::Wats(server) => server,
        Server::Directory(folder) => panic!("a folder: {}", folder.display()),
    }
}

fn token(settings: &Settings) -> Option<&str> {
    wats(settings).token.as_ref().map(|token| token.as_str())
}

fn write(path: &Path, text: &str, mode: u32) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn later_layers_win_and_say_where_they_are() {
    let folder = TempDir::new().unwrap();
    let drop_ins = folder.path().join("stationd.toml.d");
    fs::create_dir(&drop_ins).unwrap();
    fs::write(
        drop_ins.join("10-a.toml"),
        "[upload]\nmax_concurrent = 1\nmax_attempts = 7\n",
    )
    .unwrap();
    fs::write(drop_ins.join("20-b.toml"), "\n[upload]\nmax_concurrent = 2\n").unwrap();
    fs::write(drop_ins.join("README"), "not settings").unwrap();
    fs::write(drop_ins.join(".30-c.toml.swp"), "not settings").unwrap();
    let environment = variables(&[("STATIOND_UPLOAD__BREAKER_TIMEOUT_S", "9")]);
    let settings = load_in(folder.path(), GOOD, environment).unwrap();

    let origin = |key: &str| {
        let origin = settings.values.get(key).unwrap().origin.to_string();
        origin.replace(&format!("{}/", folder.path().display()), "")
    };
    assert_eq!(settings.uploader.max_concurrent, 2);
    assert_eq!(origin("upload.max_concurrent"), "stationd.toml.d/20-b.toml:3");
    assert_eq!(settings.uploader.max_attempts, 7);
    assert_eq!(origin("upload.max_attempts"), "stationd.toml.d/10-a.toml:3");
    assert_eq!(settings.uploader.breaker_timeout.as_secs(), 9);
    assert_eq!(
        origin("upload.breaker_timeout_s"),
        "variable STATIOND_UPLOAD__BREAKER_TIMEOUT_S"
    );
    assert_eq!(origin("upload.gzip"), "default");
    assert_eq!(origin("server.url"), "stationd.toml:3");
}

#[test]
fn a_later_file_changes_a_converter_by_its_name_and_adds_others() {
    let folder = TempDir::new().unwrap();
    let drop_ins = folder.path().join("stationd.toml.d");
    fs::create_dir(&drop_ins).unwrap();
    let text = "[[converter]]\nname = \"ict\"\nenabled = false\n[converter.sandbox]\nwall_s = 7\n\
                [[converter]]\nname = \"fct\"\ndrop_dir = \"/srv/stationd/fct\"\nformat = \"wsjf\"\n";
    fs::write(drop_ins.join("10.toml"), text).unwrap();
    let settings = load_in(folder.path(), GOOD, variables(&[])).unwrap();
    let names: Vec<_> = settings
        .converters
        .iter()
        .map(|one| (one.name.as_str(), one.enabled))
        .collect();
    assert_eq!(names, [("ict", false), ("fct", true)]);
    assert_eq!(settings.converters[0].drop_dir, Path::new("/srv/stationd/ict"));
    assert_eq!(settings.converters[0].limits.wall.as_secs(), 7);
}

#[test]
fn a_converters_limits_begin_with_those_of_the_sandbox() {
    let text = format!("{GOOD}[converter.sandbox]\ncpu_s = 3\n[sandbox]\nwall_s = 20\n");
    let settings = load_text(&text).unwrap();
    let limits = &settings.converters[0].limits;
    assert_eq!(
        (limits.wall.as_secs(), limits.cpu_s, limits.processes),
        (20, 3, 0)
    );
    let origin = &settings
        .values
        .get("converter.ict.sandbox.wall_s")
        .unwrap()
        .origin;
    assert!(origin.to_string().ends_with("stationd.toml:11"), "{origin}");
}

#[test]
fn variables_hold_lists_and_tables_as_toml() {
    let environment = variables(&[
        ("STATIOND_SANDBOX__MAX_CHILDREN", "4"),
        ("STATIOND_QUEUE__WARN_AT", "0.5"),
        ("STATIOND_SERVER__ALLOW_PLAIN_HTTP", "true"),
        ("STATIOND_SANDBOX__TRUSTED_KEYS", "[]"),
        ("STATIOND_STATION", "line 7"),
    ]);
    let settings = load_in(TempDir::new().unwrap().path(), GOOD, environment).unwrap();
    assert_eq!(settings.sandbox.max_children, 4);
    assert_eq!(settings.identity.station.name, "LINE-7");
    assert_eq!(
        settings.identity.name_origin.to_string(),
        "variable STATIOND_STATION"
    );
}

#[test]
fn a_variable_that_sets_nothing_is_a_fault() {
    let environment = variables(&[
        ("STATIOND_SERVER_URL", "x"),
        ("STATIOND_UPLOAD__MAX_CONCURRENT", "many"),
        ("STATIOND_CONVERTER__ICT__ENABLED", "false"),
        ("UNRELATED", "x"),
    ]);
    let faults = load_in(TempDir::new().unwrap().path(), GOOD, environment).unwrap_err();
    let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        faults,
        [
            "variable STATIOND_CONVERTER__ICT__ENABLED: unknown key",
            "variable STATIOND_SERVER_URL: unknown key; did you mean `STATIOND_SERVER__URL`?",
            "variable STATIOND_UPLOAD__MAX_CONCURRENT: upload.max_concurrent: found \"many\", \
             allowed is a whole number from 1 to 64",
        ]
    );
}

#[test]
fn the_state_folder_of_the_service_manager_counts_when_none_is_set() {
    let environment = variables(&[("STATE_DIRECTORY", "/var/lib/a:/var/lib/b")]);
    let settings = load_in(TempDir::new().unwrap().path(), GOOD, environment).unwrap();
    assert_eq!(settings.state_dir, Path::new("/var/lib/a"));
    assert_eq!(settings.control.token_file, Path::new("/var/lib/a/control.key"));
    assert_eq!(
        settings.values.get("state_dir").unwrap().origin.to_string(),
        "variable STATE_DIRECTORY"
    );
}

#[test]
fn the_token_comes_from_its_file_then_the_credential_then_the_variable() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("token");
    write(&file, "from-file\n", 0o600);
    write(&folder.path().join("wats-token"), "from-credential", 0o400);
    let with_file = GOOD.replace("[[converter]]", &format!("token_file = {file:?}\n[[converter]]"));
    let folder_text = folder.path().to_str().unwrap();
    let both = [
        ("CREDENTIALS_DIRECTORY", folder_text),
        ("STATIOND_SERVER__TOKEN", "from-variable"),
    ];

    let settings = load_in(folder.path(), &with_file, variables(&both)).unwrap();
    assert_eq!(token(&settings), Some("from-file"));
    let settings = load_in(folder.path(), GOOD, variables(&both)).unwrap();
    assert_eq!(token(&settings), Some("from-credential"));
    assert_eq!(
        settings.token_origin,
        Some(Origin::Credential("wats-token".to_owned()))
    );
    assert!(settings.warnings.is_empty());
    let settings = load_in(folder.path(), GOOD, variables(&both[1..])).unwrap();
    assert_eq!(token(&settings), Some("from-variable"));
    assert_eq!(settings.warnings.len(), 1);
}

#[test]
fn the_token_is_never_shown() {
    let environment = variables(&[("STATIOND_SERVER__TOKEN", "secret-1234")]);
    let debugged = format!("{environment:?}");
    let settings = load_in(TempDir::new().unwrap().path(), GOOD, environment).unwrap();
    let printed = format!("{debugged}{}{}{settings:?}", settings.values, Summary(&settings));
    assert!(!printed.contains("secret-1234"), "{printed}");

    let environment = variables(&[("STATIOND_SERVER__TOKEN", "secret 1234")]);
    let faults = load_in(TempDir::new().unwrap().path(), GOOD, environment).unwrap_err();
    assert!(!format!("{faults} {faults:?}").contains("1234"), "{faults}");
}

#[test]
fn a_token_that_everybody_can_read_is_refused() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("token");
    write(&file, "abc", 0o644);
    let text = GOOD.replace("[[converter]]", &format!("token_file = {file:?}\n[[converter]]"));
    let fault = load_in(folder.path(), &text, variables(&[]))
        .unwrap_err()
        .to_string();
    assert!(
        fault.contains("with mode 0644, allowed is a file that others cannot read (chmod o= "),
        "{fault}"
    );
}

#[test]
fn a_settings_file_that_is_no_file_is_said_alone() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("stationd.toml")).unwrap();
    let options = LoadOptions {
        file: Some(folder.path().join("stationd.toml")),
        environment: variables(&[]),
        ..LoadOptions::default()
    };
    let faults: Vec<_> = load(&options)
        .unwrap_err()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(faults.len(), 1);
    assert!(
        faults[0].ends_with("stationd.toml: cannot be read: not a regular file"),
        "{faults:?}"
    );
}

#[test]
fn a_file_that_the_daemons_user_may_not_read_is_warned_of() {
    let folder = TempDir::new().unwrap();
    let token = folder.path().join("token");
    fs::write(&token, "t").unwrap();
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).unwrap();
    let text = GOOD.replace("[[converter]]", &format!("token_file = {token:?}\n[[converter]]"));
    let settings = load_in(folder.path(), &text, variables(&[])).unwrap();
    let stranger = Account {
        uid: 12_345,
        gid: 54_321,
        gids: vec![54_321],
    };
    let warnings = load::unreadable(&settings, &stranger);
    assert_eq!(warnings.len(), 1);
    let text = warnings[0].to_string();
    assert!(
        text.contains("stationd.toml:4: server.token_file: the user of stationd (12345) may not read"),
        "{text}"
    );
    assert!(text.contains("chgrp 54321 "), "{text}");
    let root = Account {
        uid: 0,
        gid: 0,
        gids: vec![0],
    };
    assert!(load::unreadable(&settings, &root).is_empty());
}

#[test]
fn a_token_that_this_user_may_not_read_is_told_with_the_command_that_lets_it() {
    let denied = std::io::ErrorKind::PermissionDenied.into();
    let said = secret::unreadable(Path::new("/etc/stationd/token"), &denied, None).to_string();
    assert!(
        said.contains("may not read /etc/stationd/token: permission denied"),
        "{said}"
    );
    assert!(
        said.ends_with(" /etc/stationd/token && chmod 0640 /etc/stationd/token"),
        "{said}"
    );
    // Whoever asks, it is the daemon that has to read it.
    let daemon = Account {
        uid: 12_345,
        gid: 54_321,
        gids: vec![54_321],
    };
    let said = secret::unreadable(Path::new("/etc/stationd/token"), &denied, Some(&daemon)).to_string();
    assert!(said.contains("; let its group: chgrp 54321 /etc"), "{said}");
    let missing = std::io::ErrorKind::NotFound.into();
    let said = secret::unreadable(Path::new("/etc/stationd/token"), &missing, None).to_string();
    assert_eq!(said, "cannot read /etc/stationd/token: entity not found");
}

#[test]
fn a_user_for_converters_that_does_not_exist_is_a_fault_for_root_and_a_warning_for_others() {
    let text = GOOD.replace(
        "[[converter]]",
        "[sandbox]\nuser = \"nobody-of-that-name\"\n[[converter]]",
    );
    let said = match load_text(&text) {
        Ok(settings) => settings
            .warnings
            .iter()
            .map(ToString::to_string)
            .collect::<String>(),
        Err(faults) => faults.to_string(),
    };
    assert!(said.contains("stationd.toml:5: sandbox.user: "), "{said}");
    assert!(said.contains("\"nobody-of-that-name\""), "{said}");
    let is_fault = load_text(&text).is_err();
    assert_eq!(is_fault, nix::unistd::Uid::effective().is_root());
    assert!(load_text(&text.replace("nobody-of-that-name", "nobody")).is_ok());
}

#[test]
fn the_socket_of_an_instance_is_that_of_its_unit() {
    let socket = |file| environment::instance_socket(Path::new(file));
    let of_line2 = Some(PathBuf::from("/run/stationd/line2.sock"));
    assert_eq!(socket("/etc/stationd/line2.toml"), of_line2);
    for other in [DEFAULT_FILE, "/srv/line2.toml", "/etc/stationd/line2.json"] {
        assert_eq!(socket(other), None, "{other}");
    }
}

#[test]
fn without_any_file_it_is_the_file_that_is_named_first() {
    let file = Path::new(DEFAULT_FILE);
    if file.exists() {
        return;
    }
    let options = LoadOptions {
        environment: variables(&[]),
        ..LoadOptions::default()
    };
    let faults = load(&options).unwrap_err().to_string();
    let said: Vec<_> = faults.lines().collect();
    assert!(
        said[0].starts_with("/etc/stationd/stationd.toml: does not exist"),
        "{faults}"
    );
    assert_eq!(said.len(), 1, "what is missing follows from that: {faults}");
}

#[test]
fn a_secret_among_a_converters_arguments_is_hidden_where_values_are_shown_and_its_change_is_seen() {
    let text = |password: &str| {
        GOOD.replace("format = \"wsjf\"", "kind = \"exec\"\ncommand = [\"/usr/bin/x\"]")
            + &format!(
                "arguments = {{ db = [{{ Pass-Phrase = \"no\", DB_PASSWORD = \"{password}\", host = \"h1\" }}] }}\n"
            )
    };
    let settings = load_text(&text("hunter2")).unwrap();
    for shown in [settings.values.to_string(), settings.values.json().to_string()] {
        assert!(
            shown.contains("(hidden)") && !shown.contains("hunter2"),
            "{shown}"
        );
        assert!(shown.contains("h1"), "{shown}");
    }
    assert!(settings.converters[0].arguments.contains("hunter2"));
    let changes = compare(&settings, &load_text(&text("hunter3")).unwrap());
    assert_eq!(changes.restart, ["converter.ict.arguments"]);
}

#[test]
fn the_folder_of_reports_is_made_inside_the_state_folder_alone() {
    let folder = TempDir::new().unwrap();
    for (reports, made) in [("state/reports", true), ("elsewhere", false)] {
        let reports = folder.path().join(reports);
        let text = format!(
            "state_dir = {:?}\n[server]\ndirectory = {reports:?}\n",
            folder.path().join("state")
        );
        let settings = load_in(folder.path(), &text, variables(&[])).unwrap();
        settings.make_state_dir().unwrap();
        assert_eq!(reports.is_dir(), made, "{}", reports.display());
    }
}

#[test]
fn what_a_reload_changes_is_named() {
    let old = load_text(GOOD).unwrap();
    let text = GOOD.replace("\"ict\"\n", "\"ict\"\nenabled = false\npriority = 1\n")
        + "[[converter]]\nname = \"fct\"\ndrop_dir = \"/srv/fct\"\nformat = \"wsjf\"\n[log]\nlevel = \"debug\"\n";
    let changes = compare(&old, &load_text(&text).unwrap());
    assert_eq!(changes.live, ["log.level"]);
    assert_eq!(
        changes.restart,
        ["converter.fct", "converter.ict.enabled", "converter.ict.priority"]
    );
    assert_eq!(compare(&old, &old), Changes::default());
}

#[test]
fn a_token_or_certificate_renewed_in_its_file_is_a_change() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    let named = |key: &str| format!("{key}_file = {:?}\n", path(key).display().to_string());
    let keys = ["token", "ca", "client_cert", "client_key"];
    let made = rcgen::generate_simple_self_signed(["station".to_owned()]).unwrap();
    let (certificate, private) = (made.cert.pem(), made.signing_key.serialize_pem());
    let first = ["first", &certificate, &certificate, &private];
    for (key, content) in keys.iter().zip(first) {
        write(&path(key), content, 0o600);
    }
    let text = GOOD.replace("[[converter]]", &(keys.map(named).concat() + "[[converter]]"));
    let old = load_text(&text).unwrap();
    assert_eq!(compare(&old, &load_text(&text).unwrap()), Changes::default());
    let second = ["second", &certificate, &certificate, &private];
    for (key, content) in keys.iter().zip(second) {
        let old = load_text(&text).unwrap();
        // Text between the blocks of a PEM file says nothing.
        let text_before = if *key == "token" { "" } else { "renewed\n" };
        write(&path(key), &(text_before.to_owned() + content), 0o600);
        let changes = compare(&old, &load_text(&text).unwrap());
        assert_eq!(changes.restart, [format!("server.{key}_file")]);
    }
}

#[test]
fn the_file_that_is_shipped_is_good_with_and_without_its_examples() {
    let shipped = include_str!("../../../../systemd/stationd.toml");
    let settings = load_text(shipped).unwrap();
    assert!(settings.warnings.is_empty(), "{:?}", settings.warnings);

    let example = |line: &'static str| {
        line.strip_prefix('#')
            .filter(|rest| !rest.is_empty() && !rest.starts_with(' '))
    };
    let lines = shipped.lines().map(|line| example(line).unwrap_or(line));
    let text: Vec<_> = lines
        .filter(|line| !line.starts_with("directory") && !line.starts_with("token_file"))
        .collect();
    let settings = load_text(&text.join("\n")).unwrap();
    assert_eq!(settings.converters.len(), 2);
    let defaults = load_text("[server]\nurl = \"https://wats.example\"\n").unwrap();
    let changes = compare(&defaults, &settings);
    let keys: Vec<_> = changes.live.iter().chain(&changes.restart).collect();
    assert_eq!(
        keys,
        ["converter.ict", "converter.results"],
        "a default that is shown is another one"
    );
}
