#include "plugins/tier/blocks/block_store.hpp"

#include "plugins/tier/model/ranked_policies.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

namespace keep::tier {
namespace {

constexpr std::uint64_t kTokenBytes = 10;

class BlockStoreTest : public ::testing::Test {
 protected:
  std::vector<ChainBlock> chain(TokenId first, std::size_t tokens) const {
    std::vector<TokenId> prompt(tokens);
    std::iota(prompt.begin(), prompt.end(), first);
    return chain_of(namer_, BlockName{}, prompt);
  }
  static BlockPtr block(const ChainBlock& at, char byte = 'x') {
    auto made = std::make_shared<StoredBlock>();
    made->name = at.name;
    made->rows = std::string(at.tokens * kTokenBytes, byte);
    return made;
  }
  // How many it keeps.
  std::size_t keep(const std::vector<ChainBlock>& chain) {
    const std::size_t kept = store_.use(chain, kTokenBytes, ++now_);
    for (std::size_t i = 0; i < kept; ++i) {
      if (store_.lacks(chain[i].name)) store_.fill(block(chain[i]));
    }
    return kept;
  }

  const BlockNamer namer_{"key"};
  BlockStore store_{300 * kTokenBytes, make_lru(), 1000};
  Seconds now_ = 0;
};

TEST_F(BlockStoreTest, KeepsAPromptThatGrowsOnce) {
  EXPECT_EQ(keep(chain(1, 128)), 2U);
  EXPECT_EQ(store_.used_bytes(), 128 * kTokenBytes);
  EXPECT_EQ(keep(chain(1, 208)), 4U);
  EXPECT_EQ(store_.used_bytes(), 208 * kTokenBytes);
  EXPECT_EQ(store_.leading(chain(1, 208)).size(), 4U);
  EXPECT_EQ(store_.leading(chain(1, 192)).size(), 3U);
  EXPECT_EQ(store_.leading(chain(2, 192)).size(), 0U);
}

TEST_F(BlockStoreTest, WhatIsOnItsWayCountsAndIsNotHandedOut) {
  const auto blocks = chain(1, 192);
  EXPECT_EQ(store_.use(blocks, kTokenBytes, 1), 3U);
  EXPECT_EQ(store_.used_bytes(), 192 * kTokenBytes);
  EXPECT_TRUE(store_.leading(blocks).empty());
  store_.fill(block(blocks[0]));
  store_.fill(block(blocks[2]));
  EXPECT_FALSE(store_.lacks(blocks[0].name));
  EXPECT_TRUE(store_.lacks(blocks[1].name));
  EXPECT_EQ(store_.leading(blocks).size(), 1U);
}

TEST_F(BlockStoreTest, NeverHasMoreThanItsQuota) {
  for (TokenId i = 0; i < 20; ++i) {
    keep(chain(1000 * i, 64 * (1 + static_cast<std::size_t>(i) % 4)));
    EXPECT_LE(store_.used_bytes(), store_.capacity_bytes());
  }
  EXPECT_GT(store_.evictions(), 0U);
  EXPECT_EQ(keep(chain(1, 640)), 4U);  // what fits of it
}

TEST_F(BlockStoreTest, WhoHasABlockMayUseItWhenItHasGone) {
  const auto first = chain(1, 256);
  keep(first);
  const auto held = store_.leading(first);
  keep(chain(1000, 256));
  EXPECT_TRUE(store_.leading(first).empty());
  ASSERT_EQ(held.size(), 4U);
  EXPECT_EQ(held[3]->rows, std::string(640, 'x'));
  store_.fill(block(first[0]));  // it comes too late
  EXPECT_TRUE(store_.leading(first).empty());
}

TEST_F(BlockStoreTest, ASpoiledBlockIsTakenAnew) {
  const auto blocks = chain(1, 192);
  keep(blocks);
  store_.spoil(blocks[1].name);
  EXPECT_EQ(store_.leading(blocks).size(), 1U);
  EXPECT_TRUE(store_.lacks(blocks[1].name));
  keep(blocks);
  EXPECT_EQ(store_.leading(blocks).size(), 3U);
}

TEST_F(BlockStoreTest, DropsOnlyWhatNoOtherNeeds) {
  const auto blocks = chain(1, 128);
  keep(blocks);
  store_.drop(std::vector{blocks[0].name});
  EXPECT_EQ(store_.blocks(), 2U);
  store_.drop(std::vector{blocks[1].name});
  EXPECT_EQ(store_.count_leading(blocks), 1U);
  store_.drop(std::vector{blocks[1].name, blocks[0].name});
  EXPECT_EQ(store_.used_bytes(), 0U);
  EXPECT_EQ(store_.blocks(), 0U);
  EXPECT_EQ(keep(blocks), 2U);
}

// In whatever order they are named, and with a branch that stays.
TEST_F(BlockStoreTest, DropsAChainFromItsEnd) {
  const auto blocks = chain(1, 256);
  keep(blocks);
  std::vector<BlockName> names;
  for (const ChainBlock& block : blocks) names.push_back(block.name);
  std::vector<std::size_t> order(names.size());
  std::iota(order.begin(), order.end(), 0U);
  do {
    std::vector<BlockName> shuffled;
    for (const std::size_t i : order) shuffled.push_back(names[i]);
    store_.drop(shuffled);
    ASSERT_EQ(store_.blocks(), 0U);
    keep(blocks);
  } while (std::ranges::next_permutation(order).found);
  store_.drop(std::vector{names[3], names[0], names[2]});  // not the second
  EXPECT_EQ(store_.count_leading(blocks), 2U);
}

// What has been dropped leaves a leaf that can go.
TEST_F(BlockStoreTest, GoesOnAfterADrop) {
  const auto blocks = chain(1, 256);
  keep(blocks);
  store_.drop(std::vector{blocks[3].name});
  keep(chain(1000, 256));
  EXPECT_LE(store_.used_bytes(), store_.capacity_bytes());
  EXPECT_EQ(store_.count_leading(chain(1000, 256)), 4U);
}

TEST_F(BlockStoreTest, TwoNamesOfOneNumberAreTwoBlocks) {
  auto blocks = chain(1, 128), others = blocks;
  for (ChainBlock& other : others) ++other.name.high;
  keep(blocks);
  EXPECT_EQ(keep(others), 0U);
  EXPECT_TRUE(store_.leading(others).empty());
  store_.drop(std::vector{others[1].name});
  EXPECT_EQ(store_.leading(blocks).size(), 2U);
}

}  // namespace
}  // namespace keep::tier
