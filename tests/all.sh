#!/bin/sh
# Everything ./dev test runs, in order; stops at the first failure.
set -u
cd "$(dirname "$0")/.." || exit 2
times=
passed=0

report() { # report FAILED
  printf '\n%s%s passed, %s failed\n' "$times" "$passed" "$1"
}

stage() { # stage NAME COMMAND...
  stage=$1
  shift
  printf '\n== %s\n' "$stage"
  begun=$(date +%s)
  "$@"
  status=$?
  times="$times$(printf '%-12s %5s s' "$stage" $(($(date +%s) - begun)))
"
  if [ $status -ne 0 ]; then
    echo "stage $stage failed" >&2
    report 1
    exit 1
  fi
  passed=$((passed + 1))
}

build_and_test() { # build_and_test PRESET
  ./dev build "$1" || return 1
  log=build/$1/ctest.log
  if ! ctest --test-dir "build/$1" --no-tests=error --output-on-failure -j "$(nproc)" >"$log" 2>&1; then
    grep -v ' Passed \| Start ' "$log"
    return 1
  fi
  awk '/^\[  PASSED  \]/ {passed += $4} END {print passed " tests passed"}' \
    "build/$1/Testing/Temporary/LastTest.log"
}

random() { # conversations through the whole proxy, for a minute, other ones each day
  KEEP_RANDOM_SECONDS=60 KEEP_RANDOM_SEED=$(date +%Y%m%d) build/asan/tests/component_tests \
    --gtest_filter='AnyMessages.*' --gtest_brief=1
}

fuzz() { # each target for 20 seconds, as many at a time as there are cores
  ./dev build fuzz || return 1
  printf '%s\n' build/fuzz/tests/fuzz/fuzz_* | xargs -P "$(nproc)" -n 1 tests/fuzz/run.sh
}

export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
# Every unit and component test runs twice, under either set of sanitizers. What is optimized and has none is
# tested as a whole, by integration.
stage lint tests/lint/run.sh
stage asan build_and_test asan
stage random random
stage hostile ./dev hostile
stage tsan build_and_test tsan
stage tidy tests/lint/tidy.sh
stage fuzz fuzz
stage release ./dev build release
stage integration tests/integration/run.sh
stage demo python3 engine/bundle/demo.py
report 0
