//! The README's table of journal codes and the journal's catalogue are whole: each has every code that a line can have.

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    /// Every `code = "…"` in the sources below a folder.
    fn codes(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                codes(&path, found);
            } else if path.extension() == Some("rs".as_ref()) {
                let text = std::fs::read_to_string(&path).unwrap();
                let after = text.split("code = \"").skip(1);
                found.extend(after.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
            }
        }
    }

    fn is_code(code: &str) -> bool {
        let (letter, digits) = code.split_at(1);
        matches!(letter, "D" | "W" | "S" | "C" | "Q" | "U")
            && digits.len() == 3
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    }

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
    }

    fn of_the_sources() -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        codes(&root().join("daemon/src"), &mut found);
        codes(&root().join("actors/src"), &mut found);
        found.retain(|code| is_code(code));
        assert!(found.len() > 50, "the sources were found: {found:?}");
        found
    }

    #[test]
    fn the_readme_lists_every_code_of_the_journal_and_no_other() {
        let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
        let rows = readme
            .lines()
            .filter_map(|line| line.strip_prefix("| ")?.split_once(" |"));
        let listed: BTreeSet<_> = rows
            .flat_map(|(codes, _)| codes.split(", "))
            .filter(|code| code.len() == 4 && is_code(code))
            .map(str::to_owned)
            .collect();
        assert_eq!(listed, of_the_sources());
    }

    #[test]
    fn the_catalogue_explains_every_code_of_the_journal_and_no_other() {
        let catalogue = std::fs::read_to_string(root().join("systemd/stationd.catalog")).unwrap();
        let explained: BTreeSet<_> = catalogue
            .lines()
            .filter_map(|line| Some(line.strip_prefix("Subject: ")?.split_once(' ')?.0.to_owned()))
            .collect();
        assert_eq!(explained, of_the_sources());
    }
}
