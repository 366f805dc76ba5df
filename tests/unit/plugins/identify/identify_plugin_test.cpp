#include "plugins/identify/identify_plugin.hpp"

#include "openai/event/sse_event.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/unit/plugins/plugin_harness.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace keep::identify {
namespace {

using Turns = std::vector<std::pair<std::string, std::string>>;
using test::chat_body;
using test::headers_of;

class IdentifyPluginTest : public testing::Test {
 protected:
  explicit IdentifyPluginTest(IdentifySettings settings = {})
      : harness_([&settings](Services& s) { return make_identify(std::move(settings), s); }) {}

  // A whole exchange.
  Identity run(std::string body, std::string answer = "ok", Headers headers = {},
               std::string tenant = "t", const openai::Dialect& dialect = openai::dialects::chat(),
               std::string answer_id = "") {
    auto made = test::make_exchange(std::move(body), std::move(tenant), std::move(headers));
    made->dialect = &dialect;
    auto exchange = harness_.begin(std::move(made));
    exchange.request();
    test::set_answer(*exchange, std::move(answer));
    exchange->answer.id = std::move(answer_id);
    exchange.finish();
    return exchange->identity;
  }
  Identity chat(const Turns& turns, std::string answer = "ok", Headers headers = {}) {
    return run(chat_body(turns), std::move(answer), std::move(headers));
  }

