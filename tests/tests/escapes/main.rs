//! Hostile and faulty converters, each first shown to reach its aim unconfined, then run in the real sandbox by
//! `stationctl converter run`. The suite needs a C compiler; it says so where there is none.
//!
//! To be run as an ordinary user too: as root the children have another user, whom ordinary rights hold back as well.

#[cfg(test)]
mod expected;
#[cfg(test)]
mod scene;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::process::Command;

    use stationd_tests::skipped;

    use crate::expected::{Expected, FILES, KERNEL, LIMITS, Missing, NETWORK, OPTIONAL, PROCESSES, PYTHON};
    use crate::scene::Scene;

    /// What this system has not for an attack that failed unconfined; none where it should have worked.
    fn missing(attack: &str, answer: &str) -> Option<&'static str> {
        let of_attack = |(name, ..): &&Missing| *name == attack;
        let (_, answers, what) = OPTIONAL.iter().find(of_attack)?;
        answers
            .iter()
            .any(|known| answer.contains(known))
            .then_some(*what)
    }

    /// Runs attacks; all that got through, or met something else than expected, are named together.
    fn withstand(under: &[&str], kind: &str, attacks: &[Expected]) {
        let scene = Scene::new();
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/escapes");
        let (program, command) = if kind == "python" {
            let script = scene.path("converter/attacks.py");
            fs::copy(sources.join("attacks.py"), &script).unwrap();
            (
                script.clone(),
                vec!["/usr/bin/env".into(), "python3".into(), script],
            )
        } else {
            let program = scene.path("converter/attacks");
            let compiled = Command::new("cc")
                .args(["-O1", "-pthread", "-o"])
                .arg(&program)
                .arg(sources.join("attacks.c"))
                .status();
            assert!(
                compiled.is_ok_and(|status| status.success()),
                "a C compiler is needed: cc"
            );
            (program.clone(), vec![program])
        };
        let mut wrong = Vec::new();
        for &(attack, outcome, word) in attacks {
            if let Err(answer) = scene.unconfined(&command, attack) {
                match missing(attack, &answer) {
                    Some(what) => skipped(&format!("{attack} is not shown to work unconfined: {what}")),
                    None => wrong.push(format!("{attack} does not even work unconfined: {answer}")),
                }
            }
            let verdict = scene.confined(under, kind, &program, attack);
            let told = verdict["outcome"] == outcome && verdict.to_string().contains(word);
            if !told {
                wrong.push(format!("{attack} is {verdict}, expected {outcome} with {word}"));
            }
            wrong.extend(scene.harm().map(|harm| format!("{attack}: {harm}")));
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn foreign_files_are_neither_read_nor_changed() {
        withstand(&[], "exec", FILES);
    }

    #[test]
    fn there_is_no_network() {
        withstand(&[], "exec", NETWORK);
    }

    #[test]
    fn there_are_no_other_processes_and_programs() {
        withstand(&[], "exec", PROCESSES);
    }

    #[test]
    fn the_kernel_offers_nothing_else() {
        withstand(&[], "exec", KERNEL);
    }

    #[test]
    fn every_limit_holds_and_is_named() {
        withstand(&[], "exec", LIMITS);
    }

    /// As in a container, where root may not look at the processes of other users.
    #[test]
    fn hidden_files_are_found_without_the_right_to_trace() {
        let under = ["setpriv", "--bounding-set=-sys_ptrace"];
        if !Command::new(under[0])
            .args([under[1], "true"])
            .status()
            .is_ok_and(|status| status.success())
        {
            return skipped("a bounding set without CAP_SYS_PTRACE: needs root and setpriv");
        }
        let hidden = LIMITS.iter().filter(|(attack, ..)| {
            matches!(
                *attack,
                "fill_scratch_by_nameless" | "fill_scratch_by_mapped" | "fill_scratch_by_thread"
            )
        });
        let hidden: Vec<_> = hidden.copied().collect();
        assert_eq!(hidden.len(), 3);
        withstand(&under, "exec", &hidden);
    }

    #[test]
    fn python_gets_no_further() {
        withstand(&[], "python", PYTHON);
    }
}
