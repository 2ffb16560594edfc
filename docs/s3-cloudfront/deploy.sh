#!/bin/sh
# Builds the feeds here, publishes what changed to S3, and has CloudFront fetch it anew. For cron: prints nothing when all is well.
#
# Exit status: 0 readers get what is built; 1 CloudFront could not be told what changed, and is at the next run, or the build
# ended with 1; 2 the build failed, or publishing did; 3 another run is at work. After a build that does not end with 0, nothing
# is published.
set -eu

# The articles with their site file, in which `destination` is, and the folder that the feeds are built in.
ARTICLES=${ARTICLES:-/srv/news}
OUT=${OUT:-/srv/feeds}
# The distribution in front of the bucket.
DISTRIBUTION=${DISTRIBUTION:-E0EXAMPLE}
# CloudFront takes 3,000 paths at a time. If more than this have changed, it is told one path instead: all of their folder.
MOST=${MOST:-3000}
# What CloudFront is yet to be told is remembered here.
STATE=${STATE:-$HOME/.local/state/feedmill}

mkdir -p "$STATE"
# Publishing may take longer than the time between two runs.
exec 9>"$STATE/lock"
flock -n 9 || exit 3

# Says what went wrong once in 24 hours, so that a night without a network is one mail: what kind of trouble, and in words.
tell() {
  if [ -z "$(find "$STATE/$1.told" -mmin -1440 2>/dev/null)" ]; then
    echo "$2; tried again at each run" >&2
    sed 's/^/  /' "$STATE/said" >&2
    touch "$STATE/$1.told"
  fi
}

# Adds what a run has published to what CloudFront is yet to be told.
gather() {
  [ -s "$STATE/changed" ] || return 0
  touch "$STATE/purge"
  LC_ALL=C sort -u "$STATE/purge" "$STATE/changed" >"$STATE/purge.new"
  mv "$STATE/purge.new" "$STATE/purge"
  rm "$STATE/changed"
}

feedmill build "$ARTICLES" --out "$OUT"
# Without a manifest nothing was ever published, and there is nothing to send.
[ -f "$OUT/feedmill.json" ] || exit 0

# Of a run that did not come to its end.
gather
# The site file is looked for from here upwards.
cd "$ARTICLES"
published=0
feedmill publish --out "$OUT" --delete-stale --changed "$STATE/changed" >"$STATE/said" 2>&1 9>&- || published=$?
if [ "$published" != 0 ]; then
  # The next run sends what is missing, and what this one has sent besides.
  tell "publish-$published" "the feeds could not be published"
  exit "$published"
fi
cat "$STATE/said" >&2
rm -f "$STATE"/publish-*.told
gather

if [ -s "$STATE/purge" ]; then
  # Paths, as they stand in addresses.
  sed 's|^[^:]*://[^/]*||' "$STATE/purge" >"$STATE/paths"
  if [ "$(wc -l <"$STATE/paths")" -gt "$MOST" ]; then
    awk 'NR == 1 { folder = $0; sub("[^/]*$", "", folder) }
      { while (index($0, folder) != 1) sub("[^/]*/$", "", folder) }
      END { print folder "*" }' "$STATE/paths" >"$STATE/folder"
    mv "$STATE/folder" "$STATE/paths"
  fi
  set -f
  # shellcheck disable=SC2046 # a path to each line, and no space in any
  if ! timeout 5m aws cloudfront create-invalidation --distribution-id "$DISTRIBUTION" --paths $(cat "$STATE/paths") \
    </dev/null >"$STATE/said" 2>&1 9>&-; then
    tell purge "the feeds are published, and CloudFront could not be told"
    exit 1
  fi
  rm "$STATE/purge"
fi
rm -f "$STATE/purge.told"
