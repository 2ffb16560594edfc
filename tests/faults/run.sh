#!/usr/bin/env bash
# Kills the program at its system calls, lets them fail, fills the disk, and starts it several times at once; and looks at what
# people would see after it: `tests/faults/run.sh PROGRAM [calls]`, with how many calls of each kind to try (30; 0 is all).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
program=$(realpath "${1:?the program to try}")
if ! command -v strace >/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends strace
  else
    echo "strace is not here: faults are not tried"
    exit 0
  fi
fi
exec python3 "$here/faults.py" "$program" "${2:-30}"
