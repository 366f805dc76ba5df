// Conversations longer than the model's window: what goes upstream, what comes back, what is kept.
#include "base/json/json.hpp"
#include "openai/request/message.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

namespace keep::test {
namespace {

constexpr std::size_t kWindow = 600;

// A token is four bytes here.
std::size_t tokens_in(const std::string& text) { return (text.size() + 3) / 4; }

std::vector<std::string> messages_of(const std::string& body) {
  std::vector<std::string> list;
  const json::Value root(body);
  for (const json::Value message : root.find("messages").elements()) {
    list.emplace_back(message.raw());
  }
  return list;
}

// The messages are the prompt.
std::string rendered(const Received& request) {
  std::string prompt;
  for (const std::string& message : messages_of(request.body)) prompt += message;
  return "{\"prompt\":" + json::quoted(prompt) + "}";
}

std::string tokenized(const Received& request) {
  const std::string text = json::Value(request.body).find("content").string().value_or("");
  std::string tokens;
  for (std::size_t i = 0; i < tokens_in(text); ++i) tokens += tokens.empty() ? "1" : ",1";
  return "{\"tokens\":[" + tokens + "]}";
}

class EndlessTest : public testing::Test {
 protected:
  explicit EndlessTest(std::size_t max_tokens = 100000)
      : proxy_(config(upstream_.url(), max_tokens)) {}
  static Config config(const std::string& url, std::size_t max_tokens) {
    Config config = test_config(url);
    config.history.max_conversation_tokens = max_tokens;
    config.history.window_tokens = kWindow;
    return config;
  }

  std::vector<Step> play(const Received& request) {
    if (request.target == "/tokenize") return {Send{reply(200, tokenized(request))}};
    if (request.target == "/apply-template") return {Send{reply(200, rendered(request))}};
    if (refusals_ > 0) {
      --refusals_;
      return {Send{reply(400, R"({"error":{"code":400,"type":"exceed_context_size_error",)"
                              R"("message":"too long","n_prompt_tokens":900,"n_ctx":600}})")}};
    }
    std::size_t tokens = 0;
    for (const std::string& message : messages_of(request.body)) tokens += tokens_in(message);
    return chat_stream("I see.", 0, static_cast<int>(tokens));
  }

  Response say(const std::string& text, const std::string& more = "") {
    if (!history_.empty()) history_ += ',';
    history_ += R"({"role":"user","content":)" + json::quoted(text) + "}";
    const Response response = ask(more);
    history_ += R"(,{"role":"assistant","content":"I see."})";
    return response;
  }
  Response ask(const std::string& more = "") {
    return TestClient(proxy_.port())
        .post("/v1/chat/completions",
              "{\"messages\":[" + history_ + "],\"max_tokens\":20" + more + "}", headers_);
  }
  std::vector<std::string> last_sent() const {
    const auto requests = upstream_.received();
    for (auto at = requests.rbegin(); at != requests.rend(); ++at) {
      if (at->target == "/v1/chat/completions") return messages_of(at->body);
    }
    return {};
  }
  json::Value listed(const std::string& tenant_header = "") {
    list_ = TestClient(proxy_.port())
                .post("/v1/conversations/list", "{}", headers_ + tenant_header)
                .body;
    return *json::Value(list_).find("conversations").elements().begin();
  }
  void chatter(int turns) {
    for (int i = 0; i < turns; ++i) {
      const std::string number = std::to_string(i);
      const Response response = say("Sentence " + number + " tells about the garden, the train " +
                                    number + " and nothing that anybody will ask for.");
      ASSERT_EQ(response.status, 200) << response.body;
    }
  }

