//! The README's table of journal codes is whole: each code that a line can have stands in it.

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

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
        matches!(letter, "D" | "W" | "C" | "Q" | "U")
            && digits.len() == 3
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    }

    #[test]
    fn the_readme_lists_every_code_of_the_journal() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut found = BTreeSet::new();
        codes(&root.join("daemon/src"), &mut found);
        codes(&root.join("actors/src"), &mut found);
        found.retain(|code| is_code(code));
        assert!(found.len() > 50, "the sources were found: {found:?}");
        let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
        let missing: Vec<_> = found
            .iter()
            .filter(|code| !readme.contains(code.as_str()))
            .collect();
        assert!(missing.is_empty(), "README.md does not list {missing:?}");
    }
}
