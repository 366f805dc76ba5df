#!/bin/sh
# Every lint, all of them even when one fails.
set -u
cd "$(dirname "$0")/../.." || exit 2
failed=0
ours() { find proxy plugins engine tests -name node_modules -prune -o -name "$1" -print0; }

for lint in includes rooms clock awaits length config tests; do
  python3 -B "tests/lint/check_$lint.py" || failed=1
done
ours '*.[ch]pp' | xargs -0 -r -n 8 -P "$(nproc)" clang-format --dry-run -Werror || failed=1
{ printf 'dev\0.ci/run\0' && ours '*.sh'; } | xargs -0 shellcheck || failed=1
exit $failed
