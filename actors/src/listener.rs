//! A test double for the journal: keeps the lines that the test's own thread writes.

use std::cell::RefCell;
use std::sync::Once;

use log::kv::{Key, Value, VisitSource};
use log::{Level, Log, Metadata, Record};

/// A journal line as a test looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) level: Level,
    pub(crate) target: String,
    pub(crate) code: String,
    /// Its other keys, in their order.
    pub(crate) keys: Vec<String>,
    pub(crate) text: String,
}

thread_local! {
    static HEARD: RefCell<Vec<Heard>> = const { RefCell::new(Vec::new()) };
}

/// The lines that `action` writes.
pub(crate) fn heard(action: impl FnOnce()) -> Vec<Heard> {
    static LISTEN: Once = Once::new();
    LISTEN.call_once(|| {
        log::set_logger(&Listener).expect("tests have no other logger");
        log::set_max_level(log::LevelFilter::Debug);
    });
    HEARD.take();
    action();
    HEARD.take()
}

struct Listener;

impl Log for Listener {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        struct Keys(Vec<(String, String)>);

        impl<'kvs> VisitSource<'kvs> for Keys {
            fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), log::kv::Error> {
                self.0.push((key.to_string(), value.to_string()));
                Ok(())
            }
        }

        let mut keys = Keys(Vec::new());
        record
            .key_values()
            .visit(&mut keys)
            .expect("this visitor takes everything");
        let code = keys.0.iter().find(|(key, _)| key == "code");
        let heard = Heard {
            level: record.level(),
            target: record.target().to_owned(),
            code: code.map(|(_, code)| code.clone()).unwrap_or_default(),
            keys: keys
                .0
                .into_iter()
                .map(|(key, _)| key)
                .filter(|key| key != "code")
                .collect(),
            text: record.args().to_string(),
        };
        HEARD.with_borrow_mut(|lines| lines.push(heard));
    }

    fn flush(&self) {}
}
