#!/usr/bin/env bash
# Kills the program at its system calls, lets them fail, cuts the power, fills the disk, changes folders meanwhile, and starts it
# several times at once; and looks at what people would see after it: `tests/faults/run.sh PROGRAM [calls [PART ...]]`, with how
# many calls of each kind to try (30; 0 is all), and the parts of faults.py to play (all).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
program=$(realpath "${1:?the program to try}")
missing=()
command -v strace >/dev/null || missing+=(strace)
command -v cc >/dev/null || missing+=(gcc libc6-dev)
command -v mkfs.ext4 >/dev/null || missing+=(e2fsprogs)
command -v mkfs.xfs >/dev/null || missing+=(xfsprogs)
command -v mkfs.btrfs >/dev/null || missing+=(btrfs-progs)
/usr/bin/python3 -c "import fusepy" 2>/dev/null || missing+=(python3-fusepy)
if [ ${#missing[@]} -gt 0 ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
fi
if ! command -v strace >/dev/null; then
  echo "strace is not here: faults are not tried"
  exit 0
fi
exec python3 -B "$here/faults.py" "$program" "${2:-30}" "${@:3}"
