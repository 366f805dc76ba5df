#!/bin/sh
# clang-tidy over the product, with the compile commands of the dev build, which need not be built.
cd "$(dirname "$0")/../.." || exit 2
cmake --preset dev >/dev/null || exit 1
find proxy plugins -name '*.cpp' -print0 |
  xargs -0 -n 4 -P "$(nproc)" clang-tidy -p build/dev --quiet 2>build/dev/clang-tidy.log
