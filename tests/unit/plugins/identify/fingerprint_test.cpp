#include "plugins/identify/fingerprint.hpp"

#include "tests/unit/plugins/plugin_harness.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace keep::identify {
namespace {

using Turns = std::vector<std::pair<std::string, std::string>>;

Fingerprint print(const Turns& turns, const std::string& tenant = "t", const std::string& more = "",
                  std::uint64_t agent_signal = 0) {
  const auto exchange = test::make_exchange(test::chat_body(turns, more), tenant);
  return make_fingerprint(tenant, exchange->chat, agent_signal);
}

TEST(Fingerprint, SharesLinksExactlyAsFarAsMessagesAgree) {
  const auto a = print({{"user", "hi"}, {"assistant", "hello"}, {"user", "one"}});
  const auto b = print({{"user", "hi"}, {"assistant", "hello"}, {"user", "two"}});
  ASSERT_EQ(a.links.size(), 3U);
  EXPECT_EQ(a.links[1].chain, b.links[1].chain);
  EXPECT_NE(a.whole(), b.whole());
  EXPECT_TRUE(a.links[1].answer);
  EXPECT_EQ(a.user_turns, 2U);
}

TEST(Fingerprint, NeverTruncates) {
  const std::string reminder(100000, 'x');
  EXPECT_NE(print({{"user", reminder + "a"}}).whole(), print({{"user", reminder + "b"}}).whole());
}

TEST(Fingerprint, KeepsTenantsApart) {
  EXPECT_NE(print({{"user", "hi"}}, "a").whole(), print({{"user", "hi"}}, "b").whole());
}

TEST(Fingerprint, AsksWithoutTheAnswers) {
  const auto a = print({{"user", "hi"}, {"assistant", "hello"}, {"user", "one"}});
  const auto b = print({{"user", "hi"}, {"assistant", "rewritten"}, {"user", "one"}});
  EXPECT_EQ(a.asked(), b.asked());
  EXPECT_NE(a.whole(), b.whole());
}

TEST(Fingerprint, SystemAndToolsMakeTheAgent) {
  const Turns turns = {{"system", "A"}, {"user", "hi"}};
  const auto a = print(turns);
  const auto b = print({{"system", "B"}, {"user", "hi"}});
  EXPECT_NE(a.agent, b.agent);
  EXPECT_EQ(a.whole(), b.whole());
  const std::string tools = R"(,"tools":[{"function":{"name":"f"}}])";
  EXPECT_NE(print(turns, "t", tools).agent, a.agent);
  EXPECT_NE(print(turns, "t", "", 7).agent, a.agent);
  // A reminder between the turns is no other agent, and no other conversation.
  const auto reminded = print({{"system", "A"}, {"user", "hi"}, {"system", "it is late"}});
  EXPECT_EQ(reminded.agent, a.agent);
  EXPECT_EQ(reminded.whole(), a.whole());
}

TEST(Fingerprint, SkipsMessagesThatHygieneRemoved) {
  const auto exchange =
      test::make_exchange(test::chat_body({{"system", "nonce"}, {"system", "A"}, {"user", "hi"}}));
  exchange->chat.messages[0].hash = 0;
  const auto a = make_fingerprint("t", exchange->chat, 0);
  EXPECT_EQ(a.agent, print({{"system", "A"}, {"user", "hi"}}).agent);
}

TEST(ChainAfter, IsTheChainOfTheNextRequest) {
  const auto before = print({{"user", "hi"}});
  const auto after = print({{"user", "hi"}, {"assistant", " <think>hm</think>Hello \n"}});
  const std::uint64_t answers[] = {openai::answer_hash("Hello")};
  EXPECT_EQ(chain_after(before.whole(), answers), after.whole());
}

}  // namespace
}  // namespace keep::identify
