//! Where the map lies in this process's memory.

use std::fs;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// The addresses of the map of a file, whose path has no links, as `/proc/self/maps` shows them (proc(5)).
pub(super) fn place(file: &Path) -> Option<Range<usize>> {
    place_in(&fs::read("/proc/self/maps").ok()?, file)
}

fn place_in(maps: &[u8], file: &Path) -> Option<Range<usize>> {
    let file = [b" ", file.as_os_str().as_bytes()].concat();
    let map = maps
        .split(|byte| *byte == b'\n')
        .find(|line| line.ends_with(&file))?;
    let map = std::str::from_utf8(map.strip_suffix(&file[..])?).ok()?;
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
        let file = Path::new("/var/lib/stationd/queue/store/data.mdb");
        let heap = "5596-5597 rw-p 00000000 00:00 0 [heap]\n";
        let other =
            "6e2a6000-6e3a6000 r--s 00000000 fe:00 10739727 /srv/var/lib/stationd/queue/store/data.mdb\n";
        let map = "6e3a6000-7e3a6000 r--s 00000000 fe:00 10739728 /var/lib/stationd/queue/store/data.mdb\n";
        let place = |maps: &str| place_in(maps.as_bytes(), file);
        assert_eq!(
            place(&[heap, other, map].concat()),
            Some(0x6e3a_6000..0x7e3a_6000)
        );
        assert_eq!(place(&map.replace("r--s", "rw-s")), None);
        assert_eq!(place(&[heap, other].concat()), None);
    }
}
