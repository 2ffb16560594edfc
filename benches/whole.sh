#!/usr/bin/env bash
# The whole program measured beside a bare walk and Hugo, in one run: bash benches/whole.sh [COUNT ...]
#
# For each count (default: 10000 100000) a folder of so many articles, made once below target/bench, or a folder of your own:
# ARTICLES_10000=/some/folder. Everything is measured warm, the best of several runs; CPU is user and system time together.
set -euo pipefail
cd "$(dirname "$0")/.."

counts=("$@")
[ ${#counts[@]} -gt 0 ] || counts=(10000 100000)
work=target/bench
mkdir -p "$work"
cargo build --locked --quiet --release --bin feedmill --example articles --example bare
built="$(realpath "${CARGO_TARGET_DIR:-target}")/release"
export XDG_CACHE_HOME="$PWD/$work/cache" HUGO_CACHEDIR="$PWD/$work/hugo-cache"
feedmill="$built/feedmill"
bare="$built/examples/bare"
base=(--site benches/feedmill.yaml --now 2021-02-01)
command -v /usr/bin/time >/dev/null || { echo "install GNU time (Debian: apt-get install time)"; exit 2; }
command -v hugo >/dev/null || echo "without Hugo (Debian: apt-get install hugo)"

# best RUNS BEFORE COMMAND...: CPU seconds, wall seconds and peak MB of the run that took the least CPU.
best() {
  local runs=$1 before=$2
  shift 2
  for _ in $(seq "$runs"); do
    eval "$before"
    /usr/bin/time -o "$work/time" -f '%U %S %e %M' "$@" >/dev/null 2>&1 || { echo "failed: $*" >&2; exit 1; }
    cat "$work/time"
  done | awk '{ cpu = $1 + $2; if (!seen++ || cpu < least) { least = cpu; wall = $3; mb = $4 / 1024 } }
    END { if (seen) printf "%.2f %.2f %.0f\n", least, wall, mb }'
}

row() { printf '| %s | %s | %s s | %s s | %s MB | %s |\n' "$@"; }
ratio() { awk -v a="$1" -v b="$2" -v what="$3" 'BEGIN { printf "%.3f of %s", a / b, what }'; }

# Rules for the topics of a folder: each ten have one above them, some have dials; and fifty feeds of one's own of every kind.
rules() {
  "$feedmill" topics "$1" "${base[@]}" 2>/dev/null | tail -n +2 | sed 's/  .*//' | awk '
    { name[NR] = $0 }
    END {
      print "topics:"
      for (n = 1; n <= NR; n++) {
        above = n - (n - 1) % 10
        rule = above == n ? "" : "parent: \"" name[above] "\", "
        if (n % 7 == 0) rule = rule "min_quality: 20, "
        if (n % 11 == 0) rule = rule "max_age: 10y, "
        printf "  \"%s\": {%s}\n", name[n], rule
      }
      print "feeds:"
      for (n = 0; n < 50; n++) {
        a = name[1 + n * 3 % NR]; b = name[1 + n * 5 % NR]
        if (n % 5 == 0) rule = "any: [\"" a "\", \"" b "\"]"
        if (n % 5 == 1) rule = "all: [\"" a "\"], none: [\"" b "\"], min_heat: 20"
        if (n % 5 == 2) rule = "providers: {exclude: [also.com]}, title_matches: [\"*power*\", \"/AI\\\\b/\"]"
        if (n % 5 == 3) rule = "top: true, max_age: 10y"
        if (n % 5 == 4) rule = "none: [\"" a "\"], types: [article], min_quality: 50"
        printf "  Own %d: {%s}\n", n, rule
      }
    }'
}
documents() { find "$1" -name '*.xml' | wc -l; }

echo "| articles | what | CPU | wall | memory | |"
echo "| --- | --- | --- | --- | --- | --- |"
for count in "${counts[@]}"; do
  own="ARTICLES_$count"
  folder=${!own:-$work/articles-$count}
  [ -d "$folder" ] || "$built/examples/articles" "$count" "$folder"
  out="$work/feeds-$count"
  [ "$count" -gt 200000 ] && runs=2 || runs=5
  best 1 : "$bare" read "$folder" >/dev/null # into memory

  read -r bare_read wall mb < <(best "$runs" : "$bare" read "$folder")
  row "$count" "bare walk, every file read" "$bare_read" "$wall" "$mb" ""
  read -r cpu wall mb < <(best "$runs" : "$feedmill" check "$folder" --no-cache --now 2021-02-01 --quiet)
  row "$count" "\`check\`" "$cpu" "$wall" "$mb" "$(awk -v a="$cpu" -v b="$bare_read" 'BEGIN { printf "%.1f times the bare walk", a / b }')"

  hugo_cpu=0
  # A million articles would take Hugo some fifty GB.
  if command -v hugo >/dev/null && [ "$count" -le 200000 ]; then
    [ "$count" -gt 20000 ] && hugo_runs=1 || hugo_runs=3
    read -r hugo_cpu wall mb < <(best "$hugo_runs" "rm -rf $work/hugo" hugo --quiet --noBuildLock --config benches/hugo.toml --contentDir "$(realpath "$folder")" --destination "$PWD/$work/hugo")
    row "$count" "Hugo, RSS only" "$hugo_cpu" "$wall" "$mb" "$(du -sm "$work/hugo" | cut -f1) MB written"
  fi
  read -r cpu wall mb < <(best "$runs" "rm -rf $out" "$feedmill" build "$folder" --no-cache --out "$out" "${base[@]}" --quiet)
  row "$count" "\`build\`, everything new" "$cpu" "$wall" "$mb" "$([ "$hugo_cpu" = 0 ] || ratio "$cpu" "$hugo_cpu" Hugo), $(du -sm "$out" | cut -f1) MB written"

  plain=$cpu
  { cat benches/feedmill.yaml; rules "$folder"; } >"$work/rules.yaml"
  read -r cpu wall mb < <(best "$runs" "rm -rf $out-rules" "$feedmill" build "$folder" --no-cache --out "$out-rules" --site "$work/rules.yaml" --now 2021-02-01 --quiet)
  per=$(awk -v a="$cpu" -v b="$plain" -v m="$(documents "$out-rules")" -v n="$(documents "$out")" 'BEGIN { printf "%.2f times as much for each document", a / m / (b / n) }')
  row "$count" "the same with parents, dials and 50 feeds" "$cpu" "$wall" "$mb" "$per, $(documents "$out-rules") documents for $(documents "$out")"

  read -r bare_stat wall mb < <(best "$runs" : "$bare" stat "$folder")
  row "$count" "bare walk with stat" "$bare_stat" "$wall" "$mb" ""
  sleep 3 # what is as new as the run is not remembered
  best 2 : "$feedmill" build "$folder" --out "$out" "${base[@]}" --quiet >/dev/null
  read -r cpu wall mb < <(best "$runs" : "$feedmill" build "$folder" --out "$out" "${base[@]}" --quiet)
  row "$count" "\`build\`, nothing new" "$cpu" "$wall" "$mb" "$(awk -v a="$cpu" -v b="$bare_stat" 'BEGIN { printf "%.1f times the bare walk", a / b }')"
done
