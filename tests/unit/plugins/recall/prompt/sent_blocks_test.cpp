#include "plugins/recall/prompt/sent_blocks.hpp"

#include "tests/unit/plugins/plugin_harness.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace keep::recall {
namespace {

class SentBlocks : public testing::Test {
 protected:
  SentBlocks()
      : exchange_(keep::test::make_exchange(keep::test::chat_body(
            {{"system", "s"}, {"user", "a"}, {"assistant", "b"}, {"user", "c"}}))) {
    exchange_->zone.lead = 1;
    exchange_->zone.positions = {10, 11, 12};
    frozen_[9].text = "before a message of another branch";
    frozen_[10].text = "ten";
    frozen_[12].text = "twelve";
  }
  std::vector<std::size_t> messages() const {
    std::vector<std::size_t> messages;
    for (const SentBlock& one : sent_blocks(*exchange_, &frozen_)) {
      EXPECT_EQ(one.block, &frozen_.at(exchange_->zone.position_of(one.message)));
      messages.push_back(one.message);
    }
    return messages;
  }

  std::unique_ptr<Exchange> exchange_;
  FrozenBlocks::Blocks frozen_;
};

TEST_F(SentBlocks, AreAllBeforeAnythingIsPlanned) {
  EXPECT_EQ(messages(), (std::vector<std::size_t>{1, 3}));
}

TEST_F(SentBlocks, AreThoseBeforeMessagesThatGo) {
  exchange_->zone.planned = true;
  exchange_->zone.first = 2;
  EXPECT_EQ(messages(), (std::vector<std::size_t>{3}));
  exchange_->zone.head_begin = 1;  // the message that opened the turn stays
  exchange_->zone.head_end = 2;
  EXPECT_EQ(messages(), (std::vector<std::size_t>{1, 3}));
}

TEST_F(SentBlocks, AreNoneWhereNoneAreKnown) {
  EXPECT_TRUE(sent_blocks(*exchange_, nullptr).empty());
  frozen_.clear();
  EXPECT_TRUE(messages().empty());
}

}  // namespace
}  // namespace keep::recall
