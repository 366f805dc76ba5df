#!/bin/sh
# What a conversation of many tokens costs on disk, in memory and in time: scale.sh [TOKENS].
exec "$BUILD_DIR/tests/bench/scale_bench" "$@"
