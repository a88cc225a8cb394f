//! The end of a stream.

use std::collections::VecDeque;

/// Bytes of standard error that are kept.
const KEPT_BYTES: usize = 64 * 1024;

/// Bytes of standard error that a job may write; more ends it.
const WRITTEN_MAX: u64 = 4 * 1024 * 1024;

/// The last bytes of a stream.
#[derive(Debug, Default)]
pub(super) struct Tail {
    kept: VecDeque<u8>,
    written: u64,
}

impl Tail {
    /// Takes what came; `false` once more was written than a job may.
    pub(super) fn take(&mut self, bytes: &[u8]) -> bool {
        self.written = self
            .written
            .saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        let skipped = bytes.len().saturating_sub(KEPT_BYTES);
        let bytes = bytes.get(skipped..).unwrap_or_default();
        let dropped = (self.kept.len() + bytes.len()).saturating_sub(KEPT_BYTES);
        self.kept.drain(..dropped);
        self.kept.extend(bytes);
        self.written <= WRITTEN_MAX
    }

    /// What is left of it.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.kept.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_bytes_are_kept() {
        let mut tail = Tail::default();
        assert!(tail.take(&vec![1; 50_000]));
        assert!(tail.take(&vec![2; 50_000]));
        let bytes = tail.into_bytes();
        assert_eq!(bytes.len(), KEPT_BYTES);
        let (first, second) = bytes.split_at(KEPT_BYTES - 50_000);
        assert!(first.iter().all(|&byte| byte == 1));
        assert!(second.iter().all(|&byte| byte == 2));
    }

    #[test]
    fn a_piece_longer_than_the_tail_is_cut_at_its_front() {
        let mut tail = Tail::default();
        let piece: Vec<u8> = (0..=255).cycle().take(KEPT_BYTES + 3).collect();
        assert!(tail.take(&piece));
        assert_eq!(tail.into_bytes(), &piece[3..]);
    }

    #[test]
    fn a_flood_is_told() {
        let mut tail = Tail::default();
        assert!(tail.take(&vec![0; 4 * 1024 * 1024]));
        assert!(!tail.take(&[0]));
    }
}
