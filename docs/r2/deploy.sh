#!/bin/sh
# Builds the feeds here, publishes what changed to R2, and has Cloudflare fetch it anew. For cron: prints nothing when all is well.
#
# Exit status: 0 readers get what is built; 1 Cloudflare could not be told what changed, and is at the next run, or the build
# ended with 1; 2 the build failed, or publishing did; 3 another run is at work. After a build that does not end with 0, nothing
# is published.
set -eu

# The articles with their site file, in which `destination` is, and the folder that the feeds are built in.
ARTICLES=${ARTICLES:-/srv/news}
OUT=${OUT:-/srv/feeds}
# The zone that the custom domain is of: its id stands on its page.
ZONE=${ZONE:-0123456789abcdef0123456789abcdef}
# Cloudflare takes 100 addresses at a time.
MOST=${MOST:-100}
API=${API:-https://api.cloudflare.com/client/v4}
# A file for curl with the token that may purge, and one with the bucket's keys; nobody else must be able to read them. Neither
# is ever an argument of a program, which everybody could see.
TOKEN=${TOKEN:-$HOME/.config/feedmill/purge.curl}
if [ -f "${SECRETS:=$HOME/.config/feedmill/r2.env}" ]; then
  set -a
  # shellcheck source=/dev/null
  . "$SECRETS"
  set +a
fi
# What Cloudflare is yet to be told is remembered here.
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

# Adds what a run has published to what Cloudflare is yet to be told.
gather() {
  [ -s "$STATE/changed" ] || return 0
  touch "$STATE/purge"
  LC_ALL=C sort -u "$STATE/purge" "$STATE/changed" >"$STATE/purge.new"
  mv "$STATE/purge.new" "$STATE/purge"
  rm "$STATE/changed"
}

# Tells Cloudflare the addresses that come in. It answers with JSON, whatever becomes of it.
purge() {
  awk 'BEGIN { printf "{\"files\":[" } { printf "%s\"%s\"", (NR > 1 ? "," : ""), $0 } END { print "]}" }' >"$STATE/body" &&
    curl --silent --show-error --max-time 60 --config "$TOKEN" --header "Content-Type: application/json" \
      --data-binary "@$STATE/body" "$API/zones/$ZONE/purge_cache" >"$STATE/said" 2>&1 9>&- &&
    grep -q '"success": *true' "$STATE/said"
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

while [ -s "$STATE/purge" ]; do
  if ! head -n "$MOST" "$STATE/purge" | purge; then
    tell purge "the feeds are published, and Cloudflare could not be told"
    exit 1
  fi
  tail -n "+$((MOST + 1))" "$STATE/purge" >"$STATE/purge.new"
  mv "$STATE/purge.new" "$STATE/purge"
done
rm -f "$STATE/purge.told"
