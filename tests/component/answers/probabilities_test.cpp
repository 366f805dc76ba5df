// Requests whose answer llama-server gives otherwise, or not at all, when it streams.
#include "base/json/json.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <string>

namespace keep::test {
namespace {

constexpr const char* kChat = "/v1/chat/completions";
constexpr const char* kTools = R"(,"tools":[{"type":"function","function":{"name":"look"}}])";
constexpr const char* kLogprobs = R"(,"logprobs":true,"top_logprobs":1)";
constexpr const char* kId = "X-Conversation-Id: one\r\n";

// Spaced as nobody here would write it.
const std::string kReply =
    R"({"choices": [{"finish_reason":"stop","index":0,"message":{"role":"assistant",)"
    R"("content":"I see."},"logprobs":{"content":[{"id":5,"token":"I see.","logprob":-0.5},)"
    R"({"id":2,"token":"","logprob":-0.25}]}}],"created":1,"model":"m","object":"chat.completion",)"
    R"("usage":{"completion_tokens":2,"prompt_tokens":9,"total_tokens":11},"id":"chatcmpl-7",)"
    R"("timings":{"cache_n":6,"prompt_n":3,"predicted_n":2}})";
const std::string kCompletion =
    R"({"index":0,"content":" is","tokens":[],"stop":true,"stop_type":"word", "stopping_word":"7",)"
    R"("timings":{"cache_n":1,"prompt_n":2,"predicted_n":2},"completion_probabilities":)"
    R"([{"id":268,"token":" is","logprob":-0.4}]})";

class ProbabilitiesTest : public testing::Test {
 protected:
  static std::vector<Step> play(const Received& request) {
    const json::Value body(request.body);
    const bool streams = body.find("stream").boolean().value_or(false);
    if (streams && !body.find("tools").missing() && !body.find("logprobs").missing()) {
      return {Send{reply(400, R"({"error":{"code":400,"message":"not with tools + stream"}})")}};
    }
    if (streams) return chat_stream("I see.");
    return {Send{reply(200, request.target == kChat ? kReply : kCompletion)}};
  }
  std::string record() const {
    const Response page = TestClient(proxy_.port()).get("/v1/conversations/one");
    std::string texts;
    for (const json::Value entry : json::Value(page.body).find("messages").elements()) {
      texts += entry.find("message").find("content").string().value_or("?") + "|";
    }
    return texts;
  }

  ScriptedUpstream upstream_{play};
  TestProxy proxy_{test_config(upstream_.url())};
  TestClient client_{proxy_.port()};
};

TEST_F(ProbabilitiesTest, AReplyLeavesAsItCame) {
  for (const std::string& more :
       {std::string(kLogprobs), std::string(kLogprobs) + kTools, std::string(R"(,"n_probs":3)")}) {
    const Response response = client_.post(kChat, chat_body("x", false, more));
    EXPECT_EQ(response.status, 200) << more;
    EXPECT_EQ(response.body, kReply) << more;
    EXPECT_EQ(response.header("X-Keep-Cached-Tokens"), "6");
  }
  const std::string prompt = R"({"prompt":"The vault","stop":["7"],)";
  for (const char* target : {"/completion", "/v1/completions"}) {
    EXPECT_EQ(client_.post(target, prompt + R"("n_probs":1})").body, kCompletion) << target;
    EXPECT_EQ(client_.post(target, prompt + R"("logprobs":1})").body, kCompletion) << target;
  }
}

TEST_F(ProbabilitiesTest, ItIsPinnedAndNotStreamed) {
  client_.post(kChat, chat_body("x", false, kLogprobs));
  const Received request = upstream_.received().at(0);
  const json::Value body(request.body);
  EXPECT_TRUE(body.find("id_slot").integer());
  EXPECT_EQ(body.find("stream").boolean(), false);
  EXPECT_TRUE(body.find("return_progress").missing());
}

TEST_F(ProbabilitiesTest, TheAnswerIsOnRecord) {
  client_.post(kChat, chat_body("x", false, kLogprobs), kId);
  EXPECT_EQ(record(), "x|I see.|");
}

TEST_F(ProbabilitiesTest, OtherDialectsAreTranslated) {
  const Response message =
      client_.post("/v1/messages", R"({"model":"m","max_tokens":3,"logprobs":true,)"
                                   R"("messages":[{"role":"user","content":"x"}]})");
  const json::Value root(message.body);
  EXPECT_EQ((*root.find("content").elements().begin()).find("text").string(), "I see.");
  EXPECT_EQ(root.find("id").string(), "msg_7");
  EXPECT_EQ(root.find("usage").find("output_tokens").integer(), 2);
  const Response response = client_.post("/v1/responses", R"({"input":"x","logprobs":true})");
  EXPECT_NE(response.body.find(R"("text":"I see.")"), std::string::npos) << response.body;
}

TEST_F(ProbabilitiesTest, AStreamStaysOneAndIsRefusedByUpstream) {
  EXPECT_EQ(client_.post(kChat, chat_body("x", true, kLogprobs)).header("Content-Type"),
            "text/event-stream");
  EXPECT_EQ(client_.post(kChat, chat_body("x", true, std::string(kLogprobs) + kTools)).status, 400);
}

TEST(Probabilities, ALongReplyHoldsNobodyUp) {
  std::string list;
  while (list.size() < 4'000'000) {
    list +=
        R"({"id":5,"token":"I","bytes":[73],"logprob":-0.5,"top_logprobs":[{"id":5},{"id":6}]},)";
  }
  std::string long_reply = kReply;
  long_reply.insert(long_reply.find(R"({"id":5)"), list);
  ScriptedUpstream upstream(
      [&](const Received&) -> std::vector<Step> { return {Send{reply(200, long_reply)}}; });
  TestProxy proxy(test_config(upstream.url()));
  TestClient client(proxy.port());
  EXPECT_EQ(client.post(kChat, chat_body("x", false, kLogprobs)).body, long_reply);
}

TEST(Probabilities, AClientThatLeavesClosesTheConnection) {
  ScriptedUpstream upstream(
      [](const Received&) -> std::vector<Step> { return {WaitForClientGone{}}; });
  TestProxy proxy(test_config(upstream.url()));
  TestClient leaver(proxy.port());
  leaver.send(post_bytes(kChat, chat_body("x", false, kLogprobs)));
  ASSERT_TRUE(eventually([&] { return upstream.received().size() == 1; }));
  leaver.close();
  EXPECT_TRUE(eventually([&] { return upstream.clients_gone() == 1; }));
}

// Nobody makes upstream stream then.
TEST(WithoutSlots, AReplyIsOnRecordAndTranslated) {
  ScriptedUpstream upstream(
      [](const Received&) -> std::vector<Step> { return {Send{reply(200, kReply)}}; });
  Config config = test_config(upstream.url());
  config.slots.enabled = false;
  TestProxy proxy(config);
  TestClient client(proxy.port());
  EXPECT_EQ(client.post(kChat, chat_body("x", false), kId).body, kReply);
  const std::string page = client.get("/v1/conversations/one").body;
  EXPECT_NE(page.find("I see."), std::string::npos) << page;
  const Response message =
      client.post("/v1/messages", R"({"max_tokens":3,"messages":[{"role":"user","content":"x"}]})");
  EXPECT_EQ(json::Value(message.body).find("type").string(), "message") << message.body;
}

}  // namespace
}  // namespace keep::test
