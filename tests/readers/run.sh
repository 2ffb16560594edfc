#!/usr/bin/env bash
# Do readers that others wrote show the same entries in rss.xml, atom.xml and feed.json, and import feeds.opml?
#
#   tests/readers/run.sh OUTPUT [SLUG ...]      SLUG: a topic's folder, or . for all topics; without one, everything
#
# Exits with 1 if a format is missing or anything differs, and says which file, reader, entry and field.
# The readers are installed in target/readers, or where FEEDMILL_READERS says.
set -euo pipefail

[ $# -gt 0 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
installed=${FEEDMILL_READERS:-$here/../../target/readers}
mkdir -p "$installed"
installed=$(cd "$installed" && pwd)

for program in python3 node npm; do
  command -v "$program" >/dev/null || { echo "$program is needed" >&2; exit 2; }
done

if ! cmp -s "$here/requirements.txt" "$installed/requirements.txt"; then
  python3 -m venv --clear "$installed/venv"
  "$installed/venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
  cp "$here/requirements.txt" "$installed/"
fi

if ! cmp -s "$here/package-lock.json" "$installed/lock-installed"; then
  cp "$here/package.json" "$here/package-lock.json" "$installed/"
  npm ci --prefix "$installed" --loglevel error --ignore-scripts --no-audit --no-fund
  cp "$here/package-lock.json" "$installed/lock-installed"
fi
# Node looks for packages beside the script that asks for them.
cp "$here/parsers.mjs" "$installed/"

if ! command -v newsboat >/dev/null && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends newsboat; } >/dev/null ||
    echo "newsboat could not be installed" >&2
fi

exec "$installed/venv/bin/python" "$here/compare.py" "$installed/parsers.mjs" "$@"
