// Replays a trace against eviction policies: policy_bench TRACE CAPACITY... prints for each policy
// and each capacity (blocks) {"policy":,"capacity":,"hits":,"references":,"evictions":,
// "references_per_s":}. A line of the trace is a request: the second it came at, then the numbers
// of its blocks, each of which stands for all before it, too. Hits are blocks of the longest
// beginning that was kept, in the second half of the requests; the first half warms up. All
// blocks have one size.

#include "plugins/tier/model/belady.hpp"
#include "plugins/tier/model/lineage.hpp"
#include "plugins/tier/model/ranked_policies.hpp"
#include "plugins/tier/model/s3fifo.hpp"
#include "plugins/tier/model/semantic_policies.hpp"

#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace keep::bench {
namespace {

struct Trace {
  std::vector<tier::Seconds> times;
  std::vector<std::vector<tier::Block>> chains;
};

constexpr std::size_t kGhosts = 1 << 20;

// Empty when it cannot be read.
Trace read_trace(const char* path) {
  Trace trace;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    tier::Seconds time = 0;
    words >> time;
    std::vector<tier::Block> chain;
    for (tier::BlockId id = 0; words >> id;) chain.push_back({id, 1});
    trace.times.push_back(time);
    trace.chains.push_back(std::move(chain));
  }
  return trace;
}

using Make = std::function<std::unique_ptr<tier::EvictionPolicy>()>;

void replay(const Trace& trace, const std::string& name, const Make& make, std::uint64_t capacity) {
  tier::PrefixCache cache(capacity, kGhosts, make());
  std::size_t hits = 0, references = 0, all = 0;
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < trace.chains.size(); ++i) {
    const std::size_t kept = cache.request(trace.chains[i], trace.times[i]);
    all += trace.chains[i].size();
    if (i < trace.chains.size() / 2) continue;
    hits += kept;
    references += trace.chains[i].size();
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  fmt::print(R"({{"policy": "{}", "capacity": {}, "hits": {}, "references": {}, "evictions": {}, )"
             R"("references_per_s": {:.0f}}})"
             "\n",
             name, capacity, hits, references, cache.evictions(),
             static_cast<double>(all) / took.count());
}

int run(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: policy_bench TRACE CAPACITY...\n";
    return 2;
  }
  const Trace trace = read_trace(argv[1]);
  if (trace.chains.empty()) {
    std::cerr << "policy_bench: nothing to read in " << argv[1] << "\n";
    return 1;
  }
  for (int i = 2; i < argc; ++i) {
    const std::uint64_t capacity = std::stoull(argv[i]);
    const std::vector<std::pair<std::string, Make>> policies = {
        {"fifo", tier::make_fifo},
        {"lru", tier::make_lru},
        {"lfu", tier::make_lfu},
        {"size_aware_lru", tier::make_size_aware_lru},
        {"static_semantic", tier::make_static_semantic},
        {"adaptive_semantic", tier::make_adaptive_semantic},
        {"gdsf", tier::make_gdsf},
        {"s3fifo", tier::make_s3fifo},
        {"lineage", [&] { return tier::make_lineage(capacity, kGhosts); }},
        {"belady", [&] { return tier::make_belady(trace.chains); }},
    };
    for (const auto& [name, make] : policies) replay(trace, name, make, capacity);
  }
  return 0;
}

}  // namespace
}  // namespace keep::bench

int main(int argc, char** argv) { return keep::bench::run(argc, argv); }