  std::atomic<int> refusals_{0};
  std::string history_, headers_ = "X-Conversation-Id: one\r\n", list_;
  ScriptedUpstream upstream_{[this](const Received& request) { return play(request); }};
  TestProxy proxy_;
};

TEST_F(EndlessTest, EveryPromptFitsAndKeepsItsBeginning) {
  std::vector<std::string> before;
  int moves = 0;
  for (int turn = 0; turn < 80; ++turn) {
    chatter(1);
    const std::vector<std::string> sent = last_sent();
    std::size_t tokens = 0;
    for (const std::string& message : sent) tokens += tokens_in(message);
    ASSERT_LE(tokens, kWindow + 60) << turn;  // the JSON around the texts is no part of a prompt
    const bool goes_on =
        sent.size() >= before.size() && std::equal(before.begin(), before.end(), sent.begin());
    if (!goes_on) ++moves;
    before = sent;
  }
  EXPECT_GE(moves, 3);
  EXPECT_LE(moves, 20);
}

TEST_F(EndlessTest, WhatWasSaidLongAgoIsRecalledAndStays) {
  say("Please remember: the vault code of the museum is 7341.");
  chatter(40);
  const Response response = say("What is the vault code of the museum?");
  EXPECT_EQ(response.header("X-Keep-Recall").substr(0, 6), "pre;n=");
  std::vector<std::string> sent = last_sent();
  ASSERT_GE(sent.size(), 2U);
  const std::string block = sent[sent.size() - 2];
  EXPECT_NE(block.find("[Recalled from turn 1, "), std::string::npos) << block;
  EXPECT_NE(block.find("] user: Please remember: the vault code of the museum is 7341."),
            std::string::npos);
  say("Thank you.");
  sent = last_sent();
  ASSERT_GE(sent.size(), 4U);
  EXPECT_EQ(sent[sent.size() - 4], block);
}

TEST_F(EndlessTest, ShortConversationsGoAsTheyAre) {
  const Response response = say("Hello there.");
  EXPECT_EQ(response.header("X-Keep-Recall"), "none");
  EXPECT_EQ(last_sent(), std::vector<std::string>{R"({"role":"user","content":"Hello there."})"});
}

TEST_F(EndlessTest, APromptThatIsTooLongAfterAllIsCutAndSentAgain) {
  chatter(12);
  const std::size_t sent = last_sent().size();
  refusals_ = 1;
  const Response response = say("Go on.");
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_LT(last_sent().size(), sent);
}

TEST_F(EndlessTest, ARefusalThatCannotBeHelpedReachesTheClient) {
  chatter(3);
  refusals_ = 10;
  const Response response = say("Go on.");
  EXPECT_EQ(response.status, 400);
  EXPECT_NE(response.body.find("900 tokens > 600 maximum"), std::string::npos) << response.body;
}

TEST_F(EndlessTest, ATurnLargerThanTheWindowIsRefusedWithNumbers) {
  const Response response = say(std::string(8000, 'x'));
  EXPECT_EQ(response.status, 400);
  EXPECT_NE(response.body.find("context_length_exceeded"), std::string::npos) << response.body;
  EXPECT_NE(response.body.find("tokens > 600 maximum"), std::string::npos) << response.body;
}

class GreatestLength : public EndlessTest {
 protected:
  GreatestLength() : EndlessTest(2000) {}
};

TEST_F(GreatestLength, WhatExceedsItIsRefusedWithNumbers) {
  chatter(10);
  const auto messages = listed().find("messages").integer();
  const std::string before = history_;
  for (int i = 0; i < 2; ++i) {
    const Response response = say(std::string(8000, 'x'));
    EXPECT_EQ(response.status, 400);
    EXPECT_NE(response.body.find("context_length_exceeded"), std::string::npos) << response.body;
    EXPECT_NE(response.body.find("conversation is too long"), std::string::npos) << response.body;
    EXPECT_NE(response.body.find("tokens > 2000 maximum"), std::string::npos) << response.body;
    EXPECT_EQ(listed().find("messages").integer(), messages);  // it is not on record
    history_ = before;
  }
  EXPECT_EQ(say("Go on.").status, 200);
}

TEST_F(EndlessTest, TheAnswerIsOnRecordWhenItsEndIsSeen) {
  say("Hello there.");
  EXPECT_EQ(listed().find("messages").integer(), 2);
  EXPECT_EQ(listed().find("turns").integer(), 1);
  ask();  // the same again: nothing new but nothing doubled either
  EXPECT_EQ(listed().find("messages").integer(), 2);
}

// A question is written with its answer; not when it is refused.
TEST_F(EndlessTest, AQuestionThatIsRefusedIsNotOnRecord) {
  say("Hello there.");
  refusals_ = 10;
  EXPECT_EQ(say("Where is my umbrella?").status, 400);
  EXPECT_TRUE(eventually([this] {
    const std::string page = TestClient(proxy_.port()).get("/v1/conversations/one").body;
    return page.find("Where is my umbrella?") == std::string::npos;
  }));
  EXPECT_EQ(listed().find("messages").integer(), 2);
}

// Another question gets its position, but not what was recalled for it.
TEST_F(EndlessTest, WhatWasRecalledForARefusedQuestionIsForgotten) {
  say("Please remember: the vault code of the museum is 7341.");
  say("Please remember: the gate word of the castle is heron.");
  chatter(40);
  const std::string before = history_;
  refusals_ = 10;
  EXPECT_EQ(say("What is the vault code of the museum?").status, 400);
  history_ = before;
  refusals_ = 0;
  EXPECT_EQ(say("What is the gate word of the castle?").status, 200);
  std::string prompt;
  for (const std::string& message : last_sent()) prompt += message;
  EXPECT_NE(prompt.find("is heron"), std::string::npos) << prompt;
  EXPECT_EQ(prompt.find("is 7341"), std::string::npos) << prompt;
}

TEST_F(EndlessTest, WithStoreOffNothingIsKept) {
  say("Hello there.", R"(,"store":false)");
  EXPECT_TRUE(listed().missing()) << list_;
}

TEST_F(EndlessTest, EndedConversationsLeaveNothing) {
  say("Please remember: the vault code of the museum is 7341.");
  chatter(40);
  TestClient client(proxy_.port());
  const Response ended =
      client.post("/v1/conversations/end", R"({"conversation_id":"one"})", headers_);
  EXPECT_EQ(ended.body, R"({"status":"ended"})");
  EXPECT_EQ(client.post("/v1/conversations/end", R"({"conversation_id":"one"})", headers_).status,
            404);
  EXPECT_EQ(client.post("/v1/conversations/end", "{}", headers_).status, 400);
  const std::string large = R"({"conversation_id":"one")" + std::string(100000, ' ') + "}";
  EXPECT_EQ(client.post("/v1/conversations/end", large, headers_).status, 400);
  EXPECT_TRUE(listed().missing());
  history_.clear();
  EXPECT_EQ(say("Hello there.").header("X-Keep-Divergence"), "none") << "nothing to compare with";
  chatter(40);
  say("What is the vault code of the museum?");
  for (const std::string& message : last_sent()) {
    EXPECT_EQ(message.find("7341"), std::string::npos);
  }
}

TEST_F(EndlessTest, AnAnswerOfAnEndedConversationIsNotReferredTo) {
  TestClient client(proxy_.port());
  const Response first = client.post("/v1/responses", R"({"input":"Hello there."})", headers_);
  const json::Value root(first.body);
  const std::string id =
      (*root.find("output").elements().begin()).find("id").string().value_or("none");
  const std::string goes_on = R"({"input":[{"type":"item_reference","id":")" + id +
                              R"("},{"role":"user","content":"And?"}]})";
  EXPECT_EQ(client.post("/v1/responses", goes_on, headers_).status, 200);
  EXPECT_EQ(last_sent().size(), 2U) << first.body;
  client.post("/v1/conversations/end", R"({"conversation_id":"one"})", headers_);
  EXPECT_EQ(client.post("/v1/responses", goes_on, headers_).status, 200);
  EXPECT_EQ(last_sent().size(), 1U) << "what was said is gone";
}

