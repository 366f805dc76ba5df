// Clients that put notes or a reminder into the newest message only and send it plain later.
#include "base/json/json.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <utility>

namespace keep::test {
namespace {

constexpr int kTurns = 10;

std::string message(const std::string& role, const std::string& text) {
  return R"({"role":")" + role + R"(","content":)" + json::quoted(text) + "}";
}

class DecoratedTurnTest : public testing::Test {
 protected:
  explicit DecoratedTurnTest(std::size_t window = 0)
      : proxy_([&] {
          Config config = test_config(upstream_.url());
          config.history.window_tokens = window;
          return config;
        }()) {}

  static std::vector<Step> play(const Received& request) {
    if (request.target == "/tokenize") return {Send{reply(200, R"({"tokens":[1]})")}};
    if (request.target == "/apply-template") {
      return {Send{reply(200, R"({"prompt":"keep-reply keep-probe keep-next"})")}};
    }
    return chat_stream("OK.");
  }

  struct Chat {
    std::string topic, headers{};
    std::string history{};  // as the client tells it: plain
    std::set<std::string> ids{};
    std::size_t sent_bytes = 0;  // of messages that were new
    int turns = 0;
  };
  Response say(Chat& chat, const std::string& question) {
    const std::string notes = "<notes>\nRead on day " + std::to_string(chat.turns++) +
                              ", and not to be found again. " + std::string(300, '-') +
                              "\n</notes>\n\n";
    const std::string before = chat.history.empty() ? "" : chat.history + ",";
    const std::string decorated = message("user", notes + question);
    Response response = TestClient(proxy_.port())
                            .post("/v1/chat/completions",
                                  "{\"messages\":[" + before + decorated + "]}", chat.headers);
    EXPECT_EQ(response.status, 200) << response.body;
    chat.ids.insert(response.header("X-Keep-Conversation"));
    const std::string told = message("user", question) + "," + message("assistant", "OK.");
    chat.sent_bytes += decorated.size() + told.size();
    chat.history = before + told;
    return response;
  }
  Response go_on(Chat& chat) {
    return say(chat, "What of " + chat.topic + " in year " + std::to_string(chat.turns) + "?");
  }
  // The conversations on record, as JSON.
  std::string listed(const std::string& headers = "") const {
    return TestClient(proxy_.port()).post("/v1/conversations/list", "{}", headers).body;
  }

  ScriptedUpstream upstream_{play};
  TestProxy proxy_;
};

TEST_F(DecoratedTurnTest, IsOneConversationAndOnRecordOnce) {
  Chat chat{"herons"};
  for (int i = 0; i < kTurns; ++i) {
    const std::string divergence = go_on(chat).header("X-Keep-Divergence");
    if (i == 0) continue;
    EXPECT_NE(divergence.find(";cause=decorated_turn;"), std::string::npos) << divergence;
  }
  EXPECT_EQ(chat.ids.size(), 1U);
  const std::string text = listed();
  int conversations = 0;
  for (const json::Value one : json::Value(text).find("conversations").elements()) {
    ++conversations;
    // Per turn: as it was sent, as it is told now, and the answer to each; the last one's only to
    // what was sent.
    EXPECT_EQ(one.find("messages").integer(), 4 * kTurns - 2) << text;
    EXPECT_LT(one.find("disk_bytes").integer().value_or(1 << 30),
              static_cast<std::int64_t>(2 * chat.sent_bytes))
        << text;
  }
  EXPECT_EQ(conversations, 1) << text;
}

TEST_F(DecoratedTurnTest, LookAlikesStayApart) {
  Chat one{"herons"}, two{"otters"};
  for (int i = 0; i < kTurns; ++i) {
    go_on(one);
    go_on(two);
  }
  EXPECT_EQ(one.ids.size(), 1U);
  EXPECT_EQ(two.ids.size(), 1U);
  EXPECT_NE(one.ids, two.ids);
}

TEST_F(DecoratedTurnTest, TenantsStayApart) {
  Chat one{"herons", "X-Tenant-ID: one\r\n"}, two{"herons", "X-Tenant-ID: two\r\n"};
  for (int i = 0; i < kTurns; ++i) {
    go_on(one);
    go_on(two);
  }
  EXPECT_EQ(one.ids.size(), 1U);
  EXPECT_EQ(two.ids.size(), 1U);
  EXPECT_NE(one.ids, two.ids);
}

class DecoratedTurnInAWindow : public DecoratedTurnTest {
 protected:
  DecoratedTurnInAWindow() : DecoratedTurnTest(600) {}
};

TEST_F(DecoratedTurnInAWindow, WhatIsRecalledIsWhatTheUserSaid) {
  Chat chat{"herons"};
  say(chat, "Please remember: the vault code of the museum is 7341.");
  for (int i = 0; i < 4 * kTurns; ++i) go_on(chat);
  EXPECT_EQ(say(chat, "What is the vault code of the museum?").header("X-Keep-Recall").substr(0, 6),
            "pre;n=");
  EXPECT_EQ(chat.ids.size(), 1U);
  std::string sent;
  for (const Received& request : upstream_.received()) {
    if (request.target == "/v1/chat/completions") sent = request.body;
  }
  EXPECT_NE(sent.find("user: Please remember: the vault code of the museum is 7341."),
            std::string::npos)
      << sent;
  EXPECT_EQ(sent.find("Read on day 0"), std::string::npos) << "the notes of that turn";
}

}  // namespace
}  // namespace keep::test
