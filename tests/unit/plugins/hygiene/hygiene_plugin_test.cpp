#include "plugins/hygiene/hygiene_plugin.hpp"

#include "openai/edit/body_edit.hpp"
#include "tests/unit/plugins/plugin_harness.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace keep::hygiene {
namespace {

using Turns = std::vector<std::pair<std::string, std::string>>;
using test::chat_body;

HygieneSettings with_rules(std::vector<RuleSettings> rules) {
  HygieneSettings settings;
  settings.rules = std::move(rules);
  return settings;
}

class HygienePluginTest : public testing::Test {
 protected:
  explicit HygienePluginTest(HygieneSettings settings = {})
      : harness_([&settings](Services& s) { return *make_hygiene(settings, s); }) {}

  struct Run {
    test::StagedExchange exchange;
    std::string sent{};  // the body that goes upstream
    std::string divergence{};
  };

  // Everything but on_finish; the identity is what identify would say.
  Run begin(const std::string& body, const std::string& conversation = "c",
            const std::string& agent = "a", bool auxiliary = false) {
    Run run{harness_.begin(test::make_exchange(body))};
    run.exchange.request();
    Exchange& exchange = *run.exchange;
    exchange.identity.conversation = conversation;
    exchange.identity.agent = agent;
    exchange.identity.auxiliary = auxiliary;
    exchange.attempt = 1;
    attempt(run);
    return run;
  }
  void attempt(Run& run) {
    Exchange& exchange = *run.exchange;
    exchange.attempt_edits.clear();
    EXPECT_TRUE(run.exchange.upstream_request());
    openai::BodyEdits edits = exchange.request_edits;
    edits.insert(edits.end(), exchange.attempt_edits.begin(), exchange.attempt_edits.end());
    run.sent = *openai::apply_edits(exchange.chat_body, exchange.chat, edits);
    run.divergence = run.exchange.explain().find("X-Keep-Divergence").value_or("");
  }
  void end(Run& run, const std::string& answer = "ok", int status = 200) {
    test::set_answer(*run.exchange, answer);
    run.exchange->timeline.sent = Instant();
    Outcome outcome;
    outcome.status = status;
    run.exchange.finish(outcome);
  }
  std::string chat(const Turns& turns, const std::string& answer = "ok",
                   const std::string& conversation = "c", const std::string& agent = "a") {
    auto run = begin(chat_body(turns), conversation, agent);
    end(run, answer);
    return run.divergence;
  }

  test::PluginHarness harness_;
};

std::string claude_body(const std::string& nonce, const std::string& question) {
  return R"({"messages":[{"role":"system","content":[{"type":"text","text":"x-anthropic-billing-header: cch=)" +
         nonce + R"(;"},{"type":"text","text":"You code."}]},{"role":"user","content":")" +
         question + R"("}],"model":"m"})";
}

TEST_F(HygienePluginTest, DropsTheBillingHeader) {
  auto one = begin(claude_body("11", "hi"));
  EXPECT_EQ(one.sent,
            R"({"messages":[{"role":"system","content":[{"type":"text","text":"You code."}]},)"
            R"({"role":"user","content":"hi"}],"model":"m"})");
  EXPECT_NE(harness_.metrics().find("llama_keep_hygiene_hits_total{rule=\"billing_header\"} 1"),
            std::string::npos);
  end(one);
  auto two = begin(claude_body("22", "hi"));
  EXPECT_EQ(two.sent, one.sent);
  EXPECT_EQ(two.exchange->chat.messages[0].hash, one.exchange->chat.messages[0].hash);
  EXPECT_EQ(two.divergence, "none");
  end(two);
}

TEST_F(HygienePluginTest, RemovesAMessageThatIsNothingElse) {
  auto run = begin(chat_body(
      {{"system", "x-anthropic-billing-header: cch=1;"}, {"system", "S"}, {"user", "a"}}));
  EXPECT_EQ(run.sent, chat_body({{"system", "S"}, {"user", "a"}}));
  EXPECT_EQ(run.exchange->chat.messages[0].hash, 0U);
  end(run);
  auto next = begin(chat_body(
      {{"system", "x-anthropic-billing-header: cch=2;"}, {"system", "T"}, {"user", "a"}}));
  EXPECT_EQ(next.divergence, "message=1;byte=0;cause=system_changed;lost_tokens=0");
  end(next);
}

