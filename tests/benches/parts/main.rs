//! What each part of the line costs, in instructions: the same on a busy machine as on an idle one.
//!
//! `cargo bench -p stationd-tests --bench parts [-- --keep]`. Needs valgrind (Debian: `apt-get install valgrind`), and
//! says `skipped` without it, and on processors for which no counts are stored.
//!
//! Each part runs in a process of its own under callgrind, once with one turn and once with eleven; the difference is what
//! ten turns take, without the way there. The program fails when a part takes over 10 % more than `baseline.json` says;
//! `--keep` writes that file anew.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod part;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use serde_json::{Map, Value, json};

use self::part::Part;

/// Turns whose price is taken.
const TURNS: u64 = 10;

/// What a part may take more than is stored, in percent.
const MORE: u64 = 10;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<ExitCode> {
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => measure(false),
        ["--keep"] => measure(true),
        // How this program starts itself.
        ["turns", part, turns, folder] => {
            let part = Part::ALL.into_iter().find(|known| known.name() == *part);
            part.ok_or("no such part")?
                .run(turns.parse()?, Path::new(folder))?;
            Ok(ExitCode::SUCCESS)
        }
        _ => {
            println!("usage: cargo bench -p stationd-tests --bench parts [-- --keep]");
            Ok(ExitCode::from(64))
        }
    }
}

fn measure(keep: bool) -> Outcome<ExitCode> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("skipped: valgrind is not installed (Debian: apt-get install valgrind)");
        return Ok(ExitCode::SUCCESS);
    }
    let mut all = stored();
    let arch = std::env::consts::ARCH;
    let before = all.get(arch).cloned().unwrap_or_default();
    if before.is_null() && !keep {
        println!("skipped: no counts are stored for {arch}; --keep stores them");
        return Ok(ExitCode::SUCCESS);
    }
    let folder = tempfile::tempdir()?;
    let mut now = Map::new();
    let mut good = true;
    println!("{:<44} {:>12} {:>12}", "part", "instructions", "stored");
    for part in Part::ALL {
        let name = part.name();
        let dir = folder.path().join(&name);
        fs::create_dir(&dir)?;
        part.prepare(&dir)?;
        let count = instructions(part, TURNS + 1, &dir)?.saturating_sub(instructions(part, 1, &dir)?) / TURNS;
        let limit = before.get(&name).and_then(Value::as_u64);
        let verdict = match limit {
            Some(limit) if count > limit + limit * MORE / 100 => {
                good = false;
                "  MORE than 10 % over the stored count"
            }
            _ => "",
        };
        let limit = limit.map_or_else(String::new, |limit| limit.to_string());
        println!("{name:<44} {count:>12} {limit:>12}{verdict}");
        now.insert(name, json!(count));
    }
    if keep {
        all.insert(arch.to_owned(), Value::Object(now));
        fs::write(baseline(), format!("{:#}\n", Value::Object(all)))?;
        return Ok(ExitCode::SUCCESS);
    }
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Counts what a process with so many turns takes.
fn instructions(part: Part, turns: u64, dir: &Path) -> Outcome<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe()?)
        .args(["turns", &part.name(), &turns.to_string()])
        .arg(dir)
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    let count = said.lines().find_map(|line| {
        let (_, count) = line.split_once("Collected :")?;
        count.trim().parse().ok()
    });
    match count {
        Some(count) if output.status.success() => Ok(count),
        _ => Err(format!("{}: callgrind gave no count:\n{said}", part.name()).into()),
    }
}

fn baseline() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/parts/baseline.json")
}

/// The stored counts by processor.
fn stored() -> Map<String, Value> {
    let text = fs::read(baseline()).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}
