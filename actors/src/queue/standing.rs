//! What became of the reports of a source.

use super::key;
use super::record::{self, JobEntry};
use super::store::Store;
use super::tables::Doing;
use crate::messages::queue::{Standing, StoreError};
use crate::model::SourceHash;

impl Store {
    /// What became of the reports of each source, as [`DescribeSources`](crate::messages::queue::DescribeSources) says.
    ///
    /// # Errors
    /// LMDB's.
    pub fn standings(&self, sources: &[SourceHash]) -> Result<Vec<Standing>, StoreError> {
        let txn = self.base.read()?;
        let tables = self.base.tables;
        let standing = |hash: &SourceHash| {
            let number = tables.by_source_hash.get(&txn, &hash.0).doing("read")?;
            let Some(number) = number.and_then(key::last_number) else {
                return Ok(Standing::Settled);
            };
            let bytes = tables.jobs.get(&txn, &key::number(number)).doing("read")?;
            let job = match bytes.map(record::decode::<JobEntry>) {
                None => return Ok(Standing::Settled),
                // Nobody knows; retention removes it, and then it is settled.
                Some(Err(_)) => return Ok(Standing::Waiting),
                Some(Ok(job)) => job,
            };
            let mut standing = Standing::Settled;
            for number in job.entries {
                let seq = key::number(number);
                let dead = tables.dead.get(&txn, &seq).doing("read")?.is_some();
                if dead || self.base.is_damaged(&txn, number)? {
                    standing = standing.max(Standing::Refused);
                } else if tables.reports.get(&txn, &seq).doing("read")?.is_some() {
                    standing = Standing::Waiting;
                }
            }
            Ok(standing)
        };
        sources.iter().map(standing).collect()
    }
}
