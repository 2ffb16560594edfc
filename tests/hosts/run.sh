#!/usr/bin/env bash
# Do nginx, Apache httpd and Caddy serve the output as `host` in the site file promises? See check.py.
#
#   tests/hosts/run.sh FEEDMILL      FEEDMILL: the program
#
# Each server is run three times on a free port of this machine: at the root and below a path with what the program writes, and
# with the settings in settings/, which have compressed siblings, a copy at an old address and topics that have moved.
# As root on Debian, a server that is missing is installed; else it is skipped, which is said.
set -euo pipefail

[ $# -gt 0 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 2; }
feedmill=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
command -v python3 >/dev/null || { echo "python3 is needed" >&2; exit 2; }

made=$(mktemp -d)
# A server that is started by root reads as somebody else.
chmod 755 "$made"
server=
stop() { [ -z "$server" ] || { kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; server=; }; }
trap 'stop; rm -rf "$made"' EXIT

# Whether a program is there, or can be installed.
have() {
  PATH=$PATH:/usr/sbin command -v "$1" >/dev/null && return
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$2"; } >/dev/null &&
      PATH=$PATH:/usr/sbin command -v "$1" >/dev/null && return
  fi
  echo "$1: not installed, skipped"
  return 1
}
PATH=$PATH:/usr/sbin

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# Writes what is to be served: server, path of the address; sets root, out and port.
build() {
  port=$(free_port)
  root=$made/$1${2%/}/root
  out=$root$2
  mkdir -p "$root"
  root=$(realpath "$root")
  out=${root}${2%/}
  printf 'id: hosts\nbase_url: http://127.0.0.1:%s%s\nbrowser_style: true\nstories: true\nhost: %s\nhost_root: %s\nout: %s\n' \
    "$port" "$2" "$1" "$root" "$out" >"$made/site.yaml"
  FEEDMILL_NOW=2020-11-23T00:00:00Z "$feedmill" build --no-cache "$here/../../seeds" --site "$made/site.yaml"
  # What was published just now has an ETag that is weak for a second with some servers.
  find "$root" -type f -exec touch -d 2020-11-24T00:00:00Z {} +
}

# The settings with everything, and the files that they are about.
fill() {
  local settings
  settings=$(find "$here/settings/$1" -type f)
  cp "$settings" "$out/"
  mkdir -p "$out/old" "$out/was"
  cp -p "$out/atom.xml" "$out/old/feed.xml"
  cp -p "$out/ai/rss.xml" "$out/ai/index.html" "$out/was/"
  local file
  find "$out" -name '*.xml' -o -name '*.json' -o -name '*.opml' -o -name '*.html' -o -name '*.css' | while read -r file; do
    gzip -9 -n -k "$file"
    if command -v brotli >/dev/null; then brotli -k "$file"; fi
  done
}

# Waits until a server answers, and looks at what it says.
check() {
  local try
  for try in $(seq 100); do
    kill -0 "$server" 2>/dev/null || break
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      python3 "$here/check.py" "$@" || failed=1
      stop
      return
    fi
    sleep 0.1
  done
  echo "$1: does not answer" >&2
  cat "$made/log" >&2
  failed=1
  stop
}

serve_nginx() {
  local kind
  {
    echo "daemon off; pid $made/nginx.pid; error_log $made/log; events { }"
    echo "http { include /etc/nginx/mime.types; access_log off;"
    for kind in client_body proxy fastcgi uwsgi scgi; do echo "${kind}_temp_path $made/nginx-$kind;"; done
    echo "server { listen 127.0.0.1:$port; root $root; include $out/feedmill.nginx.conf; } }"
  } >"$made/nginx.conf"
  nginx -t -q -e "$made/log" -c "$made/nginx.conf" 2>"$made/said" && ! grep . "$made/said" || { cat "$made/said" "$made/log"; failed=1; return; }
  nginx -e "$made/log" -c "$made/nginx.conf" 2>>"$made/log" &
  server=$!
}

serve_apache() {
  local module
  {
    echo "ServerRoot $made"
    echo "ServerName 127.0.0.1"
    echo "PidFile $made/apache.pid"
    echo "Mutex file:$made default"
    echo "Listen 127.0.0.1:$port"
    echo "ErrorLog $made/log"
    echo "LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so"
    for module in ${modules-authz_core dir mime headers filter deflate brotli alias rewrite env setenvif}; do
      echo "LoadModule ${module}_module /usr/lib/apache2/modules/mod_$module.so"
    done
    if [ "$(id -u)" = 0 ]; then printf 'User www-data\nGroup www-data\n'; fi
    echo "DocumentRoot $root"
    echo "<Directory $root>"
    echo "  AllowOverride FileInfo"
    echo "  Options FollowSymLinks"
    echo "  Require all granted"
    echo "</Directory>"
    # What Debian sets by itself.
    echo '<FilesMatch "^\.ht">'
    echo "  Require all denied"
    echo "</FilesMatch>"
    echo "<IfModule mod_mime.c>"
    echo "  TypesConfig /etc/mime.types"
    echo "  AddLanguage br .br"
    echo "  AddEncoding x-gzip .gz"
    echo "</IfModule>"
    echo "<IfModule mod_deflate.c>"
    echo "  AddOutputFilterByType DEFLATE text/html text/plain text/xml text/css application/xml application/rss+xml"
    echo "</IfModule>"
  } >"$made/apache.conf"
  apache2 -t -f "$made/apache.conf" 2>"$made/said" || { cat "$made/said"; failed=1; return; }
  apache2 -X -f "$made/apache.conf" 2>>"$made/log" &
  server=$!
}

serve_caddy() {
  {
    printf '{\n\tadmin off\n\tauto_https off\n}\n'
    printf 'http://127.0.0.1:%s {\n\troot * %s\n\timport %s/feedmill.caddy\n\tfile_server\n}\n' "$port" "$root" "$out"
  } >"$made/Caddyfile"
  export XDG_CONFIG_HOME=$made XDG_DATA_HOME=$made
  caddy validate --config "$made/Caddyfile" --adapter caddyfile >"$made/said" 2>&1 || { cat "$made/said"; failed=1; return; }
  # What `caddy fmt` would write otherwise it warns of.
  caddy fmt "$out/feedmill.caddy" | cmp - "$out/feedmill.caddy" || failed=1
  caddy run --config "$made/Caddyfile" --adapter caddyfile >"$made/log" 2>&1 &
  server=$!
}

# One run of one server: server, path of the address, and what is looked at besides.
run() {
  : >"$made/log"
  "serve_$1"
  [ -z "$server" ] || check "$1" "http://127.0.0.1:$port$2" "$out" "${@:3}"
}

failed=0
for name in nginx apache caddy; do
  case $name in
    nginx) have nginx nginx || continue ;;
    apache) have apache2 apache2 || continue ;;
    caddy) have caddy caddy || continue ;;
  esac
  for path in / /feeds/; do
    build $name $path
    run $name $path
  done
  fill $name
  run $name $path full
  # A module that is missing costs what it does, and nothing else.
  [ $name != apache ] || modules="authz_core dir" run apache $path bare
done
exit $failed
