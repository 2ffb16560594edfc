#!/usr/bin/env bash
# Installs the stores of the tests in target/buckets, or where FEEDMILL_BUCKETS says, and prints where that is. What is there
# already is kept. Azurite is left out without Node and npm.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
installed=${FEEDMILL_BUCKETS:-$here/../../target/buckets}
mkdir -p "$installed"
installed=$(cd "$installed" && pwd)

command -v python3 >/dev/null || { echo "python3 is needed" >&2; exit 2; }
if ! cmp -s "$here/requirements.txt" "$installed/requirements.txt"; then
  python3 -m venv --clear "$installed/venv" >&2
  "$installed/venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt" >&2
  cp "$here/requirements.txt" "$installed/"
fi

if command -v node >/dev/null && command -v npm >/dev/null && ! cmp -s "$here/package-lock.json" "$installed/lock-installed"; then
  cp "$here/package.json" "$here/package-lock.json" "$installed/"
  npm ci --prefix "$installed" --loglevel error --ignore-scripts --no-audit --no-fund >&2
  cp "$here/package-lock.json" "$installed/lock-installed"
fi
echo "$installed"
