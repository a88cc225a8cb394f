use proptest::prelude::*;

use super::*;

fn key() -> Key {
    let dir = tempfile::tempdir().unwrap();
    Key::make(&dir.path().join("control.key")).unwrap()
}

fn whole(text: &str) -> Line {
    Line::Whole(text.as_bytes().to_vec())
}

fn refusal_code(step: &Step<'_>) -> Option<String> {
    match step {
        Step::Answer(answer) | Step::Close(answer) | Step::CloseSuspect(answer) => {
            answer.error.as_ref().map(|fault| fault.code.clone())
        }
        _ => None,
    }
}

const DEFAULT: RateLimit = RateLimit {
    per_min: 100,
    burst: 20,
};

const CONNECT: &str = r#"{"type":"connect","protocol":"2.0","client":"test"}"#;

fn connected(key: &Key) -> Session<'_> {
    let mut session = Session::new(key, DEFAULT, Instant::now());
    let line = whole(CONNECT);
    assert!(matches!(session.receive(&line, Instant::now()), Step::Nothing));
    session
}

#[test]
fn only_ping_is_answered_before_the_secret() {
    let key = key();
    let mut session = connected(&key);
    let now = Instant::now();
    let ping = whole(r#"{"id":1,"command":"ping"}"#);
    let Step::Answer(answer) = session.receive(&ping, now) else {
        panic!("ping is answered")
    };
    let result = answer.result.unwrap();
    assert_eq!(result["protocol"], "2.0");
    assert_eq!(result["authenticated"], false);
    let status = whole(r#"{"id":2,"command":"status"}"#);
    assert_eq!(
        refusal_code(&session.receive(&status, now)).as_deref(),
        Some(code::AUTH_REQUIRED)
    );
    let auth = whole(&format!(
        r#"{{"id":3,"command":"auth","args":{{"token":"{}"}}}}"#,
        key.digits()
    ));
    assert!(matches!(session.receive(&auth, now), Step::Answer(answer) if answer.ok));
    assert!(matches!(session.receive(&status, now), Step::Run { command, .. } if command == "status"));
}

#[test]
fn a_request_before_connect_is_refused_with_its_id() {
    let key = key();
    let mut session = Session::new(&key, DEFAULT, Instant::now());
    let line = whole(r#"{"id":"a","command":"ping"}"#);
    let Step::Answer(answer) = session.receive(&line, Instant::now()) else {
        panic!("it is answered")
    };
    assert_eq!(answer.id, Some(RequestId::Text("a".to_owned())));
    assert_eq!(answer.error.unwrap().code, code::NOT_CONNECTED);
}

#[test]
fn another_major_version_is_refused_naming_both() {
    let key = key();
    for theirs in ["1.0", "3.1", "2", "two", ""] {
        let mut session = Session::new(&key, DEFAULT, Instant::now());
        let line = whole(&format!(
            r#"{{"type":"connect","protocol":"{theirs}","client":"x"}}"#
        ));
        let Step::Close(answer) = session.receive(&line, Instant::now()) else {
            panic!("{theirs} is refused")
        };
        let fault = answer.error.unwrap();
        assert_eq!(fault.code, code::VERSION_MISMATCH);
        assert!(fault.message.contains(theirs) && fault.message.contains("2.0"));
    }
}

#[test]
fn a_newer_minor_version_is_welcome() {
    let key = key();
    let mut session = Session::new(&key, DEFAULT, Instant::now());
    let line = whole(r#"{"type":"connect","protocol":"2.7","client":"x","extra":1}"#);
    assert!(matches!(session.receive(&line, Instant::now()), Step::Nothing));
}

#[test]
fn the_fifth_wrong_secret_ends_the_connection() {
    let key = key();
    let mut session = connected(&key);
    let now = Instant::now();
    let wrong = whole(r#"{"id":1,"command":"auth","args":{"token":"00"}}"#);
    let shapeless = whole(r#"{"id":1,"command":"auth","args":7}"#);
    for line in [&wrong, &shapeless, &wrong, &shapeless] {
        assert!(matches!(session.receive(line, now), Step::Answer(_)));
    }
    assert!(matches!(session.receive(&wrong, now), Step::CloseSuspect(_)));
}

#[test]
fn a_flood_is_told_when_to_come_back() {
    let key = key();
    let mut session = connected(&key);
    let now = Instant::now();
    let ping = whole(r#"{"id":1,"command":"ping"}"#);
    for _ in 0..20 {
        assert_eq!(refusal_code(&session.receive(&ping, now)), None);
    }
    let Step::Answer(answer) = session.receive(&ping, now) else {
        panic!("it is answered")
    };
    assert_eq!(answer.id, Some(RequestId::Number(1.into())));
    let fault = answer.error.unwrap();
    assert_eq!(fault.code, code::RATE_LIMITED);
    assert_eq!(fault.retry_after_ms, Some(600));
}

fn line() -> impl Strategy<Value = Line> {
    let request = (
        any::<u8>(),
        "[a-z.]{0,12}",
        "(\\{.{0,30}\\}|[0-9]{1,30}|\\[{0,300})",
    )
        .prop_map(|(id, command, args)| {
            whole(&format!(r#"{{"id":{id},"command":"{command}","args":{args}}}"#))
        });
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200).prop_map(Line::Whole),
        "\\PC{0,200}".prop_map(|text| Line::Whole(text.into_bytes())),
        request,
        Just(whole(CONNECT)),
        Just(whole(r#"{"id":1,"command":"auth","args":{"token":"x"}}"#)),
        Just(Line::TooLong),
        Just(Line::Half),
        Just(Line::End),
    ]
}

proptest! {
    #[test]
    fn no_lines_whatever_crash_a_session_or_get_past_the_secret(lines in prop::collection::vec(line(), 0..60)) {
        let key = key();
        let mut session = Session::new(&key, RateLimit { per_min: 1, burst: 1000 }, Instant::now());
        for line in &lines {
            let step = session.receive(line, Instant::now());
            let passed = matches!(step, Step::Run { .. });
            prop_assert!(!passed);
            if let Step::Answer(answer) | Step::Close(answer) | Step::CloseSuspect(answer) = &step {
                prop_assert!(serde_json::to_vec(answer).is_ok());
            }
        }
    }
}