TEST_F(EndlessTest, WhatWasNotToBeStoredIsForgottenWithItsEnd) {
  say("Hello there.", R"(,"store":false)");
  TestClient client(proxy_.port());
  const std::string end = R"({"conversation_id":"one"})";
  EXPECT_EQ(client.post("/v1/conversations/end", end, headers_).status, 404) << "not on record";
  history_.clear();
  EXPECT_EQ(say("Good day.").header("X-Keep-Divergence"), "none");
}

TEST_F(EndlessTest, TenantsHaveTheirOwnConversations) {
  say("Hello there.");
  EXPECT_FALSE(listed().missing());
  EXPECT_TRUE(listed("X-Tenant-ID: other\r\n").missing()) << list_;
  headers_ += "X-Tenant-ID: other\r\n";
  TestClient client(proxy_.port());
  EXPECT_EQ(client.post("/v1/conversations/end", R"({"conversation_id":"one"})", headers_).status,
            404);
}

TEST_F(EndlessTest, SessionsTellTheirState) {
  say("Hello there.");
  const Response response = TestClient(proxy_.port()).get("/v1/sessions/one");
  const json::Value session(response.body);
  EXPECT_EQ(session.find("session_id").string(), "one");
  EXPECT_EQ(session.find("has_cache").boolean(), true);
  EXPECT_EQ(session.find("message_count").integer(), 2);
  EXPECT_EQ(session.find("max_context").integer(), static_cast<std::int64_t>(kWindow));
  EXPECT_EQ(TestClient(proxy_.port()).get("/v1/sessions/two").status, 404);
}

