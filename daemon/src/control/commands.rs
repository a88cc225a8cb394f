//! What each command does: arguments in, a message to the role, its answer as JSON.

mod converter;
mod daemon;
mod import;
mod queue;
mod replay;
mod trace;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use stationd_actors::messages::queue::{AppendError, StoreError};
use stationd_actors::messages::watcher::Rescan;

use super::desk::{Desk, Role, Unanswered};
use super::protocol::{Fault, code};
use crate::causes::joined;

/// Runs a command of an authenticated client.
pub(super) async fn run(desk: &Desk, command: &str, args: Option<&RawValue>) -> Result<Value, Fault> {
    match command {
        "status" => to_json(&desk.status().await),
        "health" => to_json(&desk.health().await),
        "metrics" => Ok(json!({ "text": crate::http::metrics(desk).await })),
        "pause" => done(desk.set_paused(true).await),
        "resume" => done(desk.set_paused(false).await),
        "rescan" => done(desk.ask(Role::Watcher, &desk.roles.watcher.rescan, Rescan).await),
        "queue.stats" => queue::stats(desk).await,
        "queue.list" => queue::list(desk, parse(args)?).await,
        "queue.show" => queue::show(desk, parse(args)?).await,
        "queue.retry" => queue::retry(desk, parse(args)?).await,
        "queue.drop" => queue::drop(desk, parse(args)?).await,
        "queue.export" => queue::export(desk, parse(args)?).await,
        "queue.import" => import::import(desk, parse(args)?).await,
        "queue.flush" | "sync.flush" => queue::flush(desk).await,
        "converter.list" => converter::list(desk).await,
        "converter.enable" => converter::set_enabled(desk, &parse(args)?, true).await,
        "converter.disable" => converter::set_enabled(desk, &parse(args)?, false).await,
        "replay" => replay::replay(desk, parse(args)?).await,
        "replay.status" => replay::status(desk, &parse(args)?).await,
        "replay.stop" => replay::stop(desk).await,
        "trace" => trace::trace(desk, parse(args)?).await,
        "config.reload" => daemon::reload(desk).await,
        "config.show" => daemon::show_settings(desk).await,
        "log.set_level" => daemon::set_level(&parse(args)?),
        "stop" => daemon::stop(desk),
        "restart" => daemon::restart(desk),
        _ => Err(Fault::new(
            code::UNKNOWN_COMMAND,
            format!("no command `{}`", command.escape_debug()),
        )),
    }
}

fn done(answer: Result<(), Unanswered>) -> Result<Value, Fault> {
    answer?;
    Ok(json!({}))
}

fn to_json(value: &impl serde::Serialize) -> Result<Value, Fault> {
    serde_json::to_value(value).map_err(|error| Fault::new(code::FAILED, error.to_string()))
}

/// The command's arguments; absent ones are an empty object.
fn parse<T: DeserializeOwned>(args: Option<&RawValue>) -> Result<T, Fault> {
    serde_json::from_str(args.map_or("{}", RawValue::get)).map_err(|error| bad_arguments(&error.to_string()))
}

fn bad_arguments(what: &str) -> Fault {
    Fault::new(code::BAD_ARGUMENTS, format!("args: {what}"))
}

impl From<Unanswered> for Fault {
    fn from(unanswered: Unanswered) -> Self {
        Self::new(code::UNAVAILABLE, unanswered.to_string())
    }
}

impl From<AppendError> for Fault {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Store(error) => error.into(),
            full => Self::new(code::BUSY, full.to_string()),
        }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        let code = match error {
            StoreError::NoEntry(_) => code::NOT_FOUND,
            StoreError::OnItsWay(_) => code::BUSY,
            StoreError::Closed => code::UNAVAILABLE,
            _ => code::STORE,
        };
        Self::new(code, joined(&error))
    }
}
