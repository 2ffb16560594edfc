#!/bin/sh
# Reloads nginx if feedmill tells it something else than when it was loaded last. For root's cron, where there is no systemd;
# prints nothing when all is well.
set -eu

CONF=${CONF:-/srv/www/feeds/feedmill.nginx.conf}
LOADED=${LOADED:-/var/lib/feedmill-nginx.conf}
# The name NGINX is taken: nginx looks there for sockets.
COMMAND=${COMMAND:-/usr/sbin/nginx}

[ -f "$CONF" ] || exit 0
cmp -s "$CONF" "$LOADED" && exit 0
cp "$CONF" "$LOADED.new"
# shellcheck disable=SC2086 # COMMAND may have arguments
$COMMAND -t -q
# shellcheck disable=SC2086
$COMMAND -s reload
mv "$LOADED.new" "$LOADED"
