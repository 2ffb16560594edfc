#!/bin/sh
# Builds the feeds here, and puts them on Netlify if anything changed. For cron: prints nothing when all is well.
#
# Exit status: 0 what is built is online; 1 it could not be sent, and is tried again at the next run, or feedmill ended with 1;
# 2 the build failed, and nothing was sent; 3 another run is at work.
set -eu

# The articles with their site file, and the folder that is deployed: `out` in the site file, or `host_root` if it has one.
ARTICLES=${ARTICLES:-/srv/news}
ROOT=${ROOT:-/srv/feeds}
NETLIFY=${NETLIFY:-npx --yes netlify-cli@27}
# What was sent last is remembered here.
STATE=${STATE:-$HOME/.local/state/feedmill}
# Whose account, and the token; nobody else must be able to read this file.
if [ -f "${SECRETS:=$HOME/.config/feedmill/netlify.env}" ]; then
  set -a
  # shellcheck source=/dev/null
  . "$SECRETS"
  set +a
fi

mkdir -p "$STATE"
# Sending may take longer than the time between two runs.
exec 9>"$STATE/lock"
flock -n 9 || exit 3

built=0
feedmill build "$ARTICLES" || built=$?
# With 0 and 1 what is there is good, and goes out. With 2 the build failed, with 3 somebody else is writing there.
[ "$built" -le 1 ] || exit "$built"
[ -d "$ROOT" ] || exit "$built"

# Nothing is sent if nothing changed since it was sent last.
(cd "$ROOT" && find . -name '.feedmill-*' -prune -o -type f -printf '%P\t%s\t%T@\n') | LC_ALL=C sort >"$STATE/now"
[ -s "$STATE/now" ] || exit "$built"
cmp -s "$STATE/now" "$STATE/deployed" && exit "$built"

# A copy, without the files that only a run at work needs, and that no other run changes meanwhile.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/site"
tar -C "$ROOT" --exclude='.feedmill-*' -cf - . | tar -C "$work/site" -xf -

# It looks for settings in the folder where it runs, and leaves files there.
cd "$work"
# shellcheck disable=SC2086 # NETLIFY is a command with its arguments
if timeout 15m $NETLIFY deploy --prod --no-build --dir site </dev/null >"$STATE/said" 2>&1 9>&-; then
  mv "$STATE/now" "$STATE/deployed"
  rm -f "$STATE/told"
  exit "$built"
fi
# Said once in 24 hours.
if [ -z "$(find "$STATE/told" -mmin -1440 2>/dev/null)" ]; then
  echo "the feeds could not be sent to Netlify; tried again at each run" >&2
  sed 's/^/  /' "$STATE/said" >&2
  touch "$STATE/told"
fi
exit 1
