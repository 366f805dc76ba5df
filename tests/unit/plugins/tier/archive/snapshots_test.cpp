#include "plugins/tier/archive/snapshots.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace keep::tier {
namespace {

PromptOwner owner(const std::string& id, const std::string& agent = "", const char* tenant = "t") {
  PromptOwner owner;
  owner.conversation = {tenant, id};
  owner.agent = agent;
  return owner;
}

BlockName name(std::uint64_t number) { return {0, number}; }

Snapshot snapshot(const std::vector<std::uint64_t>& blocks,
                  const std::vector<std::uint64_t>& short_ones = {}) {
  Snapshot made;
  std::uint32_t at = 0;
  for (const auto number : blocks) {
    made.chain.push_back({name(number), at, kBlockTokens});
    at += kBlockTokens;
  }
  for (const auto number : short_ones) {
    made.chain.push_back({name(number), at, kTailTokens});
    at += kTailTokens;
  }
  return made;
}

std::vector<std::uint64_t> numbers(const std::vector<BlockName>& names) {
  std::vector<std::uint64_t> numbers;
  for (const BlockName& one : names) numbers.push_back(one.low);
  std::ranges::sort(numbers);
  return numbers;
}

using Numbers = std::vector<std::uint64_t>;

TEST(Snapshots, AreFoundByTheirOwner) {
  Snapshots all(100);
  all.note(owner("a"), snapshot({1, 2}));
  all.note(owner("a", "sub"), snapshot({1, 3}));
  ASSERT_NE(all.find(owner("a")), nullptr);
  EXPECT_EQ(all.find(owner("a"))->chain[1].name, name(2));
  EXPECT_EQ(all.find(owner("a", "sub"))->chain[1].name, name(3));
  EXPECT_EQ(all.find(owner("a", "other")), nullptr);
  EXPECT_EQ(all.find(owner("a", "", "another tenant")), nullptr);
}

TEST(Snapshots, ShortBlocksGoWhenThePromptHasGrown) {
  Snapshots all(100);
  EXPECT_EQ(numbers(all.note(owner("a"), snapshot({1}, {10, 11}))), Numbers{});
  EXPECT_EQ(numbers(all.note(owner("a"), snapshot({1}, {10, 11, 12}))), Numbers{});
  EXPECT_EQ(numbers(all.note(owner("a"), snapshot({1, 2}, {20}))), (Numbers{10, 11, 12}));
}

TEST(Snapshots, WhatSomebodyElseHasStays) {
  Snapshots all(100);
  all.note(owner("a"), snapshot({1, 2}, {10}));
  all.note(owner("b"), snapshot({1}, {10}));
  EXPECT_EQ(numbers(all.note(owner("a"), snapshot({1, 2, 3}))), Numbers{});
  EXPECT_EQ(numbers(all.forget(owner("a").conversation)), (Numbers{2, 3}));
  EXPECT_EQ(all.find(owner("a")), nullptr);
  EXPECT_EQ(numbers(all.forget(owner("b").conversation)), (Numbers{1, 10}));
  EXPECT_EQ(all.blocks(), 0U);
}

// Of an edited prompt the end of the one before is kept until the conversation ends.
TEST(Snapshots, AConversationEndsWithAllItEverHad) {
  Snapshots all(100);
  all.note(owner("a"), snapshot({1, 2, 3}));
  EXPECT_EQ(numbers(all.note(owner("a"), snapshot({1, 4}))), Numbers{});
  all.note(owner("a", "sub"), snapshot({5, 6}));
  EXPECT_EQ(numbers(all.forget(owner("a").conversation)), (Numbers{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(numbers(all.forget(owner("a").conversation)), Numbers{});
}

TEST(Snapshots, TheOldestConversationsGoWhenThereAreTooMany) {
  Snapshots all(8);  // three of two blocks are nine names, with those of the owners
  all.note(owner("a"), snapshot({1, 2}));
  all.note(owner("b"), snapshot({1, 3}));
  EXPECT_EQ(numbers(all.note(owner("c"), snapshot({4, 5}))), Numbers{2});
  EXPECT_EQ(all.find(owner("a")), nullptr);
  EXPECT_NE(all.find(owner("b")), nullptr);
  EXPECT_EQ(numbers(all.note(owner("d"), snapshot({6, 7, 8, 9, 10}))), (Numbers{1, 3, 4, 5}));
  EXPECT_NE(all.find(owner("d")), nullptr);
}

TEST(Snapshots, AreCountedAlsoWhereAllHaveTheSame) {
  Snapshots all(20);
  for (int i = 0; i < 100; ++i) all.note(owner(std::to_string(i)), snapshot({1}));
  EXPECT_EQ(all.find(owner("89")), nullptr);
  EXPECT_NE(all.find(owner("90")), nullptr);
  EXPECT_NE(all.find(owner("99")), nullptr);
  EXPECT_EQ(all.blocks(), 1U);
  for (int i = 0; i < 100; ++i) all.note(owner("99"), snapshot({1}));
  EXPECT_NE(all.find(owner("90")), nullptr);
}

struct Trails {
  Snapshot of(const std::string& messages) {
    Snapshot made = snapshot({1});
    made.trail = trail(messages);
    return made;
  }
  static openai::PromptTrail trail(const std::string& messages) {
    openai::ChatRequest chat;
    for (const char c : messages) {
      chat.messages.emplace_back();
      chat.messages.back().hash = static_cast<std::uint64_t>(c);
    }
    return openai::PromptTrail("t", chat, [](std::size_t) { return true; });
  }
  WantedPrompt wanted(const std::string& messages) {
    return {std::make_shared<const PromptOwner>(owner("new")), trail(messages)};
  }
};

TEST(Snapshots, OfOthersAreFoundByWhatTheyBeginWith) {
  Trails make;
  Snapshots all(100);
  all.note(owner("a"), make.of("sabc"));
  all.note(owner("b"), make.of("sxyz"));
  EXPECT_EQ(all.kin_of(make.wanted("sabd")), std::vector{all.find(owner("a"))});
  EXPECT_EQ(all.kin_of(make.wanted("s")),
            (std::vector{all.find(owner("b")), all.find(owner("a"))}));
  EXPECT_TRUE(all.kin_of(make.wanted("x")).empty());
  EXPECT_TRUE(all.kin_of(make.wanted("")).empty());
  all.note(owner("a"), make.of("t"));  // another prompt
  EXPECT_EQ(all.kin_of(make.wanted("s")), std::vector{all.find(owner("b"))});
  all.forget(owner("b").conversation);
  EXPECT_TRUE(all.kin_of(make.wanted("s")).empty());
}

TEST(Snapshots, OfManyThatBeginAlikeTheLastFewAreKnown) {
  Trails make;
  Snapshots all(1000);
  for (int i = 0; i < 50; ++i) all.note(owner(std::to_string(i)), make.of("s" + std::to_string(i)));
  const auto kin = all.kin_of(make.wanted("s"));
  ASSERT_EQ(kin.size(), 4U);
  EXPECT_EQ(kin[0], all.find(owner("49")));
}

}  // namespace
}  // namespace keep::tier