TEST_F(HygienePluginTest, TouchesNothingElse) {
  const std::string body = chat_body({{"system", "S"}, {"user", "x-anthropic-billing-header: a"}});
  auto run = begin(body);
  EXPECT_EQ(run.sent, body);
  EXPECT_TRUE(run.exchange->request_edits.empty());
  end(run);
}

TEST_F(HygienePluginTest, ExplainsDivergence) {
  const std::string more(4000, 'x');
  EXPECT_EQ(chat({{"system", "It is 10:00 " + more}, {"user", "a"}}), "none");
  EXPECT_EQ(chat({{"system", "It is 10:01 " + more}, {"user", "a"}}),
            "message=0;byte=10;cause=timestamp;lost_tokens=1000");
  EXPECT_NE(harness_.metrics().find("prefix_divergence_total{cause=\"timestamp\"} 1"),
            std::string::npos);
}

TEST_F(HygienePluginTest, AChangedSystemPromptIsNoticedThoughTheAgentDiffers) {
  chat({{"system", "A"}, {"user", "a"}}, "A", "c", "agent A");
  const Turns next = {{"system", "B"}, {"user", "a"}, {"assistant", "A"}, {"user", "b"}};
  EXPECT_EQ(chat(next, "B", "c", "agent B").substr(0, 36), "message=0;byte=0;cause=system_change");
  // A sub-agent with another task is nobody's continuation.
  EXPECT_EQ(chat({{"system", "C"}, {"user", "search"}}, "found", "c", "agent C"), "none");
  EXPECT_EQ(chat({{"system", "B"},
                  {"user", "a"},
                  {"assistant", "A"},
                  {"user", "b"},
                  {"assistant", "B"},
                  {"user", "c"}},
                 "C", "c", "agent B"),
            "none");
}

TEST_F(HygienePluginTest, ConversationsAreComparedWithThemselves) {
  chat({{"user", "a"}}, "A", "one");
  EXPECT_EQ(chat({{"user", "b"}}, "B", "two"), "none");
  EXPECT_EQ(chat({{"user", "a"}, {"assistant", "A"}, {"user", "b"}}, "B", "one"), "none");
  EXPECT_EQ(chat({{"user", "a"},
                  {"assistant", "<think>x</think>A"},
                  {"user", "b"},
                  {"assistant", "B"},
                  {"user", "c"}},
                 "C", "one")
                .substr(0, 36),
            "message=1;byte=0;cause=reasoning_str");
}

TEST_F(HygienePluginTest, OnlyWhatUpstreamSawCounts) {
  chat({{"user", "a"}}, "A");
  auto refused = begin(chat_body({{"user", "b"}}));
  EXPECT_NE(refused.divergence, "none");
  end(refused, "", 503);
  EXPECT_EQ(chat({{"user", "a"}, {"assistant", "A"}, {"user", "c"}}), "none");
}

TEST_F(HygienePluginTest, AuxiliaryRequestsAreNotCompared) {
  chat({{"user", "a"}}, "A");
  auto aside = begin(chat_body({{"user", "title?"}}), "c", "a", true);
  EXPECT_EQ(aside.divergence, "none");
  end(aside);
  EXPECT_EQ(chat({{"user", "a"}, {"assistant", "A"}, {"user", "c"}}), "none");
}

TEST_F(HygienePluginTest, InterleavedRequestsOfOneConversationStaySound) {
  chat({{"user", "a"}}, "A");
  auto one = begin(chat_body({{"user", "a"}, {"assistant", "A"}, {"user", "one"}}));
  auto two = begin(chat_body({{"user", "zzz"}, {"user", "two"}}));
  end(two, "B");
  end(one, "C");
  EXPECT_EQ(
      chat({{"user", "a"}, {"assistant", "A"}, {"user", "one"}, {"assistant", "C"}, {"user", "x"}}),
      "none");
  EXPECT_EQ(chat({{"user", "a"}, {"assistant", "A!"}, {"user", "one"}}),
            "message=1;byte=1;cause=edited;lost_tokens=1");
}

TEST_F(HygienePluginTest, LeavesBarePromptsAndPassThroughAlone) {
  auto run = harness_.begin(test::make_exchange(R"({"prompt":"x-anthropic-billing-header: a"})",
                                                "t", {}, openai::Surface::kCompletion));
  run.request();
  EXPECT_TRUE(run->request_edits.empty());
  EXPECT_TRUE(run.upstream_request());
  run.finish();
  auto raw = harness_.begin(std::make_unique<Exchange>());
  EXPECT_FALSE(raw.has_stage());
  raw.request();
  EXPECT_TRUE(raw.upstream_request());
  EXPECT_TRUE(raw.explain().empty());
  raw.finish();
}

