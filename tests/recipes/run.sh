#!/usr/bin/env bash
# Do the recipes in docs/ do what they say? Each is tried with its own files: a first run, one with nothing new, which prints
# and changes nothing, and one with a broken article in the folder, which is told of while the rest goes out.
#
#   tests/recipes/run.sh FEEDMILL [RECIPE ...]      FEEDMILL: the program; RECIPE: a folder in docs/; without one, all
#
# What cannot be had here is stood in for: servers are folders, ssh a script that runs what it is told here, wrangler's and
# Netlify's uploads copies; GitHub Actions is workflow.mjs, AWS and R2 are moto's server, and Cloudflare's API is purge.py. nginx,
# rsync, systemd's checks, actionlint, cfn-lint, the tool of AWS and what serves as Cloudflare Pages does are real. As root on
# Debian, what is missing is installed; else its part is skipped, which is said. Packages of npm and PyPI are installed in
# target/recipes, or where FEEDMILL_RECIPES says.
set -euo pipefail

[ $# -gt 0 ] || { sed -n '2,11s/^# \{0,1\}//p' "$0"; exit 2; }
feedmill=$(realpath "$1")
shift
here=$(cd "$(dirname "$0")" && pwd)
docs=$(realpath "$here/../../docs")
installed=${FEEDMILL_RECIPES:-$here/../../target/recipes}
PATH=$PATH:/usr/sbin

made=$(mktemp -d)
# A server that is started by root reads as somebody else.
chmod 755 "$made"
server=
servers=()
# The programs that are started may have others below them.
stop() {
  local each
  for each in $server "${servers[@]}"; do
    kill -- "-$each" 2>/dev/null || true
    wait "$each" 2>/dev/null || true
  done
  server=
  servers=()
}
trap 'stop; rm -rf "$made"' EXIT

# Whether a program is there, or can be installed.
have() {
  command -v "$1" >/dev/null && return
  if install_package "$2" && command -v "$1" >/dev/null; then return; fi
  echo "$recipe: $1 is not installed, skipped"
  return 1
}
install_package() {
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then return 1; fi
  { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$1"; } >/dev/null
}

# Whether what npm brings is there, or can be installed.
have_packages() {
  have node nodejs && have npm npm || return
  [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] || { echo "$recipe: Node 20 is needed, skipped"; return 1; }
  mkdir -p "$installed"
  installed=$(cd "$installed" && pwd)
  if ! cmp -s "$here/package-lock.json" "$installed/lock-installed"; then
    cp "$here/package.json" "$here/package-lock.json" "$installed/"
    npm ci --prefix "$installed" --loglevel error --ignore-scripts --no-audit --no-fund || {
      echo "$recipe: npm cannot install what is in package.json, skipped"
      return 1
    }
    cp "$here/package-lock.json" "$installed/lock-installed"
  fi
  # Node looks for packages beside the script that asks for them.
  cp "$here"/*.mjs "$installed/"
}

# Whether what pip brings is there, or can be installed.
have_python() {
  have python3 python3 || return
  python3 -c 'import ensurepip' 2>/dev/null || install_package python3-venv || true
  mkdir -p "$installed"
  installed=$(cd "$installed" && pwd)
  if ! cmp -s "$here/requirements.txt" "$installed/requirements.txt"; then
    { python3 -m venv --clear "$installed/python" &&
      "$installed/python/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"; } || {
      echo "$recipe: pip cannot install what is in requirements.txt, skipped"
      return 1
    }
    cp "$here/requirements.txt" "$installed/"
  fi
}

free_port() {
  node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })' 2>/dev/null ||
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

failed=0
fault() { echo "$recipe: $1" >&2; failed=1; }

# What was found, and what was wanted.
is() { [ "$2" = "$3" ] || fault "$1: $(printf '%q and not %q' "$2" "$3")"; }
has() { grep -qF -- "$3" "$2" || fault "$1: no \"$3\" in $(basename "$2"):"$'\n'"$(head -40 "$2")"; }
has_not() { ! grep -qF -- "$3" "$2" || fault "$1: \"$3\" in $(basename "$2"):"$'\n'"$(head -40 "$2")"; }

# Runs what cron or systemd would; sets status, and the file $said has all that it printed.
said=$made/said
tell() {
  status=0
  "$@" >"$said" 2>&1 </dev/null || status=$?
}
# It did what it was to do, and printed nothing.
quiet() {
  is "$1: status" "$status" "${2:-0}"
  is "$1: printed" "$(cat "$said")" ""
}
# It named the broken article, once, and nothing else.
named() {
  is "$1: status" "$status" 0
  is "$1: lines about errors" "$(grep -c 'error' "$said")" 1
  has "$1" "$said" "broken.md:3:7: error: \`date\` is not a date that can be read"
}

# Puts an article in the folder: name, topic.
article() {
  printf -- '---\ntitle: %s\ndate: 2020-11-13\nlink: https://example.org/%s\ntopics: [%s]\n---\n' "$1" "$1" "$2" >"$news/$1.md"
}
break_one() { printf -- '---\ntitle: broken\ndate: yesterday\nlink: https://example.org/broken\n---\n' >"$news/broken.md"; }
# A folder of its own for a recipe, with articles in it; sets root, news and out.
begin() {
  root=$made/$recipe${1:-}
  news=$root/news
  out=$root/out
  mkdir -p "$news" "$root/home" "$root/bin" "$root/tmp"
  # The program; with another status than it has, if the test says so.
  # shellcheck disable=SC2016 # for the script
  printf '#!/bin/sh\n"%s" "$@"\nstatus=$?\n[ ! -e "%s/status" ] || status=$(cat "%s/status")\nexit $status\n' \
    "$feedmill" "$root" "$root" >"$root/bin/feedmill"
  chmod +x "$root/bin/feedmill"
  printf 'id: recipe\nbase_url: https://feeds.example.org/\n' >"$news/feedmill.yaml"
  article one Chips
  article two Chips
  article three Software
}

# What is in folders, and when it was written: for "nothing changed".
all_of() { find "$@" -type f -printf '%p %s %T@ %C@\n' | sort; }

# The program ends with a status: with 1 what it made is deployed, but to buckets, with 2 and 3 not. Where it is deployed to, what
# status is wanted after 2, 3 and 1, and what deploys.
statuses() {
  local where=$1 wanted=$2 each
  shift 2
  for each in 2 3 1; do
    article "status-$each" Chips
    echo "$each" >"$root/status"
    "$@"
    is "status $each: status" "$status" "${wanted%% *}"
    wanted=${wanted#* }
    if [ "$each" = 1 ] && [ -z "${strict_stops:-}" ]; then
      has "status $each" "$where/chips/rss.xml" "status-$each"
    else
      has_not "status $each" "$where/chips/rss.xml" "status-$each"
    fi
  done
  rm "$root/status"
}

# What cron gives a program: nothing of what a person has.
# shellcheck disable=SC2317 # `tell` calls it
as_cron() {
  env -i TMPDIR="$root/tmp" HOME="$root/home" LOGNAME=user SHELL=/bin/sh PATH="$root/bin:/usr/bin:/bin" "${more[@]}" /bin/sh -c "$1"
}
# The command of a crontab, and its variables besides; paths are made those of here with `-e` of sed.
from_crontab() {
  local lines
  lines=$(sed "${@:2}" "$1" | sed '/^#/d; /^$/d')
  more=()
  while read -r line; do
    case $line in
      [A-Z]*=*) more+=("$line") ;;
      *) command=$(printf '%s\n' "$line" | sed 's/^\([^ ]* \)\{5\}//') ;;
    esac
  done <<<"$lines"
  if { crontab -h 2>&1 || true; } | grep -q 'dry run'; then
    tell crontab -n "$1"
    is "crontab -n: status" "$status" 0
  else
    echo "$recipe: no cron here that reads a crontab without using it (crontab -n), skipped"
  fi
  is "crontab: when" "$(printf '%s\n' "$lines" | sed -n '$s/ [^ *].*//p')" "*/5 * * * *"
}

try_cron() {
  begin
  from_crontab "$docs/cron/crontab" -e "s|/usr/local/bin|$root/bin|; s|/srv/news|$news|; s|/srv/www/feeds|$out|"
  tell as_cron "$command"
  quiet "first run"
  [ -s "$out/chips/rss.xml" ] || fault "no feed"
  before=$(all_of "$out")
  tell as_cron "$command"
  quiet "nothing new"
  is "nothing new" "$(all_of "$out")" "$before"
  break_one
  article four Chips
  tell as_cron "$command"
  named "broken article"
  has "broken article" "$out/chips/rss.xml" four
  tell as_cron "$command"
  quiet "told before"
  rm "$news/broken.md"
  tell as_cron "$command"
  quiet "mended"
  rm "$news"/*.md
  tell as_cron "$command"
  is "no articles: status" "$status" 2
  has "no articles" "$said" "they stay as they are"
  has "no articles" "$out/chips/rss.xml" four
}

try_systemd() {
  have systemd-analyze systemd || return 0
  begin
  local units=$root/units unit
  mkdir "$units"
  for unit in "$docs"/systemd/feedmill.* "$docs"/nginx/feedmill-nginx.*; do
    sed "s|/usr/local/bin/feedmill|$feedmill|; s|/usr/sbin/nginx|/bin/true|; s|/usr/bin/systemctl|/bin/true|" "$unit" >"$units/$(basename "$unit")"
  done
  # nginx brings its own.
  printf '[Service]\nExecStart=/bin/true\n' >"$units/nginx.service"
  tell env SYSTEMD_UNIT_PATH="$units:" systemd-analyze verify --man=no "$units"/feedmill*
  quiet "systemd-analyze verify"
  # How much it could do that it need not, of 10: 2 and less is little.
  tell systemd-analyze security --offline=true --threshold=20 --no-pager "$units/feedmill.service"
  is "systemd-analyze security: status" "$status" 0
  mkdir "$root/state" "$root/cache"
  local start
  start=$(sed -n 's/^ExecStart=//p' "$docs/systemd/feedmill.service" | sed "s|/usr/local/bin|$root/bin|; s|/srv/news|$news|; s|/srv/www/feeds|$out|")
  # The cache is where the unit says: below what it may write to.
  has "cache" "$docs/systemd/feedmill.service" "Environment=XDG_CACHE_HOME=/var/cache"
  has "cache" "$docs/systemd/feedmill.service" "CacheDirectory=feedmill"
  more=(STATE_DIRECTORY="$root/state" XDG_CACHE_HOME="$root/cache" HOME=/nonexistent)
  tell as_cron "$start"
  quiet "first run"
  [ -d "$root/cache/feedmill" ] || fault "no $root/cache/feedmill"
  before=$(all_of "$out")
  tell as_cron "$start"
  quiet "nothing new"
  is "nothing new" "$(all_of "$out")" "$before"
  break_one
  article four Chips
  tell as_cron "$start"
  named "broken article"
  has "broken article" "$out/chips/rss.xml" four
  has "broken article" "$root/state/report.json" "broken.md"
  tell as_cron "$start"
  quiet "told before"
  has "told before" "$root/state/report.json" "broken.md"
  # What another run is at work on.
  if command -v flock >/dev/null; then
    tell flock "$out" env -i XDG_CACHE_HOME="$root/cache" "$feedmill" build "$news" --out "$out" --force
    is "another run at work: status" "$status" 3
    has "another run at work" "$docs/systemd/feedmill.service" "SuccessExitStatus=3"
  fi
}

# Two servers, of which one may be down.
try_rsync() {
  have rsync rsync && have flock util-linux || return 0
  begin
  local each one=$root/one.example.org/srv/www/feeds two=$root/two.example.org/srv/www/feeds
  mkdir -p "$one" "$two"
  cat >"$root/bin/ssh" <<EOF
#!/bin/bash
# Called as ssh is: options, a user and a host, and what to run there, which is in a folder here.
while [ "\${1#-}" != "\$1" ]; do shift 2; done
host=\${1#*@}
[ ! -e "$root/\$host.down" ] || { echo "ssh: connect to host \$host port 22: Connection refused" >&2; exit 255; }
shift
exec "\${@/#\/srv/$root/\$host/srv}"
EOF
  chmod +x "$root/bin/ssh"
  cp "$docs/rsync/deploy.sh" "$root/bin/feedmill-deploy"
  from_crontab "$docs/rsync/crontab" -e "s|/usr/local/bin|$root/bin|"
  more+=(ARTICLES="$news" OUT="$out")
  printf 'also: [old/feed.xml]\nhost: nginx\n' >>"$news/feedmill.yaml"
  echo "of others" >"$one/robots.txt"

  tell as_cron "$command"
  quiet "first run"
  is "on both servers" "$(diff -r "$out" "$two" 2>&1)" ""
  is "on both servers" "$(diff -r -x robots.txt "$out" "$one" 2>&1)" ""
  is "times" "$(cd "$one" && find . -name '*.xml' -printf '%p %T@\n' | sort)" "$(cd "$out" && find . -name '*.xml' -printf '%p %T@\n' | sort)"
  is "what came last" "$(find "$one" -type f -printf '%C@ %P\n' | sort -n | tail -1 | cut -d ' ' -f 2)" feedmill.json
  before=$(all_of "$one" "$two")
  tell as_cron "$command"
  quiet "nothing new"
  is "nothing new" "$(all_of "$one" "$two")" "$before"
  before=$(stat -c %Z "$one/software/rss.xml" "$one/assets"/*)
  is "pages after feeds" "$(find "$one" -name rss.xml -newercc "$one/index.html")" ""
  # Of the same size and second, and another file all the same.
  for each in 1 2; do
    echo "$each" >"$out/own.txt"
    touch -d "2020-11-13 00:00:00.$each" "$out/own.txt"
    tell as_cron "$command"
    is "file of the same second" "$(cat "$one/own.txt")" "$each"
  done
  # A run at work, and what locks where a folder cannot be locked.
  mkdir "$out/.feedmill-run"
  touch "$out/.feedmill-run/1" "$out/.feedmill-lock"

  break_one
  article four Chips
  tell as_cron "$command"
  named "broken article"
  has "broken article" "$one/chips/rss.xml" four
  has "broken article" "$two/chips/rss.xml" four
  is "hidden files" "$(find "$one" -name '.*')" ""
  is "what did not change is not sent" "$(stat -c %Z "$one/software/rss.xml" "$one/assets"/*)" "$before"
  tell as_cron "$command"
  quiet "told before"
  rm "$news/broken.md"

  touch "$root/one.example.org.down"
  article five Hardware
  tell as_cron "$command"
  is "a server is down: status" "$status" 1
  has "a server is down" "$said" "deploy@one.example.org:/srv/www/feeds: the feeds could not be sent"
  has_not "a server is down" "$said" two.example.org
  has "a server is down" "$two/hardware/rss.xml" five
  tell as_cron "$command"
  quiet "still down" 1
  # What goes meanwhile is not forgotten.
  printf 'stale: remove\n' >>"$news/feedmill.yaml"
  sed -i '/^also/d' "$news/feedmill.yaml"
  rm "$news/three.md"
  tell as_cron "$command"
  is "a topic goes: status" "$status" 1
  [ ! -e "$two/software/rss.xml" ] || fault "a feed that is gone stays on a server"
  rm "$root/one.example.org.down"
  tell as_cron "$command"
  quiet "up again"
  is "up again" "$(diff -r -x robots.txt -x '.feedmill-*' "$out" "$one" 2>&1 | grep -v 'Only in .*: software')" ""
  [ ! -e "$one/software/rss.xml" ] || fault "a feed that is gone stays on the server that was down"
  is "files of others" "$(cat "$one/robots.txt")" "of others"
  statuses "$one" "2 3 1" tell as_cron "$command"
  tell as_cron "$command"
  quiet "after it"
  is "both the same" "$(diff -r -x robots.txt "$one" "$two" 2>&1)" ""

  rm "$news"/*.md
  tell as_cron "$command"
  is "no articles: status" "$status" 2
  has "no articles" "$one/chips/rss.xml" four
  # A folder that is not there, as when it is not mounted.
  mv "$out" "$out.away"
  tell as_cron "$command"
  [ -s "$one/chips/rss.xml" ] || fault "an output folder that is gone takes the feeds on the servers with it"
}

# The script for cron of a host that takes uploads: what it is called in the environment.
try_upload() {
  have flock util-linux || return 1
  begin
  out=$root/site
  cp "$docs/$recipe/deploy.sh" "$root/bin/feedmill-deploy"
  sed "s|/srv/feeds|$out|" "$docs/$recipe/feedmill.yaml" >"$news/feedmill.yaml"
  from_crontab "$docs/$recipe/crontab" -e "s|/usr/local/bin|$root/bin|"
  online=$root/online
  cat >"$root/bin/uploader" <<EOF
#!/bin/bash
echo "Uploading"
echo "\$*" >>"$root/uploads"
[ ! -e "$root/down" ] || { echo "the host is down" >&2; exit 1; }
touch .wrangler
for argument; do
  case \$argument in --*) ;; *) if [ -d "\$argument" ]; then rm -rf "$online" && cp -r "\$argument" "$online"; fi ;; esac
done
EOF
  chmod +x "$root/bin/uploader"
  : >"$root/uploads"
  more+=(ARTICLES="$news" ROOT="$out" "$1=$root/bin/uploader")
  tell as_cron "$command"
  quiet "first run"
  is "uploaded" "$(diff -r "$out" "$online" 2>&1)" ""
  [ -s "$online/_headers" ] || fault "no _headers where the host looks for it"
  tell as_cron "$command"
  quiet "nothing new"
  is "nothing new: uploads" "$(wc -l <"$root/uploads")" 1
  mkdir "$out/.feedmill-run"
  touch "$out/.feedmill-run/1" "$out/.feedmill-lock"
  break_one
  article four Chips
  tell as_cron "$command"
  named "broken article"
  has "broken article" "$online/chips/rss.xml" four
  is "hidden files" "$(find "$online" -name '.*')" ""
  tell as_cron "$command"
  quiet "told before"
  rm "$news/broken.md"
  touch "$root/down"
  # A topic that moves.
  printf 'topics: {Programs: {former: [software], key: Software}}\n' >>"$news/feedmill.yaml"
  article three Programs
  tell as_cron "$command"
  is "the host is down: status" "$status" 1
  has "the host is down" "$said" "the feeds could not be sent"
  tell as_cron "$command"
  quiet "still down" 1
  rm "$root/down"
  tell as_cron "$command"
  quiet "up again"
  has "up again" "$online/programs/rss.xml" three
  is "copies left over" "$(ls -A "$root/tmp")" ""
  statuses "$online" "2 3 1" tell as_cron "$command"
  tell as_cron "$command"
  quiet "after it"
  rm "$root/uploads"
  mv "$news" "$news.away"
  mkdir "$news"
  cp "$news.away/feedmill.yaml" "$news/"
  tell as_cron "$command"
  is "no articles: status" "$status" 2
  [ ! -e "$root/uploads" ] || fault "a build that failed is uploaded"
}

# What GitHub has for a workflow: a repository with the articles in it, and a runner. Of the workflow it is tried what can be before
# it is run; `run_workflow EVENT` runs it then.
on_github() {
  file=$1
  tell node "$installed/workflow.mjs" lint "$file"
  quiet "actionlint"
  mkdir "$root/scripts"
  node "$installed/workflow.mjs" scripts "$file" "$root/scripts"
  tell shellcheck -s bash "$root"/scripts/*.sh
  quiet "shellcheck"
  printf '#!/bin/sh\nexit 0\n' >"$root/bin/rustup"
  # shellcheck disable=SC2016 # for the script
  printf '#!/bin/sh\necho "building" >>"$ROOT/built"\nwhile [ "$1" != --root ]; do shift; done\nmkdir -p "$2/bin"\ncp %s "$2/bin/"\n' "$root/bin/feedmill" >"$root/bin/cargo"
  chmod +x "$root/bin"/*
  copy=$root/server/owner/repo work=$root/work
  git init --quiet --bare --initial-branch main "$copy"
  git init --quiet --initial-branch main "$work"
  mv "$news" "$work/news"
  news=$work/news
  run_workflow() {
    git -C "$work" add --all
    git -C "$work" -c user.name=x -c user.email=x@example.org commit --quiet --allow-empty --message x
    git -C "$work" push --quiet --force "$copy" main
    status=0
    PATH=$root/bin:$PATH GIT_CONFIG_GLOBAL=/dev/null node "$installed/workflow.mjs" run "$file" "$root" "$1" >"$said" 2>&1 || status=$?
    cat "$root/log" >>"$said"
  }
  # Lines that are neither of a step nor empty.
  is_silent() { is "$1: printed" "$(sed '/^# /d; /^$/d' "$root/log")" ""; }
}

# A workflow, step by step.
try_workflow() {
  have git git && have jq jq && have shellcheck shellcheck || return 1
  begin -workflow
  local file copy work
  # What is there besides, and what publishes elsewhere.
  # shellcheck disable=SC2016 # for the script
  printf '#!/bin/sh\n[ "$*" = "auth setup-git" ] && [ "$GH_TOKEN" = token-of-the-run ]\n' >"$root/bin/gh"
  cat >"$root/bin/npx" <<'EOF'
#!/bin/bash
[ -z "$FAIL_TO_PUBLISH" ] || exit 1
[ -n "$CLOUDFLARE_API_TOKEN$NETLIFY_AUTH_TOKEN" ] || exit 1
for argument; do
  if [ -d "$argument" ]; then rm -rf "$ROOT/online" && cp -r "$argument" "$ROOT/online"; fi
done
EOF
  on_github "$docs/$recipe/feeds.yml"
  [ ! -e "$docs/$recipe/feedmill.yaml" ] || printf 'host: %s\n' "$recipe" >>"$news/feedmill.yaml"
  kept() { git -C "$copy" rev-parse --verify --quiet published || true; }

  rm -f "$news"/*.md
  run_workflow push
  is "no article yet: status" "$status" 0
  is "no article yet" "$(kept)$(find "$root" -name online)" ""
  article one Chips
  article two Chips
  article three Software
  run_workflow push
  is "first run: status" "$status" 0
  is_silent "first run"
  [ -s "$root/online/chips/rss.xml" ] || fault "first run: nothing online"
  is "built once" "$(wc -l <"$root/built")" 1
  local first
  first=$(kept)
  is "kept" "$(git -C "$copy" ls-tree -r --name-only published | sort)" "$(cd "$root/online" && find . -type f -printf '%P\n' | sort)"
  touch "$root/online/untouched"
  run_workflow schedule
  is "nothing new: status" "$status" 0
  is_silent "nothing new"
  is "nothing new" "$(kept)$(find "$root/online" -name untouched -printf ' untouched')" "$first untouched"
  run_workflow workflow_dispatch
  is "by hand: status" "$status" 0
  [ ! -e "$root/online/untouched" ] || fault "by hand: not published"

  break_one
  article four Chips
  # A topic that moves: known from what is kept.
  article three Programs
  printf 'topics: {Programs: {former: [software], key: Software}}\n' >>"$news/feedmill.yaml"
  run_workflow push
  # It is red, though all else is published.
  is "broken article: status" "$status" 1
  has "broken article" "$root/log" "# errors / Articles with errors: failed"
  is "broken article: failed" "$(grep -c 'failed' "$root/log")" 1
  has "broken article" "$root/log" "::error file=news/broken.md,line=3,col=7"
  is "broken article: annotations" "$(grep -c '^::' "$root/log")" 1
  has "broken article" "$root/online/chips/rss.xml" four
  [ -s "$root/online/software/rss.xml" ] || fault "a topic that moved leaves no feed behind"
  run_workflow schedule
  is "broken article, by the clock: status" "$status" 0
  has "broken article, by the clock" "$root/log" "::error file=news/broken.md,line=3,col=7"
  rm "$news/broken.md"

  article five Chips
  before=$(kept)
  FAIL_TO_PUBLISH=1 run_workflow push
  is "publishing fails: status" "$status" 1
  is "publishing fails" "$(kept)" "$before"
  run_workflow schedule
  is "publishing goes again: status" "$status" 0
  has "publishing goes again" "$root/online/chips/rss.xml" five
  statuses "$root/online" "1 1 0" run_workflow push

  before=$(kept)
  rm "$news"/*.md
  run_workflow push
  is "no articles: status" "$status" 1
  has "no articles" "$root/log" "they stay as they are"
  has "no articles" "$root/log" "# build / Build: failed: status 2"
  is "no articles" "$(kept)" "$before"
  # A server that cannot be asked is no first run.
  article six Chips
  git -C "$work" add --all
  mv "$copy/refs" "$copy/away"
  status=0
  (cd "$work" && git ls-remote --exit-code "file://$copy" refs/heads/published) >/dev/null 2>&1 || status=$?
  case $status in 0 | 2) fault "a repository that cannot be read looks like one without the branch" ;; esac
  is "one commit is kept" "$(mv "$copy/away" "$copy/refs" && git -C "$copy" rev-list --count published)" 1
}

# What stands for AWS: moto's server. Everybody may do everything there, until `enforce yes`.
start_aws() {
  local port
  port=$(free_port)
  aws_at=http://127.0.0.1:$port
  : >"$made/log"
  set -m
  env HOME="$root/tmp" AWS_EC2_METADATA_DISABLED=true INITIAL_NO_AUTH_ACTION_COUNT=1000000000 \
    "$installed/python/bin/moto_server" -H 127.0.0.1 -p "$port" >"$made/log" 2>&1 </dev/null &
  server=$!
  set +m
  answers "$port"
}
# Whether it looks at keys and policies: yes or no. It reckons the signature of a list wrong, so not always.
enforce() {
  local free=1000000000
  [ "$1" = no ] || free=0
  curl --silent --fail --header 'Content-Type: text/plain' --data "$free" "$aws_at/moto-api/reset-auth" >/dev/null
}
# What the owner of the account does.
owner() {
  env -i PATH=/usr/bin:/bin HOME="$root/tmp" AWS_ENDPOINT_URL="$aws_at" AWS_ACCESS_KEY_ID=owner AWS_SECRET_ACCESS_KEY=owner \
    AWS_REGION=eu-central-1 AWS_DEFAULT_REGION=eu-central-1 AWS_EC2_METADATA_DISABLED=true "$installed/python/bin/aws" "$@"
}
# The account as the template makes it, as far as moto knows how. Sets policy, of those who may publish, and distribution.
account() {
  local template=$docs/s3-cloudfront/template.yaml
  tell "$installed/python/bin/cfn-lint" "$template"
  quiet "cfn-lint"
  tell owner cloudformation deploy --stack-name feeds --template-file "$template" --capabilities CAPABILITY_IAM \
    --parameter-overrides BucketName=example-feeds Folder=feeds
  is "template: status" "$status" 0
  policy=$(owner iam list-policies --scope Local --query 'Policies[0].Arn' --output text)
  is "what may be done" "$(owner iam get-policy-version --policy-arn "$policy" --version-id v1 --output json |
    jq -r '[.PolicyVersion.Document.Statement[].Action] | flatten | sort | join(" ")')" \
    "cloudfront:CreateInvalidation s3:DeleteObject s3:GetObject s3:ListBucket s3:PutObject"
  distribution=$(owner cloudfront create-distribution --origin-domain-name example-feeds.s3.amazonaws.com --query Distribution.Id --output text)
}
# The tool of AWS as a recipe finds it: what it has told CloudFront is lines of $root/told.
aws_tool() {
  cat >"$root/bin/aws" <<EOF
#!/bin/bash
"$installed/python/bin/aws" "\$@" || exit
[ "\$1" = cloudfront ] || exit 0
while [ "\$1" != --paths ]; do shift; done
printf '%s\n' "\${@:2}" >>"$root/told"
EOF
  chmod +x "$root/bin/aws"
  : >"$root/told"
}
# What was told since it was asked last.
told() {
  sort "$root/told"
  : >"$root/told"
}
# What is in the bucket, as files in $online, and as a list with times.
mirror() {
  rm -rf "$online"
  mkdir "$online"
  owner s3 sync --quiet s3://example-feeds/feeds "$online"
}
and_mirror() {
  "$@"
  mirror
}
objects() { owner s3api list-objects-v2 --bucket example-feeds --query 'Contents[].[Key,ETag,LastModified]' --output text; }
# The types of objects, and the caching, as said.
labels() {
  local each
  for each in rss.xml:application/rss+xml atom.xml:application/xml feed.json:application/json index.html:text/html; do
    is "labels" "$(owner s3api head-object --bucket example-feeds --key "feeds/chips/${each%%:*}" --query '[ContentType,CacheControl]' --output text)" \
      "${each#*:}; charset=utf-8"$'\t'"$1"
  done
}
# When it comes to publishing, another run is at work or there is no bucket, if the test says so.
trouble_in_publishing() {
  sed -i -e "1a [ \"\$1\" = publish ] && [ -e '$root/busy' ] && exec flock '$out' '$feedmill' \"\$@\"" \
    -e "1a [ \"\$1\" = publish ] && [ -e '$root/no-bucket' ] && export FEEDMILL_DESTINATION=s3://no-such-bucket" "$root/bin/feedmill"
}

# The script for cron that publishes to a bucket. What it has told whoever stands before that is in $root/told: addresses, or
# paths, which begin as said. With `down` nobody can be told, for a reason as said, with `up` again.
try_bucket() {
  local begins=$1 refusal=$2 each before files
  cp "$docs/$recipe/deploy.sh" "$root/bin/feedmill-deploy"
  cp "$docs/$recipe/feedmill.yaml" "$news/feedmill.yaml"
  trouble_in_publishing
  rm "$news"/*.md
  tell as_cron "$command"
  is "no article yet: status" "$status" 0
  is "no article yet" "$(objects)$(told)" None
  article one Chips
  article two Chips
  article three Software
  tell as_cron "$command"
  quiet "first run"
  mirror
  is "published" "$(diff -r -x feedmill.json "$out" "$online" 2>&1)" ""
  is "told" "$(told)" "$(cd "$out" && find . -type f ! -name feedmill.json -printf "$begins%P\n" | sed 's|^\(.*/\)index.html$|&\n\1|' | sort)"
  labels "$3"
  before=$(objects)
  files=$(all_of "$out")
  tell as_cron "$command"
  quiet "nothing new"
  is "nothing new" "$(objects)$(all_of "$out")$(told)" "$before$files"

  break_one
  article four Chips
  tell as_cron "$command"
  named "broken article"
  mirror
  has "broken article" "$online/chips/rss.xml" four
  told >"$root/last"
  is "told of it" "$(grep /chips/ "$root/last")" "$(printf "${begins}chips/%s\n" "" atom.xml feed.json index.html rss.xml)"
  has_not "told of it" "$root/last" "software/rss.xml"
  tell as_cron "$command"
  quiet "told before"
  is "told before" "$(told)" ""
  rm "$news/broken.md"

  down
  article five Hardware
  tell as_cron "$command"
  is "nobody can be told: status" "$status" 1
  has "nobody can be told" "$said" "the feeds are published, and Cloud"
  has "nobody can be told" "$said" "$refusal"
  mirror
  has "nobody can be told" "$online/hardware/rss.xml" five
  article six Chips
  tell as_cron "$command"
  quiet "still nobody" 1
  up
  is "nobody was told" "$(told)" ""
  tell as_cron "$command"
  quiet "told at last"
  told >"$root/last"
  has "told at last" "$root/last" "${begins}hardware/rss.xml"
  has "told at last" "$root/last" "${begins}chips/rss.xml"
  tell as_cron "$command"
  quiet "told once"
  is "told once" "$(told)" ""
  # A run that was killed when the feeds were published, and before that was told.
  echo "https://feeds.example.org/feeds/killed/" >"$state/changed"
  tell as_cron "$command"
  quiet "killed"
  is "killed" "$(told)" "${begins}killed/"

  touch "$root/no-bucket"
  article seven Chips
  tell as_cron "$command"
  is "no bucket: status" "$status" 2
  has "no bucket" "$said" "the feeds could not be published; tried again at each run"
  has "no bucket" "$said" "there is no bucket of this name"
  tell as_cron "$command"
  quiet "still no bucket" 2
  rm "$root/no-bucket"
  touch "$root/busy"
  tell as_cron "$command"
  is "busy: status" "$status" 3
  has "busy" "$said" "another run is writing here"
  rm "$root/busy"
  tell flock "$state/lock" env "${more[@]}" HOME="$root/home" PATH="$root/bin:$PATH" "$root/bin/feedmill-deploy"
  quiet "the run before is still at work" 3
  is "what is not published is not told" "$(told)" ""
  tell as_cron "$command"
  quiet "published again"
  mirror
  has "published again" "$online/chips/rss.xml" seven

  # A topic goes: its feed stays, unless it is to be removed.
  rm "$news/three.md"
  tell as_cron "$command"
  is "a topic goes: status" "$status" 0
  mirror
  [ -s "$online/software/rss.xml" ] || fault "a feed that is kept is gone from the bucket"
  printf 'stale: remove\n' >>"$news/feedmill.yaml"
  told >"$root/last"
  has_not "a topic goes" "$root/last" "software/rss.xml"
  tell as_cron "$command"
  is "a topic is removed: status" "$status" 0
  mirror
  [ ! -e "$online/software" ] || fault "a feed that is gone stays in the bucket"
  told >"$root/last"
  has "a topic is removed" "$root/last" "${begins}software/rss.xml"
  statuses "$online" "2 3 1" and_mirror tell as_cron "$command"
  is "what failed is not told" "$(told)" ""
  tell as_cron "$command"
  quiet "after it"
  mirror
  has "after it" "$online/chips/rss.xml" status-1
  told >"$root/last"
  rm "$news"/*.md
  and_mirror tell as_cron "$command"
  is "no articles: status" "$status" 2
  has "no articles" "$online/chips/rss.xml" four
  is "no articles" "$(told)" ""
  article one Chips
  article two Chips
  tell as_cron "feedmill build --force $news --out $out"
  tell as_cron "$command"
  told >"$root/last"
}

try_s3_cloudfront() {
  have flock util-linux && have curl curl && have jq jq && have node nodejs && have_python || return 0
  begin
  local strict_stops=yes online=$root/online state=$root/home/.local/state/feedmill key secret
  start_aws || { stop; return 0; }
  account
  owner iam create-user --user-name publisher >"$root/tmp/user"
  owner iam attach-user-policy --user-name publisher --policy-arn "$policy"
  read -r key secret < <(owner iam create-access-key --user-name publisher --query 'AccessKey.[AccessKeyId,SecretAccessKey]' --output text)
  mkdir "$root/home/.aws"
  printf '[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$key" "$secret" >"$root/home/.aws/credentials"
  printf '[default]\nregion = eu-central-1\nendpoint_url = %s\n' "$aws_at" >"$root/home/.aws/config"
  aws_tool
  from_crontab "$docs/$recipe/crontab" -e "s|/usr/local/bin|$root/bin|"
  more+=(ARTICLES="$news" OUT="$out" DISTRIBUTION="$distribution" AWS_EC2_METADATA_DISABLED=true AWS_MAX_ATTEMPTS=1)
  down() { more+=(DISTRIBUTION=E0NONE); }
  up() { more+=(DISTRIBUTION="$distribution"); }
  try_bucket /feeds/ NoSuchDistribution "$(sed -n 's/^cache_control: //p' "$docs/$recipe/feedmill.yaml")"

  # More than can be told one by one.
  more+=(MOST=2)
  article eight Chips
  tell as_cron "$command"
  quiet "more than that"
  is "more than that" "$(told)" "/feeds/*"
  is "as CloudFront has it" "$(owner cloudfront get-invalidation --distribution-id "$distribution" --id "$(
    owner cloudfront list-invalidations --distribution-id "$distribution" --query 'InvalidationList.Items | sort_by(@, &CreateTime)[-1].Id' --output text
  )" --query 'Invalidation.InvalidationBatch.Paths.Items' --output text)" "/feeds/*"
  printf 'https://feeds.example.org/feeds/chips/%s\n' a/rss.xml b/rss.xml rss.xml >"$state/changed"
  tell as_cron "$command"
  quiet "more than that in a folder"
  is "more than that in a folder" "$(told)" "/feeds/chips/*"

  # With the rights that the policy gives: what is there is read, replaced and deleted, in that folder alone.
  rm "$news/eight.md"
  article nine Rust
  tell as_cron "feedmill build $news --out $out"
  is "rights: build" "$status" 0
  enforce yes
  tell as_cron "cd $news && feedmill publish --out $out --delete-stale"
  quiet "rights"
  tell as_cron "cd $news && feedmill publish --out $out s3://example-feeds/other"
  is "another folder: status" "$status" 2
  has "another folder" "$said" "access is denied"
  enforce no
  mirror
  has "rights" "$online/rust/rss.xml" nine

  "$installed/python/bin/python" - "$docs/$recipe/template.yaml" >"$root/function.js" <<'EOF'
import sys
from cfnlint.decode import decode
print(decode(sys.argv[1])[0]["Resources"]["Pages"]["Properties"]["FunctionCode"])
for uri in "/", "/feeds/ai/", "/feeds/ai/rss.xml", "/feeds/ai":
    print(f'console.log(handler({{ request: {{ method: "GET", uri: "{uri}" }} }}).uri);')
EOF
  is "pages of folders" "$(node "$root/function.js")" $'/index.html\n/feeds/ai/index.html\n/feeds/ai/rss.xml\n/feeds/ai'
  stop
}

try_r2() {
  have flock util-linux && have curl curl && have jq jq && have_python || return 0
  begin
  local strict_stops=yes online=$root/online state=$root/home/.local/state/feedmill port
  start_aws || { stop; return 0; }
  port=$(free_port)
  set -m
  "$installed/python/bin/python" "$here/purge.py" "$port" "$root" >>"$made/log" 2>&1 </dev/null &
  servers+=($!)
  set +m
  answers "$port" || { stop; return 0; }
  owner s3 mb s3://example-feeds >"$root/tmp/made"
  tell owner s3api put-bucket-cors --bucket example-feeds --cors-configuration "$(jq '{CORSRules: .}' "$docs/r2/cors.json")"
  quiet "CORS"
  mkdir -p "$root/home/.config/feedmill"
  printf '%s\n' "AWS_ENDPOINT_URL=$aws_at" AWS_REGION=auto AWS_ACCESS_KEY_ID=of-r2 AWS_SECRET_ACCESS_KEY=secret-of-r2 >"$root/home/.config/feedmill/r2.env"
  local token=$root/home/.config/feedmill/purge.curl
  echo 'header = "Authorization: Bearer token-of-purge"' >"$token"
  # What everybody can see of it.
  # shellcheck disable=SC2016 # for the script
  printf '#!/bin/sh\necho "$*" >>"%s/arguments"\nexec /usr/bin/curl "$@"\n' "$root" >"$root/bin/curl"
  chmod +x "$root/bin/curl"
  from_crontab "$docs/$recipe/crontab" -e "s|/usr/local/bin|$root/bin|"
  more+=(ARTICLES="$news" OUT="$out" API="http://127.0.0.1:$port" ZONE=zone AWS_EC2_METADATA_DISABLED=true AWS_MAX_ATTEMPTS=1)
  : >"$root/told"
  down() { touch "$root/down"; }
  up() { rm "$root/down"; }
  try_bucket https://feeds.example.org/feeds/ throttling "$cache"

  # More than go into one request.
  : >"$root/requests"
  seq -f 'https://feeds.example.org/feeds/%g' 250 >"$state/changed"
  tell as_cron "$command"
  quiet "more than go into one request"
  is "more than go into one request" "$(cat "$root/requests")" "$(printf '/zones/zone/purge_cache %s\n' 100 100 50)"
  is "all of them" "$(told | wc -l)" 250
  sed -i 's/token-of/another/' "$token"
  article eight Chips
  tell as_cron "$command"
  is "wrong token: status" "$status" 1
  has "wrong token" "$said" "Authentication error"
  has "what everybody can see" "$root/arguments" /zones/zone/purge_cache
  has_not "what everybody can see" "$root/arguments" Bearer
  has_not "what everybody can see" "$root/arguments" token-of-purge
  stop
}

# The workflow that publishes to S3, with the role that the files make.
try_github_s3() {
  have git git && have jq jq && have shellcheck shellcheck && have curl curl && have_packages && have_python || return 0
  begin
  local file copy work before strict_stops=yes online=$root/online policy distribution
  start_aws || { stop; return 0; }
  account
  export AWS_ENDPOINT_URL=$aws_at AWS_EC2_METADATA_DISABLED=true AWS_MAX_ATTEMPTS=1
  # As the manual has it.
  sed 's/OWNER@OWNER_ID/owner@1/; s/REPOSITORY@REPOSITORY_ID/repo@2/' "$docs/$recipe/trust.json" >"$root/trust.json"
  owner iam create-open-id-connect-provider --url https://token.actions.githubusercontent.com --client-id-list sts.amazonaws.com >"$root/tmp/made"
  owner iam create-role --role-name feedmill-publish --assume-role-policy-document "file://$root/trust.json" >"$root/tmp/made"
  owner iam attach-role-policy --role-name feedmill-publish --policy-arn "$policy"
  is "who is trusted" "$(jq -r '.Statement[0].Principal.Federated' "$docs/$recipe/trust.json")" \
    "$(owner iam list-open-id-connect-providers --query 'OpenIDConnectProviderList[0].Arn' --output text)"
  aws_tool
  sed -i 's|^base_url.*|base_url: https://feeds.example.org/feeds/|' "$news/feedmill.yaml"
  trouble_in_publishing
  on_github "$docs/$recipe/feeds.yml"
  has_not "secrets" "$file" secrets.
  # Without a distribution nobody is told.
  rm "$news"/*.md
  run_workflow push
  is "no article yet: status" "$status" 0
  is "no article yet" "$(objects)$(told)" None
  article one Chips
  article two Chips
  article three Software
  run_workflow push
  is "first run: status" "$status" 0
  is_silent "first run"
  is "built once" "$(wc -l <"$root/built")" 1
  mirror
  has "first run" "$online/software/rss.xml" three
  labels "$cache"
  is "no distribution" "$(told)" ""
  sed "s|DISTRIBUTION: .*|DISTRIBUTION: $distribution|" "$file" >"$root/feeds.yml"
  file=$root/feeds.yml
  before=$(objects)
  run_workflow schedule
  is "nothing new: status" "$status" 0
  is_silent "nothing new"
  is "nothing new" "$(objects)$(told)" "$before"
  run_workflow workflow_dispatch
  is "by hand: status" "$status" 0
  is "by hand" "$(objects)$(told)" "$before/feeds/*"

  break_one
  article four Chips
  run_workflow push
  # It is red, though all else is published.
  is "broken article: status" "$status" 1
  has "broken article" "$root/log" "# errors / Articles with errors: failed"
  is "broken article: failed" "$(grep -c 'failed' "$root/log")" 1
  has "broken article" "$root/log" "::error file=news/broken.md,line=3,col=7"
  is "broken article: annotations" "$(grep -c '^::' "$root/log")" 1
  mirror
  has "broken article" "$online/chips/rss.xml" four
  is "broken article" "$(told)" "/feeds/*"
  run_workflow schedule
  is "broken article, by the clock: status" "$status" 0
  has "broken article, by the clock" "$root/log" "::error file=news/broken.md,line=3,col=7"
  rm "$news/broken.md"

  # A topic goes, and its feed is there for as long as the others are, though no article makes it any more.
  rm "$news/three.md"
  before=$(sha256sum <"$online/software/rss.xml")
  run_workflow push
  is "a topic goes: status" "$status" 0
  article five Chips
  run_workflow push
  mirror
  is "a topic goes" "$(sha256sum <"$online/software/rss.xml")" "$before"
  # It comes back under its old id: that is known from the manifest.
  article six Software
  run_workflow push
  mirror
  has "a topic comes back" "$online/software/rss.xml" six
  told >"$root/last"

  # Another branch gets no keys, and nothing is done.
  article seven Chips
  before=$(objects)
  BRANCH=other run_workflow push
  is "another branch: status" "$status" 1
  has "another branch" "$root/log" "# publish / Keys for this run: failed: Not authorized to perform sts:AssumeRoleWithWebIdentity"
  touch "$root/no-bucket"
  run_workflow push
  is "no bucket: status" "$status" 1
  has "no bucket" "$root/log" "# publish / Publish: failed: status 2"
  rm "$root/no-bucket"
  is "not published" "$(objects)$(told)" "$before"
  run_workflow schedule
  is "published again: status" "$status" 0
  mirror
  has "published again" "$online/chips/rss.xml" seven
  is "published again" "$(told)" "/feeds/*"
  statuses "$online" "1 1 1" and_mirror run_workflow push
  is "what failed is not told" "$(told)" ""
  # A bucket that cannot be read is no first run.
  sed "s|s3://example-feeds|s3://no-such-bucket|" "$root/feeds.yml" >"$root/away.yml"
  file=$root/away.yml
  run_workflow push
  is "no bucket to read: status" "$status" 1
  has "no bucket to read" "$root/log" "# publish / What is published: failed"
  file=$root/feeds.yml
  rm "$news"/*.md
  run_workflow push
  is "no articles: status" "$status" 1
  has "no articles" "$root/log" "they stay as they are"
  has "no articles" "$root/log" "# publish / Build: failed: status 2"
  unset AWS_ENDPOINT_URL AWS_EC2_METADATA_DISABLED AWS_MAX_ATTEMPTS
  stop
}

# The answer to a request: its status and headers, in lower case.
ask() { curl --silent --show-error --head --max-time 10 "$1" | tr -d '\r' | tr '[:upper:]' '[:lower:]' >"$made/answer"; }
header() { sed -n "s/^$1: //p" "$made/answer"; }

# Asks until a header is as it is to be: for a moment after a reload, who was there before answers too.
serves() {
  for _ in $(seq 50); do
    ask "$2"
    [ "$(header "$3")" != "$4" ] || return 0
    sleep 0.1
  done
  is "$1: $3" "$(header "$3")" "$4"
}

# Waits until a server answers.
answers() {
  for _ in $(seq 200); do
    kill -0 "$server" 2>/dev/null || break
    if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then return; fi
    sleep 0.1
  done
  fault "the server does not answer:"$'\n'"$(cat "$made/log")"
  return 1
}

cache='public, max-age=1800, stale-while-revalidate=3600, stale-if-error=86400'
try_cloudflare_pages() {
  try_upload WRANGLER || return 0
  # shellcheck disable=SC2016 # as it stands there
  has "wrangler's arguments" "$docs/cloudflare-pages/deploy.sh" 'pages deploy site --project-name "$PROJECT" --branch "$BRANCH"'
  have_packages && have curl curl || return 0
  # The very files that went up, served by what Cloudflare runs.
  local port inspector file
  port=$(free_port)
  inspector=$(free_port)
  : >"$made/log"
  set -m
  (cd "$root" && TMPDIR=$root/tmp XDG_CONFIG_HOME=$root/config WRANGLER_SEND_METRICS=false CI=true exec "$installed/node_modules/.bin/wrangler" pages dev \
    "$online" --ip 127.0.0.1 --port "$port" --inspector-port "$inspector" --persist-to "$root/persist" \
    --compatibility-date 2025-01-01 --show-interactive-dev-session=false) >"$made/log" 2>&1 </dev/null &
  server=$!
  set +m
  answers "$port" || { stop; return 0; }
  for file in rss.xml:application/rss+xml atom.xml:application/xml feed.json:application/json; do
    ask "http://127.0.0.1:$port/chips/${file%%:*}"
    is "$file" "$(head -1 "$made/answer")" "http/1.1 200 ok"
    is "$file type" "$(header content-type)" "${file#*:}; charset=utf-8"
    is "$file cache-control" "$(header cache-control)" "$cache"
    is "$file access-control-allow-origin" "$(header access-control-allow-origin)" "*"
    [ -n "$(header etag)" ] || fault "$file: no ETag"
  done
  ask "http://127.0.0.1:$port/chips/"
  is "page" "$(header content-type)" "text/html; charset=utf-8"
  ask "http://127.0.0.1:$port/software/rss.xml"
  is "moved topic" "$(head -1 "$made/answer") $(header location)" "http/1.1 301 moved permanently /programs/rss.xml"
  stop
  try_workflow || return 0
}

try_netlify() {
  try_upload NETLIFY || return 0
  have_packages || return 0
  # What Netlify's own program makes of the files that went up.
  tell node "$installed/netlify.mjs" "$online" chips software programs
  quiet "headers and redirects"
  try_workflow || return 0
}

try_github_pages() {
  have_packages || return 0
  try_workflow || return 0
}

try_nginx() {
  have nginx nginx && have curl curl || return 0
  begin
  printf 'host: nginx\nprecompress: [gzip]\n' >>"$news/feedmill.yaml"
  local port kind
  port=$(free_port)
  : >"$made/log"
  mkdir "$out"
  {
    echo "pid $made/nginx.pid; error_log $made/log; events { }"
    echo "http { include /etc/nginx/mime.types; access_log off;"
    for kind in client_body proxy fastcgi uwsgi scgi; do echo "${kind}_temp_path $made/nginx-$kind;"; done
    echo "include $root/feeds.conf; }"
  } >"$root/nginx.conf"
  sed "s|listen 80;|listen 127.0.0.1:$port;|; /listen \[::\]/d; s|feeds.example.org|127.0.0.1|; s|/srv/www/feeds|$out|" "$docs/nginx/feeds.conf" >"$root/feeds.conf"
  local nginx=(nginx -e "$made/log" -c "$root/nginx.conf")
  # Before the first build.
  tell "${nginx[@]}" -t -q
  quiet "nginx -t"
  set -m
  "${nginx[@]}" -g 'daemon off;' 2>>"$made/log" &
  server=$!
  set +m
  answers "$port" || { stop; return 0; }
  tell "$feedmill" build --no-cache "$news" --out "$out"
  quiet "build"
  more=(CONF="$out/feedmill.nginx.conf" LOADED="$root/loaded" COMMAND="${nginx[*]}")
  reload() { tell as_cron "PATH=\$PATH:/usr/sbin; $docs/nginx/reload.sh"; }
  reload
  quiet "reload"
  local file
  for file in rss.xml:application/rss+xml atom.xml:application/atom+xml feed.json:application/feed+json; do
    serves "$file" "http://127.0.0.1:$port/chips/${file%%:*}" content-type "${file#*:}; charset=utf-8"
    is "$file cache-control" "$(header cache-control)" "$cache"
  done
  serves "page" "http://127.0.0.1:$port/" content-type "text/html; charset=utf-8"
  for file in .feedmill-lock .feedmill-run/1 feedmill.nginx.conf; do
    mkdir -p "$out/.feedmill-run"
    touch "$out/.feedmill-lock" "$out/.feedmill-run/1"
    ask "http://127.0.0.1:$port/$file"
    is "$file" "$(head -1 "$made/answer")" "http/1.1 404 not found"
  done
  rm -r "$out/.feedmill-lock" "$out/.feedmill-run"
  # Once is enough, and a new article is nothing to reload for.
  local loaded
  loaded=$(all_of "$root/loaded")
  break_one
  article four Chips
  tell "$feedmill" build --no-cache "$news" --out "$out"
  named "broken article"
  curl --silent "http://127.0.0.1:$port/chips/rss.xml" >"$made/answer"
  has "broken article" "$made/answer" four
  reload
  quiet "nothing to reload"
  is "nothing to reload" "$(all_of "$root/loaded")" "$loaded"
  rm "$news/broken.md"
  # A topic that moves is something to reload for.
  article three Programs
  printf 'topics: {Programs: {former: [software], key: Software}}\n' >>"$news/feedmill.yaml"
  tell "$feedmill" build --no-cache "$news" --out "$out"
  quiet "a topic moves"
  reload
  quiet "a topic moves"
  serves "moved topic" "http://127.0.0.1:$port/software/rss.xml" location "/programs/rss.xml"
  is "moved topic" "$(head -1 "$made/answer")" "http/1.1 301 moved permanently"
  # What nginx cannot read is said each time, and it goes on with what it has.
  echo "nonsense" >>"$out/feedmill.nginx.conf"
  reload
  is "nonsense: status" "$status" 1
  has "nonsense" "$said" "feedmill.nginx.conf"
  ask "http://127.0.0.1:$port/chips/rss.xml"
  is "nonsense" "$(header content-type)" "application/rss+xml; charset=utf-8"
  stop
}

# Scripts, the one that you read too.
all=0
recipe=shellcheck
if have shellcheck shellcheck; then
  tell shellcheck "$docs"/*/*.sh "$here/run.sh"
  quiet "scripts"
  all=$failed
fi

[ $# -gt 0 ] || set -- cron systemd rsync github-pages cloudflare-pages netlify s3-cloudfront r2 github-s3 nginx
for recipe; do
  [ -d "$docs/$recipe" ] || { echo "docs/$recipe: no such recipe" >&2; exit 2; }
  failed=0
  case $recipe in
    cron) try_cron ;;
    systemd) try_systemd ;;
    rsync) try_rsync ;;
    github-pages) try_github_pages ;;
    cloudflare-pages) try_cloudflare_pages ;;
    netlify) try_netlify ;;
    s3-cloudfront) try_s3_cloudfront ;;
    r2) try_r2 ;;
    github-s3) try_github_s3 ;;
    nginx) try_nginx ;;
  esac
  if [ $failed = 0 ]; then echo "$recipe: good"; else echo "$recipe: not good"; all=1; fi
done
exit $all
