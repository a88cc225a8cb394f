//! Lines of bounded length from a stream.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// How much is read at a time, in bytes.
const CHUNK: usize = 8 * 1024;

/// After a line that was too long, so much of its rest is passed over before we stop listening: 16 MiB.
const SKIP_LIMIT: usize = 16 * 1024 * 1024;

/// What came next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A line, without its line feed.
    Whole(Vec<u8>),
    /// A line past the limit begins; the rest of it will be passed over.
    TooLong,
    /// The peer closed between lines.
    End,
    /// The peer closed within a line.
    Half,
}

/// Reads lines of at most `limit` bytes, and never keeps more than that and one chunk.
///
/// A read that is dropped loses nothing: what has come stays in the reader.
#[derive(Debug)]
pub struct LineReader<R> {
    stream: R,
    limit: usize,
    held: Vec<u8>,
    /// So much of `held` was searched for a line feed already.
    searched: usize,
    /// Bytes passed over of a line that was too long; none when in no such line.
    skipped: Option<usize>,
}

impl<R: AsyncRead + Unpin> LineReader<R> {
    /// Reads from `stream`.
    pub fn new(stream: R, limit: usize) -> Self {
        Self {
            stream,
            limit,
            held: Vec::new(),
            searched: 0,
            skipped: None,
        }
    }

    /// The next line.
    ///
    /// # Errors
    /// When the stream fails, or the peer does not end a line within 16 MiB past the limit.
    pub async fn next(&mut self) -> io::Result<Line> {
        loop {
            if let Some(line) = self.take_line()? {
                return Ok(line);
            }
            self.held.reserve(CHUNK);
            if self.stream.read_buf(&mut self.held).await? == 0 {
                let half = !self.held.is_empty() || self.skipped.is_some();
                self.held.clear();
                self.searched = 0;
                self.skipped = None;
                return Ok(if half { Line::Half } else { Line::End });
            }
        }
    }

    /// A line that is there already.
    fn take_line(&mut self) -> io::Result<Option<Line>> {
        let feed = self
            .held
            .iter()
            .skip(self.searched)
            .position(|byte| *byte == b'\n')
            .map(|at| at + self.searched);
        if let Some(skipped) = self.skipped {
            return self.pass_over(feed, skipped);
        }
        match feed {
            Some(end) if end <= self.limit => {
                let rest = self.held.split_off(end + 1);
                let mut line = std::mem::replace(&mut self.held, rest);
                self.searched = 0;
                line.truncate(end);
                Ok(Some(Line::Whole(line)))
            }
            None if self.held.len() <= self.limit => {
                self.searched = self.held.len();
                Ok(None)
            }
            _ => {
                self.skipped = Some(0);
                self.searched = 0;
                Ok(Some(Line::TooLong))
            }
        }
    }

    fn pass_over(&mut self, feed: Option<usize>, skipped: usize) -> io::Result<Option<Line>> {
        self.searched = 0;
        if let Some(end) = feed {
            self.held.drain(..=end);
            self.skipped = None;
            return self.take_line();
        }
        let skipped = skipped + self.held.len();
        self.held = Vec::new();
        self.skipped = Some(skipped);
        if skipped > SKIP_LIMIT {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "line without an end"));
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    fn read_all(bytes: &[u8], limit: usize) -> Vec<Line> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            // Comes in pieces of 16 bytes.
            let (mut far, near) = tokio::io::duplex(16);
            let sending = async move { far.write_all(bytes).await.unwrap() };
            let reading = async {
                let mut reader = LineReader::new(near, limit);
                let mut lines = Vec::new();
                loop {
                    let line = reader.next().await.unwrap();
                    let last = matches!(line, Line::End | Line::Half);
                    lines.push(line);
                    if last {
                        return lines;
                    }
                }
            };
            tokio::join!(sending, reading).1
        })
    }

    #[test]
    fn a_line_after_a_giant_one_is_still_read() {
        let mut bytes = vec![b'x'; 100_000];
        bytes.extend(b"\nshort\n\nha");
        assert_eq!(
            read_all(&bytes, 1000),
            [
                Line::TooLong,
                Line::Whole(b"short".to_vec()),
                Line::Whole(Vec::new()),
                Line::Half
            ]
        );
    }

    #[test]
    fn a_line_of_exactly_the_limit_passes() {
        assert_eq!(read_all(b"1234\n", 4), [Line::Whole(b"1234".to_vec()), Line::End]);
        assert_eq!(read_all(b"12345\n", 4), [Line::TooLong, Line::End]);
        assert_eq!(read_all(b"12345", 4), [Line::TooLong, Line::Half]);
    }

    proptest! {
        #[test]
        fn any_bytes_come_out_as_the_lines_they_are(bytes in prop::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..500)) {
            let expected: Vec<_> = bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
            let (last, whole) = expected.split_last().unwrap();
            let mut lines: Vec<_> = whole.iter().cloned().map(Line::Whole).collect();
            lines.push(if last.is_empty() { Line::End } else { Line::Half });
            prop_assert_eq!(read_all(&bytes, 100_000), lines);
        }
    }
}
