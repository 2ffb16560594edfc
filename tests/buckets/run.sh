#!/usr/bin/env bash
# Does `feedmill publish` bring the output to S3, Azure and Google Cloud Storage, whatever happens on the way? See check.py.
#
#   tests/buckets/run.sh FEEDMILL [CASE ...]      FEEDMILL: the program; CASE: a part of the name of a case; without one, all
#
# The stores are servers on this machine: moto's for S3, Azurite, and gcs.py, since none that could be had for Google's knows its
# conditions. Between them and the program stands proxy.py, which refuses, delays and breaks off. Nobody else is spoken to.
# They are installed by install.sh. Without Node, Azure is skipped, which is said.
set -euo pipefail

[ $# -gt 0 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 2; }
feedmill=$(realpath "$1")
shift
here=$(cd "$(dirname "$0")" && pwd)
installed=$("$here/install.sh")
azurite=
if command -v node >/dev/null && [ -e "$installed/lock-installed" ]; then
  azurite=$installed/node_modules/azurite/dist/src/blob/main.js
else
  echo "az: Node and npm are not installed, skipped"
fi

made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
# What asks for keys of this machine's own, in a test or in a server of the tests, finds none.
export AWS_EC2_METADATA_DISABLED=true
"$installed/venv/bin/python" -B "$here/check.py" "$feedmill" "$made" "$azurite" "$@"
