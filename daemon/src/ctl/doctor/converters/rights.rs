//! Who could put another program in the place of a converter's.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::{CHECK, Finding};

/// Bits of a mode: others, and the group, may write.
const OTHERS_WRITE: u32 = 0o002;
const GROUP_WRITES: u32 = 0o020;
/// In a folder with this bit only the owner of a file replaces it.
const STICKY: u32 = 0o1000;

/// Looks at the program and at each folder above it: whoever may write in one of them decides what runs.
pub(super) fn check(name: &str, program: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    for path in program.ancestors() {
        let Ok(found) = std::fs::metadata(path) else {
            continue;
        };
        let (mode, owner) = (found.mode(), found.uid());
        let shown = path.display();
        let guarded = found.is_dir() && mode & STICKY != 0;
        if mode & OTHERS_WRITE != 0 && !guarded {
            let words = format!(
                "{name}: everybody may write to {shown} (mode {:o})",
                mode & 0o7777
            );
            findings.push(Finding::failure(CHECK, words, format!("chmod o-w {shown}")));
        } else if mode & GROUP_WRITES != 0 && found.gid() != 0 && !guarded {
            let words = format!(
                "{name}: group {} may write to {shown} (mode {:o})",
                found.gid(),
                mode & 0o7777
            );
            findings.push(Finding::warning(
                CHECK,
                words,
                format!("chmod g-w {shown}, unless that is meant"),
            ));
        }
        if owner != 0 && owner != nix::unistd::Uid::current().as_raw() {
            let words = format!("{name}: {shown} belongs to user {owner}, who may replace it");
            findings.push(Finding::warning(
                CHECK,
                words,
                format!("chown root {shown}, unless that is meant"),
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::http::Grade;

    #[test]
    fn a_program_or_folder_that_everybody_may_write_is_a_failure() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        std::fs::write(&program, "").unwrap();
        let grades = |file: u32, dir: u32| {
            std::fs::set_permissions(&program, Permissions::from_mode(file)).unwrap();
            std::fs::set_permissions(folder.path(), Permissions::from_mode(dir)).unwrap();
            let found = check("ict", &program).into_iter();
            found.filter(|finding| finding.status == Grade::Failure).count()
        };
        assert_eq!(grades(0o755, 0o755), 0);
        assert_eq!(grades(0o757, 0o755), 1);
        assert_eq!(grades(0o757, 0o777), 2);
        assert_eq!(grades(0o755, 0o1777), 0);
    }
}