  test::PluginHarness harness_;
};

TEST_F(IdentifyPluginTest, KeepsAnExplicitIdAsSent) {
  const auto headers = headers_of({{"X-Conversation-Id", "My chat: Größe"}});
  auto exchange = harness_.begin(test::make_exchange(chat_body({{"user", "hi"}}), "t", headers));
  exchange.request();
  EXPECT_EQ(exchange->identity.conversation, "My chat: Größe");
  EXPECT_EQ(exchange->identity.confidence, Identity::Confidence::kExplicit);
  EXPECT_EQ(exchange->identity.turn, 1U);
  const Headers explained = exchange.explain();
  EXPECT_EQ(*explained.find("X-Keep-Conversation"), "My chat: Gr%C3%B6%C3%9Fe");
  EXPECT_EQ(*explained.find("X-Keep-Identity"), "header:x-conversation-id;explicit");
  exchange.finish();
}

TEST_F(IdentifyPluginTest, FieldsBehindTheMessagesCount) {
  EXPECT_EQ(run(chat_body({{"user", "hi"}}, R"(,"prompt_cache_key":"k")")).conversation, "k");
  // ... and those inside them do not.
  const std::string inside = R"({"messages":[{"role":"user","content":"x","chat_id":"no"}]})";
  EXPECT_EQ(run(inside).confidence, Identity::Confidence::kDerived);
}

TEST_F(IdentifyPluginTest, DerivesAnIdAndKeepsIt) {
  const Identity first = chat({{"user", "hi"}}, "Hello!");
  EXPECT_TRUE(first.conversation.starts_with("c-"));
  EXPECT_EQ(first.source, "new");
  const Identity next =
      chat({{"user", "hi"}, {"assistant", "<think>x</think>\n Hello! "}, {"user", "more"}});
  EXPECT_EQ(next.conversation, first.conversation);
  EXPECT_EQ(next.source, "content");
  EXPECT_EQ(next.turn, 2U);
  EXPECT_NE(chat({{"user", "bye"}}).conversation, first.conversation);
}

TEST_F(IdentifyPluginTest, CompactionKeepsAnExplicitId) {
  const auto headers = headers_of({{"x-claude-code-session-id", "s"}});
  EXPECT_EQ(chat({{"user", "a"}, {"assistant", "b"}, {"user", "c"}}, "d", headers).conversation,
            "s");
  EXPECT_EQ(chat({{"user", "Summary of what was said"}, {"user", "e"}}, "f", headers).conversation,
            "s");
}

TEST_F(IdentifyPluginTest, SubAgentsShareTheConversationOnly) {
  const auto main = headers_of({{"x-claude-code-session-id", "s"}});
  const auto sub =
      headers_of({{"x-claude-code-session-id", "s"}, {"x-claude-code-agent-id", "a1"}});
  const Identity one = chat({{"system", "You code."}, {"user", "hi"}}, "ok", main);
  const Identity two = chat({{"system", "You code."}, {"user", "hi"}}, "ok", sub);
  const Identity three = chat({{"system", "You search."}, {"user", "hi"}}, "ok", main);
  EXPECT_EQ(one.conversation, two.conversation);
  EXPECT_NE(one.agent, two.agent);
  EXPECT_NE(one.agent, three.agent);
  // A parent is metadata: a child session is a conversation of its own.
  const auto child = headers_of({{"x-session-id", "child"}, {"x-parent-session-id", "parent"}});
  EXPECT_EQ(chat({{"user", "hi"}}, "ok", child).conversation, "child");
}

TEST_F(IdentifyPluginTest, SessionsOfOneProjectDoNotCollide) {
  const std::string reminder = "<system-reminder>" + std::string(5000, 'x') + "</system-reminder>";
  const Identity a = chat({{"system", "S"}, {"user", reminder + "fix the parser"}});
  const Identity b = chat({{"system", "S"}, {"user", reminder + "write the docs"}});
  EXPECT_NE(a.conversation, b.conversation);
}

TEST_F(IdentifyPluginTest, ARequestIdCountsOnlyWhenItComesAgain) {
  const auto stable = headers_of({{"x-client-request-id", "session-7"}});
  const Identity first = chat({{"user", "hi"}}, "ok", stable);
  EXPECT_EQ(first.source, "new");
  const Identity second = chat({{"user", "something else"}}, "ok", stable);
  EXPECT_EQ(second.conversation, first.conversation);
  EXPECT_EQ(second.source, "header:x-client-request-id");
  std::set<std::string> ids;
  for (int i = 0; i < 20; ++i) {
    const std::string id = "r" + std::to_string(i);
    ids.insert(
        chat({{"user", "question " + id}}, "ok", headers_of({{"x-client-request-id", id.c_str()}}))
            .conversation);
  }
  EXPECT_EQ(ids.size(), 20U);
}

TEST_F(IdentifyPluginTest, TenantsShareNothing) {
  const std::string body = chat_body({{"user", "hi"}});
  const std::string next = chat_body({{"user", "hi"}, {"assistant", "ok"}, {"user", "x"}});
  const Identity a = run(body, "ok", {}, "tenant a");
  EXPECT_NE(run(next, "ok", {}, "tenant b").conversation, a.conversation);
  EXPECT_EQ(run(next, "ok", {}, "tenant a").conversation, a.conversation);
  const auto stable = headers_of({{"x-client-request-id", "same"}});
  const Identity c = run(chat_body({{"user", "c"}}), "ok", stable, "tenant a");
  EXPECT_EQ(run(chat_body({{"user", "d"}}), "ok", stable, "tenant b").source, "new");
  EXPECT_EQ(run(chat_body({{"user", "d"}}), "ok", stable, "tenant a").conversation, c.conversation);
}

TEST_F(IdentifyPluginTest, FollowsPreviousResponses) {
  const auto& responses = openai::dialects::responses();
  const auto following = [](const char* id) {
    return chat_body({{"user", "more"}}, R"(,"previous_response_id":")" + std::string(id) + '"');
  };
  const Identity first = run(chat_body({{"user", "hi"}}), "ok", {}, "t", responses, "resp_1");
  const Identity second = run(following("resp_1"), "ok", {}, "t", responses, "resp_2");
  EXPECT_EQ(second.conversation, first.conversation);
  EXPECT_EQ(second.source, "body:previous_response_id");
  EXPECT_EQ(run(following("resp_2"), "ok", {}, "t", responses).conversation, first.conversation);
  EXPECT_NE(run(following("resp_2"), "ok", {}, "other", responses).conversation,
            first.conversation);
}

TEST_F(IdentifyPluginTest, AuxiliaryCallsLeaveNoTrace) {
  const Identity first = chat({{"user", "hi"}}, "Hello!");
  const std::string task = "### Task:\nGenerate 1-3 broad tags categorizing the chat: USER: hi";
  const Identity tags = chat({{"user", task}}, "{\"tags\":[]}");
  EXPECT_TRUE(tags.auxiliary);
  EXPECT_NE(tags.conversation, first.conversation);
  EXPECT_NE(chat({{"user", task}}, "{}").conversation, tags.conversation);
  const Identity named = chat({{"user", task}}, "x", headers_of({{"X-OpenWebUI-Chat-Id", "chat"}}));
  EXPECT_EQ(named.conversation, "chat");
  EXPECT_TRUE(named.auxiliary);
  EXPECT_NE(harness_.metrics().find("conversations{state=\"derived\"} 1"), std::string::npos);
  const Identity next = chat({{"user", "hi"}, {"assistant", "Hello!"}, {"user", "go on"}});
  EXPECT_EQ(next.conversation, first.conversation);
  EXPECT_FALSE(next.auxiliary);
}

TEST_F(IdentifyPluginTest, AToolCallIsAnAnswer) {
  auto exchange = harness_.begin(test::make_exchange(chat_body({{"user", "weather?"}})));
  exchange.request();
  exchange->attempt = 1;
  const std::string data =
      R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"get","arguments":""}}]}}]})";
  openai::SseEvent event;
  event.data = data;
  const auto info = openai::read_event(event);
  EXPECT_EQ(exchange.event(event, info), EventAction::kForward);
  test::set_answer(*exchange, "");
  exchange.finish();
  // Another conversation with the same question makes the user turns ambiguous.
  harness_.clock().turn(std::chrono::minutes(1));
  chat({{"user", "weather?"}}, "Sunny.");
  const std::string next =
      R"({"messages":[{"role":"user","content":"weather?"},{"role":"assistant","content":null,)"
      R"("tool_calls":[{"id":"c","type":"function","function":{"name":"get","arguments":"{ }"}}]},)"
      R"({"role":"tool","tool_call_id":"c","content":"18 C"}]})";
  EXPECT_EQ(run(next).conversation, exchange->identity.conversation);
}

