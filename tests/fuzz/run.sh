#!/usr/bin/env bash
# Fuzzes the parsers: run.sh SECONDS [TARGET...]. A target is a format, or `output`; default: all, one after another.
# With 0 seconds the stored inputs are run, and no new ones. `run.sh keep` makes corpus.tar.gz anew: of all that is known
# as few inputs as reach the same code.
# Begins with the fixtures and corpus.tar.gz, the small inputs of earlier runs. New inputs go to $FUZZ_DIR (default:
# target/fuzz beside this script), crashers to its folder `crashes`. What each target was given is added to $FUZZ_LEDGER
# where that names a file: target, seconds of processor time, inputs. The project's own is fuzzed.tsv beside this script.
# Coverage comes from the compiler, which the stable toolchain can do too; no sanitizer: the parsers are safe Rust.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
seconds=${1:?how many seconds for each target}
shift
fixtures=$here/../../sandbox/converters/fixtures
work=${FUZZ_DIR:-$here/target/fuzz}
passes="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table
    -Cllvm-args=-sanitizer-coverage-trace-compares"
target=$(rustc -vV | sed -n 's/^host: //p')
CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$here/target} RUSTFLAGS=$(echo $passes) \
    cargo build --quiet --release --manifest-path "$here/Cargo.toml" --target "$target"
binary=${CARGO_TARGET_DIR:-$here/target}/$target/release/parsers

[ $# -gt 0 ] || set -- output $(ls "$fixtures")
mkdir -p "$work/crashes" "$work/corpus"
# Another run may do the same at this moment.
flock "$work" tar -xzf "$here/corpus.tar.gz" --skip-old-files -C "$work/corpus"
if [ "$seconds" = keep ]; then
    rm -rf "$work/kept"
    for corpus in "$work"/corpus/*/; do
        name=$(basename "$corpus")
        mkdir -p "$work/kept/$name"
        FUZZ_TARGET=$name "$binary" -set_cover_merge=1 -use_counters=0 -max_len=16384 "$work/kept/$name" "$corpus" \
            > "$work/$name.log" 2>&1 || { echo "$name: FAILED: see $work/$name.log"; exit 1; }
        echo "$name: $(ls "$work/kept/$name" | wc -l) of $(ls "$corpus" | wc -l)"
    done
    tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$work/kept" -c . | gzip -9n > "$here/corpus.tar.gz"
    exit
fi
status=0
for name; do
    corpus=$work/corpus/$name
    mkdir -p "$corpus"
    for case in "$fixtures/$name"/*/; do
        [ ! -f "$case/input" ] || cp "$case/input" "$corpus/fixture-$(basename "$case")"
    done
    if [ "$seconds" -eq 0 ]; then bound=-runs=0; else bound=-max_total_time=$seconds; fi
    TIMEFORMAT=%U
    { time FUZZ_TARGET=$name "$binary" "$corpus" "$bound" -max_len=16384 -timeout=10 -rss_limit_mb=1024 \
        -artifact_prefix="$work/crashes/$name-" -print_final_stats=1 > "$work/$name.log" 2>&1; } 2> "$work/$name.time" ||
        { status=1; echo "$name: FAILED: see $work/$name.log"; }
    took=$(cat "$work/$name.time")
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/$name.log")
    coverage=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$work/$name.log" | tail -n 1)
    echo "$name: ${runs:-no} inputs in $took s of processor time, ${coverage:-no} edges, $(ls "$corpus" | wc -l) kept"
    [ -z "${FUZZ_LEDGER:-}" ] || printf '%s\t%s\t%s\n' "$name" "$took" "${runs:-0}" >> "$FUZZ_LEDGER"
done
exit "$status"
