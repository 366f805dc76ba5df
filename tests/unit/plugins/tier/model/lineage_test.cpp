#include "plugins/tier/model/lineage.hpp"

#include "plugins/tier/model/ranked_policies.hpp"
#include "tests/unit/plugins/tier/model/replay.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace keep::tier {
namespace {

constexpr std::size_t kGhosts = 1 << 20;

// Threads that go on every half minute, and between two turns of each of them prompts of sub-agents
// that come once.
test::Trace threads_and_sub_agents(std::size_t threads, std::size_t rounds, std::size_t agents) {
  test::Trace trace;
  std::vector<std::vector<BlockId>> said(threads);
  BlockId fresh = 0;
  const auto ask = [&trace](const std::vector<BlockId>& ids) {
    trace.times.push_back(static_cast<Seconds>(trace.times.size()));
    trace.chains.push_back(test::chain_of(ids));
  };
  for (std::size_t round = 0; round < rounds; ++round) {
    for (auto& thread : said) {
      if (thread.size() > 24) thread.clear();  // another one begins
      for (int i = 0; i < 3; ++i) thread.push_back(fresh++);
      ask(thread);
      for (std::size_t agent = 0; agent < agents; ++agent) {
        std::vector<BlockId> once;
        for (int i = 0; i < 6; ++i) once.push_back(fresh++);
        ask(once);
      }
    }
  }
  return trace;
}

TEST(Lineage, ThreadsThatComeBackStayBesideSubAgentsThatDoNot) {
  const test::Trace trace = threads_and_sub_agents(4, 100, 7);
  constexpr std::uint64_t kCapacity = 120;  // the threads, and a third of what comes between
  const std::size_t lru = test::hits_of(trace, kCapacity, make_lru());
  const std::size_t lineage = test::hits_of(trace, kCapacity, make_lineage(kCapacity, kGhosts));
  const std::size_t all = test::hits_of(trace, 1 << 20, make_lru());
  EXPECT_LT(lru, all / 10);
  EXPECT_GT(lineage, all * 8 / 10);
}

// Many prompts that fork off three turns of a chat, each at another place: that chat came back
// once, not sixteen times. Afterwards threads go on beside chats that end after three turns.
TEST(Lineage, ForksOffOnePromptAreNotItsReturns) {
  test::Trace trace;
  BlockId fresh = 0;
  const auto ask = [&trace](const std::vector<BlockId>& ids) {
    trace.times.push_back(static_cast<Seconds>(trace.times.size()));
    trace.chains.push_back(test::chain_of(ids));
  };
  const auto grow = [&fresh](std::vector<BlockId>& ids, int blocks) {
    while (blocks-- > 0) ids.push_back(fresh++);
  };
  for (int chat = 0; chat < 50; ++chat) {
    std::vector<BlockId> said;
    for (int turn = 0; turn < 3; ++turn) {
      grow(said, 7);
      ask(said);
    }
    for (std::size_t at = 4; at < 20; ++at) {
      std::vector<BlockId> fork(said.begin(), said.begin() + static_cast<std::ptrdiff_t>(at));
      grow(fork, 3);
      ask(fork);
    }
  }
  std::vector<std::vector<BlockId>> threads(8);
  for (int round = 0; round < 100; ++round) {
    for (auto& thread : threads) {
      if (thread.size() > 24) thread.clear();
      grow(thread, 3);
      ask(thread);
      std::vector<BlockId> dead;
      for (int turn = 0; turn < 3; ++turn) {
        grow(dead, 3);
        ask(dead);
      }
    }
  }
  std::size_t asked = 0;
  for (const auto& chain : trace.chains) asked += chain.size();
  for (const std::uint64_t capacity : {200U, 300U, 600U}) {
    const std::size_t lru = test::hits_of(trace, capacity, make_lru());
    const std::size_t lineage = test::hits_of(trace, capacity, make_lineage(capacity, kGhosts));
    EXPECT_GE(lineage + asked * 2 / 1000, lru) << capacity;
  }
}

TEST(Lineage, IsNoWorseThanLruWhereThereIsNothingToLearn) {
  for (unsigned seed = 1; seed <= 3; ++seed) {
    const test::Trace trace = test::random_trace(seed, 2000);
    for (const std::uint64_t capacity : {50U, 200U, 800U}) {
      const std::size_t lru = test::hits_of(trace, capacity, make_lru());
      EXPECT_GE(test::hits_of(trace, capacity, make_lineage(capacity, kGhosts)) * 100, lru * 95)
          << seed << ' ' << capacity;
    }
  }
}

}  // namespace
}  // namespace keep::tier