TEST_F(IdentifyPluginTest, CountsBySource) {
  chat({{"user", "hi"}});
  chat({{"user", "hi"}}, "ok", headers_of({{"x-session-id", "s"}}));
  const std::string text = harness_.metrics();
  EXPECT_NE(text.find("llama_keep_identity_total{source=\"new\"} 1"), std::string::npos) << text;
  EXPECT_NE(text.find("llama_keep_identity_total{source=\"header\"} 1"), std::string::npos);
  EXPECT_NE(text.find("llama_keep_conversations{state=\"explicit\"} 1"), std::string::npos);
}

TEST_F(IdentifyPluginTest, LeavesPassThroughAlone) {
  auto exchange = harness_.begin(std::make_unique<Exchange>());
  EXPECT_FALSE(exchange.has_stage());
  exchange.request();
  EXPECT_TRUE(exchange->identity.conversation.empty());
  EXPECT_TRUE(exchange.explain().empty());
  exchange.finish();
}

class SharedDefaultTest : public IdentifyPluginTest {
 protected:
  SharedDefaultTest() : IdentifyPluginTest(IdentifySettings{true, "default", 100}) {}
};

TEST_F(SharedDefaultTest, GivesOneIdWhenAskedTo) {
  EXPECT_EQ(chat({{"user", "a"}}).conversation, "default");
  const Identity b = chat({{"user", "b"}});
  EXPECT_EQ(b.conversation, "default");
  EXPECT_EQ(b.confidence, Identity::Confidence::kNone);
  EXPECT_EQ(chat({{"user", "b"}}, "", headers_of({{"x-session-id", "s"}})).conversation, "s");
}

TEST(IdentifyPluginTable, WhatCouldNotBeWrittenIsWrittenTheNextTime) {
  const test::TempFolder folder;
  IdentifySettings settings;
  settings.folder = folder.path;
  test::PluginHarness harness([&settings](Services& s) { return make_identify(settings, s); });
  auto exchange = harness.begin(test::make_exchange(chat_body({{"user", "hi"}})));
  exchange.request();
  exchange.finish();
  harness.files().fail_each({test::FaultyFileSystem::Operation::kWrite}, {ENOSPC, 10});
  EXPECT_FALSE(test::run_now(harness.plugin().stop()));
  harness.files().heal();
  EXPECT_FALSE(std::filesystem::exists(folder.path + "/identity.table.new"));
  EXPECT_TRUE(test::run_now(harness.plugin().stop()));
  EXPECT_TRUE(std::filesystem::exists(folder.path + "/identity.table"));
}

std::size_t turns_while_saving(int conversations) {
  const test::TempFolder folder;
  IdentifySettings settings;
  settings.folder = folder.path;
  test::PluginHarness harness([&settings](Services& s) { return make_identify(settings, s); });
  for (int i = 0; i < conversations; ++i) {
    auto exchange = harness.begin(test::make_exchange(chat_body({{"user", std::to_string(i)}})));
    exchange.request();
    exchange.finish();
  }
  asio::io_context loop;
  asio::co_spawn(loop, harness.plugin().stop(), asio::detached);
  return loop.run();
}

TEST(IdentifyPluginTable, OthersAreServedWhileManyConversationsAreSaved) {
  EXPECT_GT(turns_while_saving(1000), turns_while_saving(1) + 8);
}

}  // namespace
}  // namespace keep::identify
