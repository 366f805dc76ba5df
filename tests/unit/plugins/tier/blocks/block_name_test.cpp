#include "plugins/tier/blocks/block_name.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <set>
#include <string>
#include <vector>

namespace keep::tier {
namespace {

std::vector<TokenId> prompt_of(std::size_t tokens) {
  std::vector<TokenId> prompt(tokens);
  std::iota(prompt.begin(), prompt.end(), 1);
  return prompt;
}

class BlockNameTest : public ::testing::Test {
 protected:
  std::vector<ChainBlock> chain(const std::vector<TokenId>& prompt) const {
    return chain_of(namer_, root_, prompt);
  }
  const BlockNamer namer_{"key"};
  const BlockName root_ = namer_.root("tenant", "model", "layout");
};

TEST_F(BlockNameTest, IsOf64TokensAndBehindThemOf16) {
  const auto blocks = chain(prompt_of(64 + 64 + 16 + 16 + 15));
  ASSERT_EQ(blocks.size(), 4U);
  EXPECT_EQ(blocks[1].first, 64U);
  EXPECT_EQ(blocks[1].tokens, 64U);
  EXPECT_EQ(blocks[3].first, 144U);
  EXPECT_EQ(blocks[3].tokens, 16U);
  EXPECT_EQ(tokens_in(blocks), 160U);
  EXPECT_TRUE(chain(prompt_of(15)).empty());
  EXPECT_EQ(tokens_in({}), 0U);
}

TEST_F(BlockNameTest, SaysAllTokensUpToItsEnd) {
  const auto before = chain(prompt_of(200));
  const auto longer = chain(prompt_of(300));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(longer[i], before[i]) << i;
  EXPECT_NE(longer[3].name, before[3].name);  // of 64 and of 16 tokens
  auto edited = prompt_of(200);
  edited[70] = 9999;
  const auto other = chain(edited);
  EXPECT_EQ(other[0], before[0]);
  std::set<BlockName> names;
  for (const auto& block : before) names.insert(block.name);
  for (std::size_t i = 1; i < other.size(); ++i) EXPECT_FALSE(names.contains(other[i].name)) << i;
}

// What stands where does not matter either: lengths are told.
TEST_F(BlockNameTest, IsAnotherForEachTenantModelLayoutAndKey) {
  const std::set<BlockName> roots{
      root_,
      namer_.root("other", "model", "layout"),
      namer_.root("tenant", "other", "layout"),
      namer_.root("tenant", "model", "other"),
      namer_.root("tenantmodel", "", "layout"),
      namer_.root("", "tenantmodel", "layout"),
      BlockNamer("another key").root("tenant", "model", "layout"),
      BlockNamer("").root("tenant", "model", "layout"),
  };
  EXPECT_EQ(roots.size(), 8U);
  EXPECT_EQ(BlockNamer("key").root("tenant", "model", "layout"), root_);
}

}  // namespace
}  // namespace keep::tier
