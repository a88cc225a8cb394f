//! One round of tidying up: what is too old or too much goes, the oldest first, a little at a time.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::Storeroom;
use super::archive::Item;
use super::calendar::is_older;
use super::leftovers;
use super::moved::{self, Removed};
use super::survey::Survey;
use crate::causes::joined;
use crate::clock;
use crate::converter::journal;
use crate::converter::ports::Ports;
use crate::messages::queue::{DescribeSources, Standing};
use crate::model::UnixMs;
use crate::off_loop::off_loop;

/// Records the queue is asked about at once.
const BATCH: usize = 64;

/// What a round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Round {
    /// Sources removed from the archive, and their bytes.
    pub(super) archived: (u64, u64),
    /// Sources removed from done folders, and their bytes.
    pub(super) moved: (u64, u64),
}

/// Tidies up.
///
/// # Errors
/// What could not be read or removed, in words; what could be was.
pub(super) async fn sweep(ports: &Ports) -> Result<Round, String> {
    let room = Arc::clone(&ports.storeroom);
    let begun = off_loop(move || {
        let now = clock::now();
        let believed = room.calendar.believes(now, Instant::now());
        (now, believed)
    });
    let Some((now, believed)) = begun.await else {
        return Ok(Round::default());
    };
    let mut round = Round::default();
    // Each part is tried, whatever became of the other.
    let moved = if believed {
        sweep_moved(ports, now, &mut round).await
    } else {
        Ok(())
    };
    let archived = sweep_archive(ports, believed.then_some(now), &mut round).await;
    if round.archived.0 > 0 {
        journal::archive_swept(round.archived);
    }
    if round.moved.0 > 0 {
        journal::done_swept(round.moved, ports.storeroom.settings.done_days);
    }
    moved.and(archived).map(|()| round)
}

/// Removes what a crash left half-made in the archive and in `folders`. What cannot be removed is in nobody's way.
pub(super) async fn clear_leftovers(ports: &Ports, folders: Vec<PathBuf>, started: UnixMs) {
    if folders.is_empty() {
        return;
    }
    let shelves = on(&ports.storeroom, |room| room.archive.shelves()).await;
    for folder in folders.into_iter().chain(shelves.unwrap_or_default()) {
        match blocking(move || leftovers::clear(&folder, started)).await {
            Ok(0) => {}
            Ok(copies) => {
                log::debug!(target: "converter", copies; "removed half-made copies of an earlier run");
            }
            Err(cause) => {
                log::debug!(target: "converter", cause; "cannot remove half-made copies of an earlier run");
            }
        }
    }
}

async fn sweep_moved(ports: &Ports, now: UnixMs, round: &mut Round) -> Result<(), String> {
    let days = ports.storeroom.settings.done_days;
    if days == 0 {
        return Ok(());
    }
    let room = Arc::clone(&ports.storeroom);
    let lists = blocking(move || room.calendar.note().and_then(|()| room.moves.closed(now))).await?;
    let mut trouble = Ok(());
    for list in lists {
        match blocking(move || moved::forget(&list, days, now)).await {
            Ok(Some(Removed { sources, bytes })) => {
                round.moved.0 += sources;
                round.moved.1 += bytes;
            }
            // The others are younger.
            Ok(None) => break,
            Err(cause) => trouble = Err(cause),
        }
    }
    trouble
}

/// Without a clock nothing is too old; what is too much goes all the same.
async fn sweep_archive(ports: &Ports, now: Option<UnixMs>, round: &mut Round) -> Result<(), String> {
    let (room, days) = (&ports.storeroom, ports.storeroom.settings.archive_days);
    room.archive.take_added();
    let shelves = on(room, |room| room.archive.shelves()).await?;
    let mut survey = Survey::default();
    for shelf in shelves {
        survey = blocking(move || look(survey, &shelf)).await?;
    }
    let mut bytes = survey.bytes;
    let oldest = survey.into_oldest();
    for batch in oldest.chunks(BATCH) {
        let too_much = bytes > room.settings.archive_max_bytes;
        let old = |item: &Item| days > 0 && now.is_some_and(|now| is_older(item.archived, days, now));
        if !too_much && !batch.first().is_some_and(old) {
            break;
        }
        let sources = batch.iter().map(|item| item.hash).collect();
        let standings = match (ports.sources)(DescribeSources { sources }).await {
            Ok(Ok(standings)) => standings,
            Ok(Err(error)) => return Err(joined(&error)),
            Err(error) => return Err(error.to_string()),
        };
        for (item, standing) in batch.iter().zip(standings) {
            let goes = bytes > room.settings.archive_max_bytes || old(item);
            if !goes || standing != Standing::Settled {
                continue;
            }
            let item = item.clone();
            let freed = on(room, move |room| room.archive.remove(&item)).await?;
            bytes = bytes.saturating_sub(freed);
            round.archived.0 += 1;
            round.archived.1 += freed;
        }
    }
    Ok(())
}

fn look(mut survey: Survey, shelf: &Path) -> std::io::Result<Survey> {
    survey.look(shelf)?;
    Ok(survey)
}

async fn on<T: Send + 'static>(
    room: &Arc<Storeroom>,
    work: impl FnOnce(&Storeroom) -> std::io::Result<T> + Send + 'static,
) -> Result<T, String> {
    let room = Arc::clone(room);
    blocking(move || work(&room)).await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, String> {
    match off_loop(work).await {
        Some(done) => done.map_err(|error| error.to_string()),
        None => Err("the daemon stops".to_owned()),
    }
}
