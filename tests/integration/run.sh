#!/bin/sh
# usage: run.sh [--full] [TEST...]: a real llama-server, a real llama-keep and the official clients.
# KEEP_BIN is the llama-keep to test, ENGINE_RUN the script that becomes llama-server.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
repo=${here%/tests/integration}
work=$repo/build/integration
export KEEP_BIN="${KEEP_BIN:-$repo/build/release/llama-keep}"
export ENGINE_RUN="${ENGINE_RUN:-$repo/engine/bundle/run.sh}"
export INTEGRATION_WORK="$work"

wanted=$(cat "$here/requirements.txt" "$here/package.json")
if [ "$(cat "$work/installed" 2>/dev/null)" != "$wanted" ]; then
  echo "integration: installing the clients" >&2
  rm -rf "$work"
  mkdir -p "$work"
  cp "$here/package.json" "$work/"
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install -q --disable-pip-version-check -r "$here/requirements.txt"
  npm install --prefix "$work" --silent --no-audit --no-fund --no-package-lock >"$work/npm.log" 2>&1 ||
    { cat "$work/npm.log" >&2; exit 1; }
  printf '%s\n' "$wanted" >"$work/installed"
fi
mkdir -p "$work/logs"
find "$work/logs" -type f -mmin +60 -delete # another run may be using the newer ones
"$repo/engine/bundle/stage.sh"
exec "$work/venv/bin/python" -B "$here/harness/run.py" "$@"