class FreezeTest : public HygienePluginTest {
 protected:
  FreezeTest()
      : HygienePluginTest(with_rules({{"clock", "user", R"(Now: \d\d:\d\d)", "freeze"},
                                      {"nonce", "user", R"( n=\d+)", "drop"}})) {}
};

TEST_F(FreezeTest, KeepsTheFirstValueOfAConversation) {
  auto one = begin(chat_body({{"user", "Now: 10:00 hi n=1"}}));
  EXPECT_EQ(one.sent, chat_body({{"user", "Now: 10:00 hi"}}));
  EXPECT_TRUE(one.exchange->request_edits.empty());
  for (const char* const rule : {"clock", "nonce"}) {
    const std::string hits = "hygiene_hits_total{rule=\"" + std::string(rule) + "\"} 1";
    EXPECT_NE(harness_.metrics().find(hits), std::string::npos) << rule;
  }
  end(one);
  auto two = begin(chat_body({{"user", "Now: 10:07 hi n=2"}}));
  EXPECT_EQ(two.sent, one.sent);
  EXPECT_EQ(two.divergence, "none");
  EXPECT_EQ(two.exchange->chat.messages[0].hash, one.exchange->chat.messages[0].hash);
  attempt(two);  // a second try upstream sends the same
  EXPECT_EQ(two.sent, one.sent);
  end(two);
  auto other = begin(chat_body({{"user", "Now: 11:00 hi n=3"}}), "d");
  EXPECT_EQ(other.sent, chat_body({{"user", "Now: 11:00 hi"}}));
  end(other);
}

TEST_F(FreezeTest, WhatWasFrozenGoesWithItsConversation) {
  chat({{"user", "Now: 10:00 hi"}});
  chat({{"user", "Now: 10:00 hi"}}, "ok", "d");
  dynamic_cast<ConversationObserver&>(harness_.plugin()).forget({"t", "c"});
  auto again = begin(chat_body({{"user", "Now: 10:07 hi"}}));
  EXPECT_EQ(again.sent, chat_body({{"user", "Now: 10:07 hi"}}));
  EXPECT_EQ(again.divergence, "none");
  end(again);
  auto other = begin(chat_body({{"user", "Now: 10:07 hi"}}), "d");
  EXPECT_EQ(other.sent, chat_body({{"user", "Now: 10:00 hi"}}));
  end(other);
}

TEST_F(FreezeTest, WithoutAConversationNothingStandsForAnything) {
  auto one = begin(chat_body({{"user", "Now: 10:00 hi"}}), "");
  auto two = begin(chat_body({{"user", "Now: 10:07 hi"}}), "");
  EXPECT_EQ(two.sent, chat_body({{"user", "Now: 10:07 hi"}}));
  end(one);
  end(two);
}

TEST_F(FreezeTest, AuxiliaryRequestsSetNoValue) {
  auto aside = begin(chat_body({{"user", "Now: 09:00 title?"}}), "c", "a", true);
  EXPECT_EQ(aside.sent, chat_body({{"user", "Now: 09:00 title?"}}));
  end(aside);
  auto one = begin(chat_body({{"user", "Now: 10:00 hi"}}));
  EXPECT_EQ(one.sent, chat_body({{"user", "Now: 10:00 hi"}}));
  end(one);
}

class NoTextsTest : public HygienePluginTest {
 protected:
  static HygieneSettings settings() {
    HygieneSettings settings;
    settings.explain_bytes = 0;
    return settings;
  }
  NoTextsTest() : HygienePluginTest(settings()) {}
};

TEST_F(NoTextsTest, ExplainsWithoutTheByte) {
  chat({{"system", "It is 10:00"}, {"user", "a"}});
  EXPECT_EQ(chat({{"system", "It is 10:01"}, {"user", "a"}}),
            "message=0;cause=system_changed;lost_tokens=3");
}

class MakeHygieneTest : public testing::Test, protected test::FakeServices {};

TEST_F(MakeHygieneTest, RefusesABadPattern) {
  const auto made = make_hygiene(with_rules({{"mine", "user", "[", "drop"}}), services_);
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().detail.find("'mine'"), std::string::npos);
}

}  // namespace
}  // namespace keep::hygiene
