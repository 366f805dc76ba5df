// The lexical index's part of the scale benchmark.
#pragma once

#include "tests/bench/bench_report.hpp"

#include <cstdint>

namespace keep::bench {

// Indexes `tokens` tokens of made-up talk as recall does, asks questions made of what was said, and
// compares the two-stage search with the exact one of the same scorer.
void measure_index(BenchReport& report, std::uint64_t tokens);

}  // namespace keep::bench
