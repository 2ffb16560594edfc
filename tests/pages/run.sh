#!/usr/bin/env bash
# What does a browser make of the pages? See check.mjs.
#
#   tests/pages/run.sh FEEDMILL [FOLDER]      FEEDMILL: the program; FOLDER: where screenshots go, if they are wanted
#
# The browser is that of CHROMIUM, or /usr/bin/chromium; as root on Debian, what is missing is installed. What drives it is
# installed in target/pages, or where FEEDMILL_BROWSER says.
set -euo pipefail

[ $# -gt 0 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 2; }
feedmill=$(realpath "$1")
shots=${2:+$(realpath -m "$2")}
here=$(cd "$(dirname "$0")" && pwd)
installed=${FEEDMILL_BROWSER:-$here/../../target/pages}
mkdir -p "$installed"
installed=$(cd "$installed" && pwd)

missing=()
[ -x "${CHROMIUM:=/usr/bin/chromium}" ] || missing+=(chromium)
command -v node >/dev/null || missing+=(nodejs)
command -v npm >/dev/null || missing+=(npm)
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "needed: ${missing[*]} (CHROMIUM names a Chromium elsewhere)" >&2
    exit 2
  fi
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends ca-certificates "${missing[@]}"
fi
export CHROMIUM

if ! cmp -s "$here/package-lock.json" "$installed/lock-installed"; then
  cp "$here/package.json" "$here/package-lock.json" "$installed/"
  npm ci --prefix "$installed" --loglevel error --ignore-scripts --no-audit --no-fund
  cp "$here/package-lock.json" "$installed/lock-installed"
fi
# Node looks for packages beside the script that asks for them.
cp "$here/check.mjs" "$installed/"

made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
build() { FEEDMILL_NOW=2020-11-23T00:00:00Z "$feedmill" build --no-cache --out "$made/$1" "${@:2}"; }
build many --site "$here/feedmill.yaml"
build hebrew --site "$here/hebrew.yaml"
build seeds "$here/../../seeds"
node "$installed/check.mjs" "$made" ${shots:+"$shots"}
