//! `queue.*`: what an operator may see of the queue and do to it.

use serde::Deserialize;
use serde_json::{Value, json};
use stationd_actors::messages::queue::{
    DescribeQueue, DropEntries, EndDelays, ExportEntries, ListEntries, RetryEntries, Selection, ShowEntry,
};
use stationd_actors::messages::uploader::FlushNow;
use stationd_actors::model::{EntryId, EntryState, Lease};

use super::{bad_arguments, to_json};
use crate::control::desk::{Desk, Role};
use crate::control::parts::EntryPart;
use crate::control::protocol::{Fault, code};

/// Entries in an answer when the client names no limit.
const LIST_DEFAULT: usize = 50;

/// Most entries in one answer, and in one request.
const LIST_MOST: usize = 1000;

/// Which entries to list.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ListArguments {
    state: Option<EntryState>,
    limit: Option<usize>,
}

/// Which entry.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShowArguments {
    entry: EntryId,
}

/// Which entries an order is about: `entries`, or `select` with `dead` or `all`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SelectArguments {
    entries: Option<Vec<EntryId>>,
    select: Option<Select>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Select {
    Dead,
    All,
}

/// Which page.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ExportArguments {
    after: Option<EntryId>,
    limit: Option<usize>,
}

pub(super) async fn stats(desk: &Desk) -> Result<Value, Fault> {
    let roles = &desk.roles.queue;
    to_json(&desk.ask(Role::Queue, &roles.describe, DescribeQueue).await??)
}

pub(super) async fn list(desk: &Desk, arguments: ListArguments) -> Result<Value, Fault> {
    let limit = page(arguments.limit);
    let message = ListEntries {
        state: arguments.state,
        limit,
    };
    let entries = desk.ask(Role::Queue, &desk.roles.queue.list, message).await??;
    let entries: Vec<_> = entries.into_iter().map(EntryPart::from).collect();
    Ok(json!({ "entries": to_json(&entries)?, "limit": limit }))
}

pub(super) async fn show(desk: &Desk, arguments: ShowArguments) -> Result<Value, Fault> {
    let message = ShowEntry {
        entry: arguments.entry,
    };
    with_document(desk.ask(Role::Queue, &desk.roles.queue.show, message).await??)
}

pub(super) async fn retry(desk: &Desk, arguments: SelectArguments) -> Result<Value, Fault> {
    let message = RetryEntries {
        entries: arguments.selection()?,
    };
    let count = desk
        .order(Role::Queue, &desk.roles.queue.retry, message)
        .await??;
    Ok(json!({ "count": count }))
}

pub(super) async fn drop(desk: &Desk, arguments: SelectArguments) -> Result<Value, Fault> {
    let message = DropEntries {
        entries: arguments.selection()?,
    };
    let count = desk.order(Role::Queue, &desk.roles.queue.drop, message).await??;
    Ok(json!({ "count": count }))
}

pub(super) async fn export(desk: &Desk, arguments: ExportArguments) -> Result<Value, Fault> {
    let message = ExportEntries {
        after: arguments.after,
        limit: page(arguments.limit),
    };
    let page = desk.ask(Role::Queue, &desk.roles.queue.export, message).await??;
    let entries: Result<Vec<_>, _> = page.entries.into_iter().map(with_document).collect();
    Ok(json!({ "entries": entries?, "damaged": page.damaged, "next": page.next }))
}

/// Ends the delays in the queue first, so that the uploader finds the entries due.
pub(super) async fn flush(desk: &Desk) -> Result<Value, Fault> {
    let count = desk
        .order(Role::Queue, &desk.roles.queue.end_delays, EndDelays)
        .await??;
    desk.ask(Role::Uploader, &desk.roles.uploader.flush, FlushNow)
        .await?;
    Ok(json!({ "count": count }))
}

impl SelectArguments {
    fn selection(self) -> Result<Selection, Fault> {
        match (self.entries, self.select) {
            (Some(entries), None) if entries.len() <= LIST_MOST => Ok(Selection::Entries(entries)),
            (Some(_), None) => Err(bad_arguments(&format!("too many entries (limit {LIST_MOST})"))),
            (None, Some(Select::Dead)) => Ok(Selection::Dead),
            (None, Some(Select::All)) => Ok(Selection::All),
            _ => Err(bad_arguments("expected either entries or select (dead, all)")),
        }
    }
}

fn page(limit: Option<usize>) -> usize {
    limit.unwrap_or(LIST_DEFAULT).clamp(1, LIST_MOST)
}

/// The report goes as text, so that it reaches the client byte for byte.
fn with_document(lease: Lease) -> Result<Value, Fault> {
    let id = lease.entry.id;
    let document = String::from_utf8(lease.document)
        .map_err(|_| Fault::new(code::STORE, format!("report of entry {id} is not UTF-8")))?;
    Ok(json!({ "entry": to_json(&EntryPart::from(lease.entry))?, "document": document }))
}
