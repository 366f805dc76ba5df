#!/bin/sh
# usage: run.sh [--seed N] [--cases N] [--long]: every campaign of this folder, two at a time, stops at none of them.
# KEEP_BIN is the llama-keep to attack; what a sanitizer has to say ends it. --long: a hundred times the cases.
set -u
here=$(cd "$(dirname "$0")" && pwd)
export KEEP_BIN="${KEEP_BIN:-${here%/tests/hostile}/build/release/llama-keep}"
# Memory that was freed is kept back from use, but not so much that nobody could tell a proxy that grows.
export ASAN_OPTIONS="quarantine_size_mb=16:malloc_context_size=10:${ASAN_OPTIONS:-}"
export UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1:${UBSAN_OPTIONS:-}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

lane() { # lane CAMPAIGNS ARGUMENTS...: one after another; what each has to say is in $work/CAMPAIGN
  campaigns=$1
  shift
  for campaign in $campaigns; do
    out=$work/$campaign
    begun=$(date +%s)
    if python3 -B "$here/$campaign.py" "$@" >"$out" 2>&1; then
      echo "$(tail -n 1 "$out"), $(($(date +%s) - begun)) s"
    else
      : >"$out.failed"
      cat "$out"
    fi
  done
}

first="framing keyless bodies tenants"
second="slow_clients upstream chaos full_disk damaged_files"
lane "$first" "$@" &
lane "$second" "$@"
wait
tried=0 survived=0 failed=0
for campaign in $first $second; do
  [ ! -e "$work/$campaign.failed" ] || failed=1
  figures=$(tail -n 1 "$work/$campaign" | sed -n 's/.*: tried \([0-9]*\), survived \([0-9]*\).*/\1 \2/p')
  figures=${figures:-0 0}
  tried=$((tried + ${figures% *}))
  survived=$((survived + ${figures#* }))
done
echo "hostile: tried $tried, survived $survived"
exit $failed
