//! Where the map lies in this process's memory.

use std::fs;
use std::ops::Range;

/// The addresses of the store's map, as `/proc/self/maps` shows them (proc(5)).
pub(super) fn place() -> Option<Range<usize>> {
    place_in(&fs::read_to_string("/proc/self/maps").ok()?)
}

fn place_in(maps: &str) -> Option<Range<usize>> {
    let map = maps.lines().find(|line| line.ends_with("/store/data.mdb"))?;
    let (place, rest) = map.split_once(' ')?;
    // Shared, and read alone: LMDB writes through the file.
    if !rest.starts_with("r--s") {
        return None;
    }
    let (start, end) = place.split_once('-')?;
    let address = |text| usize::from_str_radix(text, 16).ok();
    Some(address(start)?..address(end)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_map_is_found_and_nothing_else_is_taken_for_it() {
        let heap = "5596-5597 rw-p 00000000 00:00 0 [heap]\n";
        let map = "6e3a6000-7e3a6000 r--s 00000000 fe:00 10739728 /var/lib/stationd/queue/store/data.mdb\n";
        assert_eq!(place_in(&[heap, map].concat()), Some(0x6e3a_6000..0x7e3a_6000));
        assert_eq!(place_in(&map.replace("r--s", "rw-s")), None);
        assert_eq!(place_in(heap), None);
    }
}
