#include "plugins/history/zone/zone_weights.hpp"

#include "tests/unit/plugins/plugin_harness.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace keep::history {
namespace {

// Digits are a token each, other text has four bytes to one.
class DigitTokenizer final : public Tokenizer {
 public:
  asio::awaitable<std::int64_t> count(std::uint64_t, std::string_view text) override {
    ++asked;
    const bool dense = !text.empty() && text.front() >= '0' && text.front() <= '9';
    co_return static_cast<std::int64_t>(dense ? text.size() : text.size() / 4);
  }
  std::int64_t estimate(std::size_t bytes) const noexcept override {
    return static_cast<std::int64_t>(bytes) / 4;
  }
  int asked = 0;
};

CountedWeights count(const Exchange& exchange, Tokenizer& tokenizer, std::size_t from,
                     Tokens enough) {
  std::optional<CountedWeights> result;
  asio::io_context loop;
  auto work = [&]() -> asio::awaitable<void> {
    auto counting = count_weights(exchange, tokenizer, from, enough);
    result = co_await std::move(counting);
  };
  asio::co_spawn(loop, work(), asio::detached);
  loop.run();
  return *std::move(result);
}

class ZoneWeightsTest : public testing::Test {
 protected:
  void talk(const std::vector<std::pair<std::string, std::string>>& messages,
            const std::string& more = "") {
    exchange_ = test::make_exchange(test::chat_body(messages, more));
    exchange_->zone.lead = messages.front().first == "system" ? 1 : 0;
  }
  std::unique_ptr<Exchange> exchange_;
  DigitTokenizer tokenizer_;
};

TEST_F(ZoneWeightsTest, AGuessAsksNobody) {
  talk({{"system", std::string(40, 's')}, {"user", std::string(400, '7')}});
  const ZoneWeights weights = guess_weights(*exchange_, tokenizer_);
  EXPECT_EQ(weights.fixed, 10 + kMessageTokens);
  ASSERT_EQ(weights.messages.size(), 1U);
  EXPECT_EQ(weights.messages[0].tokens, 100 + kMessageTokens);
  EXPECT_EQ(tokenizer_.asked, 0);
}

TEST_F(ZoneWeightsTest, CountsFromTheNewestBackUntilThereIsEnough) {
  talk({{"user", std::string(400, 'a')},
        {"assistant", std::string(400, 'b')},
        {"user", std::string(400, '7')}});
  const CountedWeights counted = count(*exchange_, tokenizer_, 0, 300);
  EXPECT_EQ(tokenizer_.asked, 1);
  EXPECT_EQ(counted.weights.messages[2].tokens, 400 + kMessageTokens);
  EXPECT_EQ(counted.weights.messages[0].tokens, 100 + kMessageTokens);
  EXPECT_DOUBLE_EQ(counted.tokens_per_byte, 1.0);
}

TEST_F(ZoneWeightsTest, RecalledTextStaysOnTopOfACountedMessage) {
  talk({{"user", std::string(400, '7')}});
  exchange_->recalled_before.push_back({0, 50});
  EXPECT_EQ(guess_weights(*exchange_, tokenizer_).messages[0].tokens, 150 + kMessageTokens);
  EXPECT_EQ(count(*exchange_, tokenizer_, 0, 1000).weights.messages[0].tokens,
            450 + kMessageTokens);
}

TEST_F(ZoneWeightsTest, MediaAreNoText) {
  exchange_ = test::make_exchange(
      R"({"messages":[{"role":"user","content":[{"type":"text","text":"What is it?"},)"
      R"({"type":"image_url","image_url":{"url":"data:image/png;base64,)" +
      std::string(1 << 20, 'A') + R"("}}]}]})");
  EXPECT_LT(guess_weights(*exchange_, tokenizer_).messages[0].tokens, 1100);
}

TEST_F(ZoneWeightsTest, WhatIsMissedIsTheToolsPart) {
  talk({{"user", std::string(400, 'a')}},
       R"(,"tools":[{"name":")" + std::string(4000, 't') + "\"}]");
  ZoneWeights weights = guess_weights(*exchange_, tokenizer_);
  correct(weights, {}, 120);  // the template does not print them
  EXPECT_EQ(weights.messages[0].tokens, 100 + kMessageTokens);
  EXPECT_EQ(tokens_from(weights, {}), 120);
}

TEST_F(ZoneWeightsTest, WithoutToolsItIsWhatTheTemplatePutsAroundMessages) {
  talk({{"user", std::string(400, 'a')}, {"assistant", "b"}, {"user", std::string(400, 'c')}});
  ZoneWeights weights = guess_weights(*exchange_, tokenizer_);
  const Tokens guessed = tokens_from(weights, {});
  correct(weights, {}, guessed + 301);
  EXPECT_EQ(weights.messages[0].tokens, 200 + kMessageTokens);
  EXPECT_EQ(tokens_from(weights, {}), guessed + 301);
}

}  // namespace
}  // namespace keep::history