TEST(EndlessRestart, AConversationWithoutAnIdGoesOnAfterARestart) {
  ScriptedUpstream upstream([](const Received&) { return chat_stream("I see."); });
  TempFolder folder;
  Config config = test_config(upstream.url());
  config.history.folder = folder.path;
  const std::string first = R"({"role":"user","content":"Tell me about boats."})";
  const std::string more = first + R"(,{"role":"assistant","content":"I see."},)"
                                   R"({"role":"user","content":"And about trains?"})";
  const auto ask = [](const TestProxy& proxy, const std::string& messages) {
    TestClient client(proxy.port());
    return client.post("/v1/chat/completions", "{\"messages\":[" + messages + "]}");
  };
  std::string before;
  {
    TestProxy proxy(config);
    before = ask(proxy, first).header("X-Keep-Conversation");
  }
  TestProxy proxy(config);
  EXPECT_EQ(ask(proxy, more).header("X-Keep-Conversation"), before);
  const std::string list = TestClient(proxy.port()).get("/v1/conversations/list").body;
  const json::Value one = *json::Value(list).find("conversations").elements().begin();
  EXPECT_EQ(one.find("messages").integer(), 4) << list;
  EXPECT_EQ(json::Value(list).find("stats").find("total_conversations").integer(), 1);
}

TEST(EndlessRestart, WhatWasAskedLastIsOnRecordAfterAStop) {
  ScriptedUpstream upstream([](const Received& request) -> std::vector<Step> {
    if (request.body.find("trains") != std::string::npos) return {Close{}};
    return chat_stream("I see.");
  });
  TempFolder folder;
  Config config = test_config(upstream.url());
  config.history.folder = folder.path;
  const std::string first = R"({"role":"user","content":"Tell me about boats."})";
  const std::string more = R"(,{"role":"assistant","content":"I see."},)"
                           R"({"role":"user","content":"And about trains?"})";
  {
    TestProxy proxy(config);
    for (const std::string& messages : {first, first + more}) {
      TestClient(proxy.port()).post("/v1/chat/completions", "{\"messages\":[" + messages + "]}");
    }
  }
  TestProxy proxy(config);
  const std::string list = TestClient(proxy.port()).get("/v1/conversations/list").body;
  const json::Value one = *json::Value(list).find("conversations").elements().begin();
  EXPECT_EQ(one.find("messages").integer(), 3) << list;
}

}  // namespace
}  // namespace keep::test
