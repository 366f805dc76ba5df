#!/bin/sh
# clang-tidy over the product, with the compile commands of a dev build that is never built: clang
# cannot read the precompiled headers of GCC.
cd "$(dirname "$0")/../.." || exit 2
cmake --preset dev -B build/tidy -D CMAKE_DISABLE_PRECOMPILE_HEADERS=ON >/dev/null || exit 1
find proxy plugins -name '*.cpp' -print0 |
  xargs -0 -n 4 -P "$(nproc)" clang-tidy -p build/tidy --quiet 2>build/tidy/clang-tidy.log
