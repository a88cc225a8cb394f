//! What each command does: arguments in, a message to the role, its answer as JSON.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use stationd_actors::messages::queue::{DescribeQueue, ListEntries, ShowEntry, StoreError};
use stationd_actors::messages::uploader::FlushNow;
use stationd_actors::messages::watcher::Rescan;
use stationd_actors::model::{EntryId, EntryState};

use super::desk::{Desk, Role, Unanswered};
use super::error::chain;
use super::protocol::{Fault, code};
use super::roles::DaemonRequest;

/// Entries in an answer to `queue.list` when the client names no limit.
const LIST_DEFAULT: usize = 50;

/// Most entries in one answer.
const LIST_MOST: usize = 1000;

/// Runs a command of an authenticated client.
pub(super) async fn run(desk: &Desk, command: &str, args: Option<&RawValue>) -> Result<Value, Fault> {
    match command {
        "status" => to_json(&desk.status().await),
        "queue.stats" => queue_stats(desk).await,
        "queue.list" => queue_list(desk, parse(args)?).await,
        "queue.show" => queue_show(desk, parse(args)?).await,
        "queue.flush" | "sync.flush" => done(
            desk.ask(Role::Uploader, &desk.roles.uploader.flush, FlushNow)
                .await,
        ),
        "converter.list" => to_json(&desk.status().await.converters),
        "pause" => done(desk.set_paused(true).await),
        "resume" => done(desk.set_paused(false).await),
        "rescan" => done(desk.ask(Role::Watcher, &desk.roles.watcher.rescan, Rescan).await),
        "config.reload" => reload(desk).await,
        "config.show" => show_settings(desk).await,
        "stop" => tell_daemon(desk, DaemonRequest::Stop),
        "restart" => tell_daemon(desk, DaemonRequest::Restart),
        _ => Err(Fault::new(
            code::UNKNOWN_COMMAND,
            format!("no command `{}`", command.escape_debug()),
        )),
    }
}

/// Which entries.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ListArguments {
    state: Option<EntryState>,
    limit: Option<usize>,
}

/// Which entry.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ShowArguments {
    entry: EntryId,
}

async fn queue_stats(desk: &Desk) -> Result<Value, Fault> {
    let stats = desk
        .ask(Role::Queue, &desk.roles.queue.describe, DescribeQueue)
        .await??;
    to_json(&stats)
}

async fn queue_list(desk: &Desk, arguments: ListArguments) -> Result<Value, Fault> {
    let limit = arguments.limit.unwrap_or(LIST_DEFAULT).clamp(1, LIST_MOST);
    let message = ListEntries {
        state: arguments.state,
        limit,
    };
    let entries = desk.ask(Role::Queue, &desk.roles.queue.list, message).await??;
    Ok(json!({ "entries": to_json(&entries)?, "limit": limit }))
}

async fn queue_show(desk: &Desk, arguments: ShowArguments) -> Result<Value, Fault> {
    let message = ShowEntry {
        entry: arguments.entry,
    };
    let lease = desk.ask(Role::Queue, &desk.roles.queue.show, message).await??;
    // As text, so that the report reaches the client byte for byte.
    let document = String::from_utf8(lease.document).map_err(|_| {
        Fault::new(
            code::STORE,
            format!("report of entry {} is not UTF-8", arguments.entry),
        )
    })?;
    Ok(json!({ "entry": to_json(&lease.entry)?, "document": document }))
}

async fn reload(desk: &Desk) -> Result<Value, Fault> {
    let (reply, answer) = tokio::sync::oneshot::channel();
    tell_daemon(desk, DaemonRequest::Reload(reply))?;
    match heard(answer).await? {
        Ok(()) => Ok(json!({ "reloaded": true })),
        Err(faults) => Err(Fault::new(code::FAILED, faults)),
    }
}

async fn show_settings(desk: &Desk) -> Result<Value, Fault> {
    let (reply, answer) = tokio::sync::oneshot::channel();
    tell_daemon(desk, DaemonRequest::ShowSettings(reply))?;
    heard(answer).await
}

fn tell_daemon(desk: &Desk, request: DaemonRequest) -> Result<Value, Fault> {
    desk.roles.daemon.try_send(request).map_err(|_busy_or_gone| {
        Fault::new(code::UNAVAILABLE, "the daemon is busy with an earlier request")
    })?;
    Ok(json!({}))
}

async fn heard<T>(answer: tokio::sync::oneshot::Receiver<T>) -> Result<T, Fault> {
    match tokio::time::timeout(super::desk::ANSWER_WITHIN, answer).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(_)) => Err(Unanswered::Stopped("daemon's main task").into()),
        Err(_) => Err(Unanswered::Late("daemon's main task").into()),
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
    serde_json::from_str(args.map_or("{}", RawValue::get))
        .map_err(|error| Fault::new(code::BAD_ARGUMENTS, format!("args: {error}")))
}

impl From<Unanswered> for Fault {
    fn from(unanswered: Unanswered) -> Self {
        Self::new(code::UNAVAILABLE, unanswered.to_string())
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        let code = match error {
            StoreError::NoEntry(_) => code::NOT_FOUND,
            _ => code::STORE,
        };
        Self::new(code, chain(&error))
    }
}
