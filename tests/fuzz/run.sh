#!/bin/sh
# run.sh TARGET: one fuzz target for 20 seconds, from its seeds and what earlier runs found.
set -u
target=$1
name=${target##*/fuzz_}
found=build/fuzz/corpus/$name
mkdir -p "$found"
if ! "$target" -max_total_time=20 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
  -artifact_prefix="$found-" "$found" "tests/fuzz/corpus/$name" >"$found.log" 2>&1; then
  echo "$name failed"
  tail -n 60 "$found.log"
  exit 255 # the others need not begin
fi
echo "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$found.log") inputs"
