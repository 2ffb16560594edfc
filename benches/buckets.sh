#!/usr/bin/env bash
# `feedmill publish` measured beside `aws s3 cp --recursive` and rclone, to one server on this machine: bash benches/buckets.sh
# [PROGRAM [TOPICS]]
#
# A thousand feeds (or so many as TOPICS says) are published whole, then again with nothing new, then with three feeds changed.
# PROGRAM is what `cargo build --release` makes, if none is named. The server is moto's, which serves one request at a time or
# hardly more: what it takes for so many requests is measured too, with curl, and most of what is measured is that.
# aws (Debian: awscli) and rclone are skipped if they are not here.
set -euo pipefail
cd "$(dirname "$0")/.."

topics=${2:-1000}
installed=$(tests/buckets/install.sh)
if [ $# -gt 0 ]; then
  feedmill=$(realpath "$1")
else
  cargo build --locked --quiet --release --bin feedmill
  feedmill=$(realpath "${CARGO_TARGET_DIR:-target}/release/feedmill")
fi

made=$(mktemp -d)
server=
stop() { [ -z "$server" ] || { kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; server=; }; }
trap 'stop; rm -rf "$made"' EXIT

# Nobody but the server is spoken to.
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
endpoint=http://127.0.0.1:$port
export AWS_ACCESS_KEY_ID=key AWS_SECRET_ACCESS_KEY=secret AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
export AWS_ENDPOINT_URL=$endpoint AWS_EC2_METADATA_DISABLED=true
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null RCLONE_CONFIG=$made/rclone.conf
export RCLONE_CONFIG_MOTO_TYPE=s3 RCLONE_CONFIG_MOTO_PROVIDER=Other RCLONE_CONFIG_MOTO_ENDPOINT=$endpoint
export RCLONE_CONFIG_MOTO_ENV_AUTH=true RCLONE_CONFIG_MOTO_REGION=us-east-1
# There is no TLS here, and rclone does not bear with it.
unset AWS_CA_BUNDLE
: >"$RCLONE_CONFIG"
signed="Authorization: AWS4-HMAC-SHA256 Credential=x/20200101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x"

# Each has a server of its own, which is as empty as that of the others.
start() {
  stop
  "$installed/venv/bin/python" -m moto.server -H 127.0.0.1 -p "$port" >"$made/moto.log" 2>&1 &
  server=$!
  for _ in $(seq 300); do
    if curl --silent --fail --output /dev/null --header "$signed" --request PUT "$endpoint/bucket"; then return; fi
    sleep 0.1
  done
  cat "$made/moto.log" >&2
  exit 1
}

# Three articles for each topic.
"${CARGO:-cargo}" run --locked --quiet --example articles -- $((topics * 3)) "$made/news"
# about FILE TOPIC ...: what an article is about.
about() {
  local file=$1 list
  shift
  list=$(printf '  - %s\\n' "$@")
  sed -i "/^topics:/,/^[^ ]/{/^ /d; s/^topics:.*/topics:\n${list%\\n}/}" "$file"
}
number=0
find "$made/news" -name '*.md' | sort >"$made/list"
while read -r file; do
  about "$file" "Topic $((number % topics))"
  number=$((number + 1))
done <"$made/list"
printf 'id: bench\nbase_url: https://feeds.example.org/\nlimit: 30\n' >"$made/feedmill.yaml"
build() { "$feedmill" build "$made/news" --no-cache --site "$made/feedmill.yaml" --out "$made/out" --now 2021-02-01 --quiet; }
build
files=$(find "$made/out" -type f ! -name '.*' | wc -l)
echo "$(find "$made/out" -name rss.xml | wc -l) feeds, $files files, $(du -sk "$made/out" | cut -f1) KiB"

# Seconds that something takes, or nothing if it fails.
seconds() {
  local begun
  begun=$(date +%s.%N)
  "$@" >"$made/said" 2>&1 || { cat "$made/said" >&2; return 1; }
  awk -v begun="$begun" -v ended="$(date +%s.%N)" 'BEGIN { printf "%.2f\n", ended - begun }'
}
publish() { "$feedmill" publish s3://bucket/feeds --site "$made/feedmill.yaml" --out "$made/out" --report "$made/report.json"; }
told() {
  python3 -c 'import json, sys; d = json.load(open(sys.argv[1]))["delivery"]; print(len(d["sent"]), "files sent,", d["requests"], "requests,", d["bytes"], "bytes")' "$made/report.json"
}
row() { printf '%-32s %8s s  %s\n' "$@"; }
ratio() { awk -v a="$1" -v b="$2" -v what="$3" 'BEGIN { printf "%.2f of %s", a / b, what }'; }

start
whole=$(seconds publish)
row "feedmill publish" "$whole" "$(told)"
row "feedmill publish, nothing new" "$(seconds publish)" "$(told)"
# The newest article goes from one topic to another: their feeds, and that of all topics.
about "$(tail -1 "$made/list")" "Topic 1"
build
row "feedmill publish, three feeds" "$(seconds publish)" "$(told)"

if command -v aws >/dev/null; then
  start
  # Debian's does not know the variable.
  aws=$(seconds aws --endpoint-url "$endpoint" s3 cp --recursive --quiet "$made/out" s3://bucket/feeds)
  row "aws s3 cp --recursive" "$aws" "feedmill takes $(ratio "$whole" "$aws" that)"
fi
if command -v rclone >/dev/null; then
  start
  rclone=$(seconds rclone copy --transfers 16 "$made/out" moto:bucket/feeds)
  row "rclone copy --transfers 16" "$rclone" "feedmill takes $(ratio "$whole" "$rclone" that)"
fi
# Requests that hardly cost anything to make: what the server takes for them.
start
find "$made/out" -type f ! -name '.*' -printf "upload-file = \"%p\"\nurl = \"$endpoint/bucket/feeds/%P\"\noutput = \"/dev/null\"\n" >"$made/curl"
curl=$(seconds curl --silent --parallel --parallel-max 16 --header "$signed" --config "$made/curl")
row "curl, 16 at a time, unsigned" "$curl" "feedmill takes $(ratio "$whole" "$curl" that)"
