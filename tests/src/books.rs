//! What was dropped into a line, to be compared with what came out of it.

use std::collections::BTreeSet;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use crate::{Line, Server};

/// Files of one report each, without an id of their own: the daemon gives the id, and must give it only once.
#[derive(Debug, Default)]
pub struct Books {
    dropped: usize,
    /// Bytes of noise in each file.
    filling: usize,
    /// The number of the first file.
    first: usize,
}

impl Books {
    /// Books of files with so many bytes of noise each, of which gzip makes about half.
    pub fn of_heavy_files(filling: usize) -> Self {
        Self {
            filling,
            ..Self::default()
        }
    }

    /// Books whose files are numbered from here on, to be told from those of other books.
    pub fn from_number(first: usize) -> Self {
        Self {
            first,
            ..Self::default()
        }
    }

    /// Drops `count` further files into the converter's folder.
    pub fn drop_files(&mut self, line: &Line, converter: &str, count: usize) {
        for _ in 0..count {
            let number = self.first + self.dropped;
            let noise = noise(number, self.filling);
            let text = format!(
                r#"{{"type":"T","pn":"P","sn":"SN{number}","rev":"A","processCode":10,"result":"P",
                "start":"2026-01-02T03:04:05+01:00","root":{{"stepType":"SequenceCall","name":"Main"}},
                "filling":"{noise}"}}"#
            );
            line.drop_old_file(converter, format!("{number}.json").as_bytes(), text.as_bytes());
            self.dropped += 1;
        }
    }

    /// How many were dropped.
    pub fn dropped(&self) -> usize {
        self.dropped
    }

    /// Each file stands in exactly one place: the drop folder or the done folder. The daemon may go on meanwhile.
    ///
    /// # Panics
    /// When a file is lost, or stands in both.
    pub fn check_files(&self, line: &Line, converter: &str) {
        let ours = |folder| -> BTreeSet<_> {
            let names = line.names(converter, folder).into_iter();
            names.filter(|name| is_ours(name)).collect()
        };
        let (dropped, done) = (ours("drop"), ours("done"));
        assert_eq!(dropped.union(&done).count(), self.dropped, "files were lost");
        // One that was moved between the two looks is in the drop folder no more.
        let left = ours("drop");
        let twice: Vec<_> = left.intersection(&done).collect();
        assert!(twice.is_empty(), "files in two places: {twice:?}");
    }

    /// The server has each report exactly once by id, and every file is in the done folder.
    ///
    /// # Panics
    /// When it is not so.
    pub fn check_delivered(&self, line: &Line, converter: &str, server: &Server) {
        self.check_files(line, converter);
        self.check_arrived(line, converter, server);
    }

    /// The server has each report exactly once by id, and no file is left in the drop folder.
    ///
    /// # Panics
    /// When it is not so.
    pub fn check_arrived(&self, line: &Line, converter: &str, server: &Server) {
        let left: Vec<_> = line
            .names(converter, "drop")
            .into_iter()
            .filter(|name| is_ours(name))
            .collect();
        assert!(left.is_empty(), "still in the drop folder: {left:?}");
        let ids = server.ids();
        let serials: BTreeSet<_> = ids
            .iter()
            .map(|id| server.report(id).get("sn").map(ToString::to_string))
            .collect();
        assert_eq!(serials.len(), self.dropped, "reports are missing");
        assert_eq!(ids.len(), self.dropped, "a report has two ids");
    }

    /// The daemon's own books say the same: nothing waits, each report has a receipt, and a sample of the units can be
    /// traced from file to receipt.
    ///
    /// # Panics
    /// When it is not so.
    pub fn check_records(&self, line: &Line) {
        let status = line.ctl(&["status"]);
        for nothing in ["/queue/ready", "/queue/leased", "/queue/dead"] {
            assert_eq!(status.number(nothing), Some(0), "{nothing}: {}", status.json);
        }
        let done = status.number("/queue/done_total");
        assert_eq!(
            done.and_then(|done| usize::try_from(done).ok()),
            Some(self.dropped),
            "{}",
            status.json
        );
        for number in (self.first..self.first + self.dropped).step_by((self.dropped / 20).max(1)) {
            let trace = line.ctl(&["trace", &format!("SN{number}")]);
            for (at, expected) in [
                ("/traced/0/job/end", "converted"),
                ("/traced/0/reports/0/receipt/outcome", "delivered"),
            ] {
                assert_eq!(trace.word(at), expected, "SN{number}: {}", trace.json);
            }
        }
    }
}

/// Whether a name is that of a dropped file.
fn is_ours(name: &str) -> bool {
    std::path::Path::new(name).extension() == Some("json".as_ref())
}

/// Hexadecimal digits without a pattern.
fn noise(seed: usize, length: usize) -> String {
    let mut random = StdRng::seed_from_u64(seed as u64);
    (0..length)
        .filter_map(|_| char::from_digit(random.random_range(0..16), 16))
        .collect()
}
