#!/usr/bin/env bash
# Tries what the fuzzer makes on every target, for so many seconds each: bash fuzz/run.sh [SECONDS [TARGET ...]]
#
# With any toolchain and without cargo-fuzz: these are the flags that it sets. What is found to break a promise is left in
# target/fuzz/found; the corpus in the repository is not changed.
set -euo pipefail
cd "$(dirname "$0")"

seconds=${1:-17}
targets=("${@:2}")
[ ${#targets[@]} -gt 0 ] || targets=(article front_matter html link site slug text)
made=$(realpath -m "${CARGO_TARGET_DIR:-../target}")/fuzz
host=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
-Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Ccodegen-units=1" \
  cargo build --locked --release --quiet --target "$host" --target-dir "$made"
found=$made/found
mkdir -p "$found"
for target in "${targets[@]}"; do
  corpus=$(mktemp -d)
  cp "corpus/$target"/* "$corpus/"
  if ! "$made/$host/release/$target" "$corpus" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 \
    -artifact_prefix="$found/$target-" -print_final_stats=1 >"$found/$target.log" 2>&1; then
    tail -40 "$found/$target.log"
    echo "$target: a promise is broken; see $found"
    exit 1
  fi
  rm -rf "$corpus"
  echo "$target: $(sed -n 's/^stat::number_of_executed_units: //p' "$found/$target.log") tried in $seconds s"
done
