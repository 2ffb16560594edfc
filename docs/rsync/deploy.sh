#!/bin/sh
# Builds the feeds here, and sends what changed to each server. For cron: prints nothing when all is well.
#
# Exit status: 0 every server has the feeds; 1 a server could not be reached, and is tried again at the next run, or feedmill
# ended with 1; 2 the build failed, and nothing was sent; 3 another run is at work.
set -eu

ARTICLES=${ARTICLES:-/srv/news}
OUT=${OUT:-/srv/feeds}
# Folders on servers, that are there already. Each server is sent to by itself: one that is down does not stop the others.
SERVERS=${SERVERS:-deploy@one.example.org:/srv/www/feeds deploy@two.example.org:/srv/www/feeds}
# What each server has is remembered here. Without it, everything is compared anew.
STATE=${STATE:-$HOME/.local/state/feedmill}
# With cron nobody answers questions.
RSYNC_RSH=${RSYNC_RSH:-ssh -o BatchMode=yes -o ConnectTimeout=20}
export RSYNC_RSH

mkdir -p "$STATE"
# Sending may take longer than the time between two runs.
exec 9>"$STATE/lock"
flock -n 9 || exit 3

built=0
feedmill build "$ARTICLES" --out "$OUT" || built=$?
# With 0 and 1 what is there is good, and goes out. With 2 the build failed, with 3 somebody else is writing there.
[ "$built" -le 1 ] || exit "$built"
# Without a manifest nothing was ever published, and there is nothing to send.
[ -f "$OUT/feedmill.json" ] || exit "$built"

# What is there now, by name, size and time. Files that only a run at work needs stay here.
(cd "$OUT" && find . -name '.feedmill-*' -prune -o -type f -printf '%P\t%s\t%T@\n') | LC_ALL=C sort >"$STATE/now"
cut -f 1 "$STATE/now" >"$STATE/names"

# Sends to a server. Readers never find a page or a list that names a feed which is not there yet: first come feeds and
# what pages are made of, then all else, then what is gone goes, and the manifest is last. Times are kept, so that servers
# answer with the same Last-Modified; what has the same size and time, to the nanosecond, is not sent. Nobody else's files
# are touched.
send() {
  sync() { rsync -rtOz --modify-window=-1 --delay-updates --timeout=120 --exclude='.feedmill-*' "$@" "$OUT/" "$server/"; }
  sync --exclude='/feedmill.json*' --exclude='index.html*' --exclude='*.opml*' \
    --exclude='/feedmill.nginx.conf' --exclude='/feedmill.caddy' --exclude='.htaccess' || return
  sync --exclude='/feedmill.json*' || return
  # Of what may ever have been sent, that which is no longer here, and folders that are empty then: a filter that has these
  # names and the folders above them, for nothing else may be taken away.
  LC_ALL=C comm -23 "$STATE/$name.names" "$STATE/names" | awk '{
    gsub(/[][*?\\]/, "\\\\&")
    parts = split($0, part, "/")
    above = ""
    for (i = 1; i < parts; i++) { above = above "/" part[i]; if (!known[above]++) print above "/" }
    print above "/" part[parts]
  }' >"$STATE/gone" || return
  if [ -s "$STATE/gone" ]; then
    rsync -r --delete --timeout=120 --include-from="$STATE/gone" --exclude='*' "$OUT/" "$server/" || return
  fi
  sync
}

status=$built
for server in $SERVERS; do
  server=${server%/}
  name=$(printf '%s' "$server" | tr -c 'A-Za-z0-9.@-' '_')
  cmp -s "$STATE/now" "$STATE/$name.now" && continue
  # Also what is sent by a run that does not come to its end.
  touch "$STATE/$name.names"
  LC_ALL=C sort -u -o "$STATE/$name.names" "$STATE/$name.names" "$STATE/names"
  if send >"$STATE/said" 2>&1 9>&-; then
    cp "$STATE/names" "$STATE/$name.names"
    cp "$STATE/now" "$STATE/$name.now"
    rm -f "$STATE/$name.told"
  else
    status=1
    # Said once in 24 hours, so that a server that is down for a night is one mail.
    if [ -z "$(find "$STATE/$name.told" -mmin -1440 2>/dev/null)" ]; then
      echo "$server: the feeds could not be sent; tried again at each run" >&2
      sed 's/^/  /' "$STATE/said" >&2
      touch "$STATE/$name.told"
    fi
  fi
done
exit $status
