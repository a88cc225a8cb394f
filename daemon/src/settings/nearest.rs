//! The name that was probably meant.

/// The one of `known` nearest to `word`, if it is near enough to be a slip of the hand.
///
/// Near enough is a third of the word's length, at least one and at most four edits.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).clamp(1, 4);
    known
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(edits, candidate)| {
            *edits <= limit || (word.len() >= 3 && candidate.split('_').any(|part| part == word))
        })
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// Edits between two words: letters put in, left out, replaced, or two neighbours swapped.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut previous_a = None;
    for (row, &letter_a) in a.iter().enumerate() {
        let mut line = vec![row + 1];
        let mut previous_b = None;
        for (column, &letter_b) in b.iter().enumerate() {
            let at = |line: &[usize], column: usize| line.get(column).copied().unwrap_or(usize::MAX - 1);
            let mut edits = (at(&last, column) + usize::from(letter_a != letter_b))
                .min(at(&last, column + 1) + 1)
                .min(at(&line, column) + 1);
            let swapped = previous_a == Some(letter_b) && previous_b == Some(letter_a);
            if let (true, Some(two_back)) = (swapped, column.checked_sub(1)) {
                edits = edits.min(at(&before_last, two_back) + 1);
            }
            line.push(edits);
            previous_b = Some(letter_b);
        }
        before_last = std::mem::replace(&mut last, line);
        previous_a = Some(letter_a);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_hand_finds_the_key() {
        let known = ["url", "directory", "token_file", "connect_timeout_s"];
        assert_eq!(nearest("urll", known), Some("url"));
        assert_eq!(nearest("tokenfile", known), Some("token_file"));
        assert_eq!(nearest("conect_timeuot_s", known), Some("connect_timeout_s"));
        assert_eq!(nearest("timeout", known), Some("connect_timeout_s"));
        assert_eq!(nearest("colour", known), None);
    }

    #[test]
    fn swapped_neighbours_are_one_edit() {
        assert_eq!(distance("ulr", "url"), 1);
        assert_eq!(distance("", "url"), 3);
        assert_eq!(distance("url", "url"), 0);
    }
}
