//! What converters write: through the real sandbox, so that reading, limits and exit status are all in it. A report
//! counts only when the converter ended with 0, met no limit, and its whole output was read and is one answer.

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;
    use std::process::Command;

    use serde_json::Value;

    /// What every converter begins with: `report` is a good answer.
    const BEGIN: &str = "import json, os, signal, sys, time
report = json.dumps({'type': 'T', 'pn': 'P', 'sn': 'S', 'rev': 'A', 'processCode': 10, 'result': 'P',
    'start': '2026-01-02T03:04:05Z', 'machineName': 'M', 'location': 'L', 'purpose': 'T',
    'root': {'group': 'M', 'stepType': 'SequenceCall', 'name': 'Main', 'status': 'P'}})
say = lambda text: (sys.stdout.write(text), sys.stdout.flush())
";

    /// Runs a converter; the verdict of `stationctl converter run`.
    fn run(rest: &str) -> Value {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("convert.py");
        let input = folder.path().join("input");
        fs::write(&script, format!("{BEGIN}{rest}\n")).unwrap();
        fs::write(&input, "x\n").unwrap();
        for path in [folder.path(), &script, &input] {
            fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
        }
        let output = Command::new(stationd_tests::stationctl())
            .args([
                "--json",
                "converter",
                "run",
                "--kind",
                "python",
                "--wall-ms",
                "60000",
            ])
            .args([
                "--cpu-s",
                "20",
                "--output-mib",
                "1",
                "--processes",
                "2",
                "--input",
            ])
            .arg(&input)
            .arg("--")
            .arg(&script)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let verdict: Value = serde_json::from_str(text.lines().last().unwrap_or_default())
            .unwrap_or_else(|_| panic!("{text} {}", String::from_utf8_lossy(&output.stderr)));
        assert_eq!(output.status.success(), verdict["outcome"] == "ok", "{verdict}");
        verdict
    }

    fn reports(verdict: &Value) -> usize {
        verdict["reports"].as_array().map_or(0, Vec::len)
    }

    /// Runs converters that must end so, with these words, and without a report that counts.
    fn none_counts(cases: &[(&str, &str, &str)]) {
        let mut wrong = Vec::new();
        for &(rest, outcome, words) in cases {
            let verdict = run(rest);
            let told = verdict["reason"].as_str().unwrap_or_default().contains(words);
            if verdict["outcome"] != outcome || !told || reports(&verdict) > 0 {
                wrong.push(format!("{rest}: {verdict}, expected {outcome} with {words}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn one_good_answer_counts_however_it_is_written() {
        for (rest, count) in [
            ("say(report)", 1),
            ("say('\\n ' + report + '\\n\\n')", 1),
            ("for letter in report: say(letter)", 1),
            ("say(report); os.close(1)", 1),
            (
                "say('[' + report + ',' + report.replace('\"S\"', '\"S2\"') + ']')",
                2,
            ),
            (
                "say('{\"status\": \"converted\", \"confidence\": 0.9, \"reports\": [' + report + ']}')",
                1,
            ),
        ] {
            let verdict = run(rest);
            assert_eq!(
                (verdict["outcome"].as_str(), reports(&verdict)),
                (Some("ok"), count),
                "{rest}: {verdict}"
            );
        }
    }

    #[test]
    fn output_that_is_no_answer_is_named() {
        none_counts(&[
            ("pass", "rejected-output", "no report on standard output"),
            (
                "say('Loading\\x1b[2J\\n' + report)",
                "rejected-output",
                "text before the report: Loading",
            ),
            (
                "say(report + '\\nbye')",
                "rejected-output",
                "text after the JSON at line 2",
            ),
            ("say(report + report)", "rejected-output", "text after the JSON"),
            ("say(report[:-1])", "rejected-output", "the JSON ends too early"),
            (
                "os.write(1, report.encode().replace(b'\"S\"', b'\"\\xff\"'))",
                "rejected-output",
                "not UTF-8 at byte offset",
            ),
            (
                "say(report.replace('\"rev\"', '\"pn\": \"Q\", \"rev\"'))",
                "rejected-output",
                "twice",
            ),
            (
                "say('{\"status\": \"skipped\", \"reports\": [' + report + ']}')",
                "rejected-output",
                "skipped, but with 1 reports",
            ),
        ]);
    }

    #[test]
    fn depth_and_counts_are_bounded() {
        none_counts(&[
            (
                "say(report[:-1] + ', \"x\": ' + '[' * 70 + ']' * 70 + '}')",
                "rejected-output",
                "nested deeper",
            ),
            ("say('[' * 100000)", "rejected-output", "nested deeper"),
            (
                "say(report[:-1] + ''.join(f', \"x{n}\": 1' for n in range(5000)) + '}')",
                "rejected-output",
                "members",
            ),
            (
                "say('[' + ','.join(['{}'] * 20000) + ']')",
                "rejected-output",
                "more than 10000 reports",
            ),
        ]);
    }

    #[test]
    fn a_good_answer_does_not_count_when_its_converter_ends_badly() {
        none_counts(&[
            ("say(report); sys.exit(3)", "failed", "3"),
            ("say(report); os.close(1); sys.exit(3)", "failed", "3"),
            ("say(report); os.abort()", "crashed", "SIGABRT"),
            // White space may follow a report, but not this much.
            ("say(report + ' ' * (2 << 20))", "killed-limit", "output_mib"),
            (
                "say(report); sys.stderr.write('x' * (5 << 20))",
                "killed-limit",
                "standard error",
            ),
        ]);
    }

    #[test]
    fn what_is_left_of_a_converter_adds_nothing_to_its_output() {
        // The process that was started is the converter: with its end everything ends.
        none_counts(&[
            (
                "if os.fork(): say(report[:100]); os._exit(0)\ntime.sleep(600); say(report[100:])",
                "rejected-output",
                "the JSON ends too early",
            ),
            (
                "if os.fork(): os._exit(0)\nos.setsid(); time.sleep(600); say(report)",
                "rejected-output",
                "no report on standard output",
            ),
        ]);
    }
}
