#!/bin/sh
# usage: up.sh [FLAGS]: engine and proxy in the foreground until a signal comes or one of them dies.
# FLAGS go to llama-keep serve. The environment is described by ./dev help.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
repo=${here%/engine/bundle}
model=$("$here/model.sh" "${MODEL:-demo}")
keep_port=${KEEP_PORT:-8200}
engine_port=${ENGINE_PORT:-8080}
slots=${ENGINE_SLOTS:-4}
per_slot=4096
[ "$model" != "$("$here/model.sh" demo)" ] || per_slot=1024 # what it was trained for
url=http://127.0.0.1:$keep_port
log=$repo/build/run/engine-$engine_port.log

"$here/stage.sh"
mkdir -p "${log%/*}"
engine='' keep=''
stop() { # the proxy before the engine, so that it drains; a second signal makes it stop at once
  for child in $keep $engine; do
    kill "$child" 2>/dev/null || true
    wait "$child" || true
  done
  wait
}
trap 'stop; exit 0' TERM INT HUP

pool=${ENGINE_CTX:-$((per_slot * slots))}
"$here/run.sh" "$model" "$engine_port" "$slots" "$pool" >"$log" 2>&1 &
engine=$!
"${KEEP_BIN:-$repo/build/release/llama-keep}" serve --listen "127.0.0.1:$keep_port" \
  --upstream "http://127.0.0.1:$engine_port" "$@" &
keep=$!

ready=
while kill -0 $engine 2>/dev/null && kill -0 $keep 2>/dev/null; do
  sleep 0.2 & # in the background, so that a signal is served at once
  wait $! || true
  if [ -z "$ready" ] && curl -fs -o /dev/null --max-time 2 "$url/ready" && kill -0 $keep; then
    ready=yes
    echo "ready $url"
  fi
done
if kill -0 $keep 2>/dev/null; then
  echo "up: the engine died, the end of $log:" >&2
  tail -n 20 "$log" >&2
else
  echo "up: llama-keep died" >&2
fi
stop
exit 1
