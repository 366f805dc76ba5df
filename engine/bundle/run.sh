#!/bin/sh
# usage: run.sh MODEL PORT SLOTS CTX [llama-server flags]
# Becomes llama-server, launched so that pinned slots keep their KV. CTX is divided among the slots.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=${here%/engine/bundle}/build
model=$1 port=$2 slots=$3 ctx=$4
shift 4
"$here/stage.sh"
saves=$build/run/slots-$port
mkdir -p "$saves"

# Threads that spin at every barrier starve each other as soon as anything else wants a core.
export OMP_WAIT_POLICY="${OMP_WAIT_POLICY:-passive}"
# -b 256 bounds how long an abandoned prefill goes on. One pool for all slots (-kvu) makes
# each read past the others' cells. The RAM cache keeps what is displaced from a slot; -sps 0 would
# switch it off for pinned requests.
set -- -m "$model" --host 127.0.0.1 --port "$port" --no-ui --metrics \
  -np "$slots" -no-kvu -c "$ctx" -b 256 --no-cache-idle-slots --cache-reuse 0 --no-context-shift \
  --slot-save-path "$saves" "$@"
case ${LLAMA_SERVER:-} in
  '') ;;
  path) exec llama-server "$@" ;;
  *) exec "$LLAMA_SERVER" "$@" ;;
esac
lib=$(echo "$build"/engine/root/usr/lib/*-linux-gnu*)
exec "$build"/engine/rt/ld-linux-*.so.* --library-path "$lib:$lib/llama" \
  "$build/engine/root/usr/bin/llama-server" "$@"
