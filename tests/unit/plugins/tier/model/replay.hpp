// Traces for tests of the cache model.
#pragma once

#include "plugins/tier/model/prefix_cache.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <utility>
#include <vector>

namespace keep::tier::test {

struct Trace {
  std::vector<Seconds> times;
  std::vector<std::vector<Block>> chains;
};

inline std::vector<Block> chain_of(std::vector<BlockId> ids) {
  std::vector<Block> chain;
  for (const BlockId id : ids) chain.push_back({id, 1});
  return chain;
}

// Conversations of one system prompt that grow, branch and come back at random.
inline Trace random_trace(unsigned seed, std::size_t requests) {
  std::mt19937 random(seed);
  const auto below = [&random](std::size_t n) { return random() % n; };
  std::vector<std::vector<BlockId>> prompts;
  Trace trace;
  BlockId fresh = 1;
  for (std::size_t i = 0; i < requests; ++i) {
    std::vector<BlockId> prompt{0};
    if (!prompts.empty() && below(3) > 0) prompt = prompts[below(prompts.size())];
    if (below(4) == 0) prompt.resize(1 + below(prompt.size()));
    for (std::size_t more = 1 + below(3); more-- > 0;) prompt.push_back(fresh++);
    trace.times.push_back(static_cast<Seconds>(i));
    trace.chains.push_back(chain_of(prompt));
    prompts.push_back(std::move(prompt));
  }
  return trace;
}

inline std::size_t hits_of(const Trace& trace, std::uint64_t capacity,
                           std::unique_ptr<EvictionPolicy> policy) {
  PrefixCache cache(capacity, 1 << 20, std::move(policy));
  std::size_t hits = 0;
  for (std::size_t i = 0; i < trace.chains.size(); ++i) {
    hits += cache.request(trace.chains[i], trace.times[i]);
  }
  return hits;
}

}  // namespace keep::tier::test
