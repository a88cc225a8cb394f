use log::Level;

use super::*;
use crate::listener::heard;
use crate::uploader::tests::lease;

const REPORT: [&str; 4] = ["entry", "serial", "report_id", "trace"];
const SERVER: [&str; 5] = ["host", "failures", "since", "waiting", "cause"];

/// Asserts that `notice` is one line of that level and code, with `keys` and then `more`.
fn check(notice: &Notice, level: Level, code: &str, keys: &[&str], more: &[&str]) {
    let lines = heard(|| notice.write("wats.example", 36));
    let [line] = &lines[..] else {
        unreachable!("one line each: {lines:?}")
    };
    let place = (line.level, line.code.as_str(), line.target.as_str());
    assert_eq!(place, (level, code, "uploader"));
    assert_eq!(line.keys, [keys, more].concat(), "{code}");
    assert!(!line.text.contains('\n'), "{code}");
}

#[test]
fn lines_about_a_report_name_it() {
    let entry = Box::new(lease(1).entry);
    let words = "x".to_owned();
    let delivered = Notice::Delivered {
        entry: entry.clone(),
        receipt: words.clone(),
        took: Duration::ZERO,
    };
    let keys = [
        "entry",
        "receipt",
        "serial",
        "report_id",
        "trace",
        "took",
        "waiting",
    ];
    check(&delivered, Level::Info, "U401", &keys, &[]);
    let later = Notice::Later {
        entry: entry.clone(),
        words: words.clone(),
        times: 1,
    };
    check(
        &later,
        Level::Warn,
        "U402",
        &REPORT,
        &["attempts", "times", "cause"],
    );
    let refused = Notice::Refused {
        entry,
        status: Some(400),
        words,
    };
    check(
        &refused,
        Level::Warn,
        "U403",
        &REPORT,
        &["status", "cause", "next"],
    );
}

#[test]
fn lines_about_the_server_name_it_and_what_to_do() {
    let down = |fault| Notice::Outage {
        line: Line::Down {
            fault,
            failures: 3,
            since: Duration::from_secs(60),
        },
        words: "connection refused".to_owned(),
        next: Duration::from_secs(30),
    };
    check(&down(Fault::Unreachable), Level::Warn, "U410", &SERVER, &[]);
    check(&down(Fault::Failing), Level::Warn, "U412", &SERVER, &[]);
    let credentials = down(Fault::Refusing(Park::Credentials));
    check(&credentials, Level::Error, "U420", &SERVER, &["next"]);
    check(
        &down(Fault::Refusing(Park::Path)),
        Level::Error,
        "U421",
        &SERVER,
        &["next"],
    );
    let up = Notice::Outage {
        line: Line::Up {
            failures: 3,
            after: Duration::from_secs(840),
        },
        words: String::new(),
        next: Duration::ZERO,
    };
    check(&up, Level::Info, "U411", &["host", "failures", "waiting"], &[]);
    check(&Notice::Gzip(true), Level::Debug, "U413", &["host"], &[]);
    check(&Notice::Gzip(false), Level::Info, "U414", &["host"], &[]);
    check(
        &Notice::ClockDiffers(300),
        Level::Warn,
        "U415",
        &["host"],
        &["next"],
    );
    check(&Notice::ClockAgrees, Level::Info, "U416", &[], &[]);
}

#[test]
fn lines_about_the_uploader_itself_have_their_codes() {
    let fails = Notice::QueueFails {
        words: "x".to_owned(),
        times: 2,
    };
    check(&fails, Level::Warn, "U430", &["times", "cause"], &[]);
    check(&Notice::QueueWorks, Level::Info, "U431", &[], &[]);
    check(&Notice::Paused(true), Level::Info, "U440", &["next"], &[]);
    check(&Notice::Paused(false), Level::Info, "U441", &[], &[]);
}

#[test]
fn times_are_said_as_people_say_them() {
    let said = [0, 30, 119, 840, 7200, 172_800].map(|s| Span(Duration::from_secs(s)).to_string());
    assert_eq!(said, ["0.00 s", "30 s", "119 s", "14 min", "2 h", "2 days"]);
}

#[test]
fn a_servers_words_stay_on_their_line() {
    let words = format!("bad\n<3>stationd: all lost\x1b[31m{}", "x".repeat(300));
    let said = Words(&words).to_string();
    assert!(!said.contains(char::is_control) && said.ends_with('…'));
}
