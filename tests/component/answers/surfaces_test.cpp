// Every endpoint, streaming and not, against scripted answers.
#include "base/json/json.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

namespace keep::test {
namespace {

class SurfacesTest : public testing::Test {
 protected:
  ScriptedUpstream upstream_{[](const Received&) { return chat_stream("hello there", 7, 3); }};
  TestProxy proxy_{test_config(upstream_.url())};
  TestClient client_{proxy_.port()};
};

json::Value parsed(const std::string& body) {
  const auto root = json::validate(body);
  EXPECT_TRUE(root) << body;
  return root ? *root : json::Value();
}

TEST_F(SurfacesTest, WholeRepliesAreAssembled) {
  const Response response = client_.post("/v1/chat/completions", chat_body("x", false));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.header("Content-Type"), "application/json; charset=utf-8");
  const json::Value root = parsed(response.body);
  EXPECT_EQ(root.find("object").string(), "chat.completion");
  const json::Value choice = *root.find("choices").elements().begin();
  EXPECT_EQ(choice.find("message").find("content").string(), "hello there");
  EXPECT_EQ(choice.find("finish_reason").string(), "stop");
  EXPECT_EQ(root.find("timings").find("cache_n").integer(), 7);
}

TEST_F(SurfacesTest, UpstreamAlwaysStreamsOntoASlotWithProgress) {
  client_.post("/v1/chat/completions", chat_body("x", false));
  const auto requests = upstream_.received();
  const json::Value sent = parsed(requests[0].body);
  EXPECT_EQ(sent.find("stream").boolean(), true);
  EXPECT_EQ(sent.find("return_progress").boolean(), true);
  EXPECT_TRUE(sent.find("id_slot").integer().has_value());
}

TEST_F(SurfacesTest, ProgressIsHiddenUnlessAskedFor) {
  const Response hidden = client_.post("/v1/chat/completions", chat_body("x", true));
  EXPECT_EQ(hidden.body.find("prompt_progress"), std::string::npos);
  EXPECT_NE(hidden.body.find("[DONE]"), std::string::npos);
  const Response shown =
      client_.post("/v1/chat/completions", chat_body("x", true, R"(,"return_progress":true)"));
  EXPECT_NE(shown.body.find("prompt_progress"), std::string::npos);
}

TEST_F(SurfacesTest, DecisionsAreExplainedInHeaders) {
  const Response response =
      client_.post("/v1/chat/completions", chat_body("x", true), "x-request-id: mine-1\r\n");
  EXPECT_EQ(response.header("x-request-id"), "mine-1");
  EXPECT_NE(response.header("X-Keep-Conversation"), "");
  EXPECT_NE(response.header("X-Keep-Identity"), "");
  EXPECT_NE(response.header("X-Keep-Slot"), "");
  EXPECT_EQ(response.header("X-Keep-Cached-Tokens"), "7");
  EXPECT_EQ(response.header("X-Keep-Divergence"), "none");
  EXPECT_NE(response.header("X-Keep-Overhead-Us"), "");
}

TEST_F(SurfacesTest, MessagesAreTranslatedBothWays) {
  const std::string body = R"({"model":"claude","max_tokens":50,"system":"be brief",)"
                           R"("messages":[{"role":"user","content":"x"}]})";
  const Response whole = client_.post("/v1/messages", body);
  EXPECT_EQ(whole.status, 200);
  const json::Value root = parsed(whole.body);
  EXPECT_EQ(root.find("type").string(), "message");
  EXPECT_EQ(root.find("model").string(), "claude");
  EXPECT_EQ((*root.find("content").elements().begin()).find("text").string(), "hello there");
  EXPECT_EQ(root.find("usage").find("cache_read_input_tokens").integer(), 7);
  const auto requests = upstream_.received();
  EXPECT_EQ(requests[0].target, "/v1/chat/completions");
  EXPECT_TRUE(parsed(requests[0].body).find("id_slot").integer().has_value());

  const Response stream =
      client_.post("/v1/messages", body.substr(0, body.size() - 1) + R"(,"stream":true})");
  EXPECT_NE(stream.body.find("event: message_start\n"), std::string::npos);
  EXPECT_NE(stream.body.find("event: message_stop\n"), std::string::npos);
}

TEST_F(SurfacesTest, MessagesErrorsAreAnthropicShaped) {
  const Response response = client_.post("/v1/messages", "{}");
  EXPECT_EQ(response.status, 400);
  const json::Value root = parsed(response.body);
  EXPECT_EQ(root.find("type").string(), "error");
  EXPECT_EQ(root.find("error").find("type").string(), "invalid_request_error");
}

TEST_F(SurfacesTest, MetricsCountWhatHappened) {
  client_.post("/v1/chat/completions", chat_body("x", true));
  const Response response = client_.get("/metrics");
  EXPECT_EQ(response.header("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  for (const char* line :
       {"llama_keep_requests_total{code=\"200\",endpoint=\"chat\"} 1",
        "llama_keep_prompt_tokens_total 10",
        "llama_keep_cached_prompt_tokens_total{source=\"slot\"} 7",
        "llama_keep_generated_tokens_total 2", "llama_keep_time_to_first_token_seconds_count",
        "llama_keep_overhead_seconds_bucket", "llama_keep_slots{state="}) {
    EXPECT_NE(response.body.find(line), std::string::npos) << line << "\n" << response.body;
  }
}

TEST(Surfaces, ModelsCarryTheWindow) {
  ScriptedUpstream upstream([](const Received&) -> std::vector<Step> {
    return {
        Send{reply(200, R"({"object":"list","data":[{"id":"m","meta":{"n_ctx_train":1024}}]})")}};
  });
  TestProxy proxy(test_config(upstream.url()));
  const Response response = TestClient(proxy.port()).get("/v1/models");
  const json::Value model = *parsed(response.body).find("data").elements().begin();
  EXPECT_EQ(model.find("window").integer(), 1024);
  EXPECT_EQ(model.find("meta").find("n_ctx_train").integer(), 1024);
}

class KeysTest : public testing::Test {
 protected:
  KeysTest() {
    std::ofstream(path_) << "# keys\nsecret-one\nsecret-two\n";
    std::filesystem::permissions(
        path_, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
  ~KeysTest() override { std::filesystem::remove(path_); }
  std::string path_ = testing::TempDir() + "keep-keys-test";
};

TEST_F(KeysTest, UnknownKeysAreRefusedAndKnownOnesStayHere) {
  ScriptedUpstream upstream([](const Received&) { return chat_stream("x"); });
  Config config = test_config(upstream.url());
  config.keys_file = path_;
  TestProxy proxy(config);
  const std::string body = chat_body("x", false);
  for (const char* key : {"", "Authorization: Bearer wrong\r\n"}) {
    TestClient stranger(proxy.port());
    EXPECT_EQ(stranger.post("/v1/chat/completions", body, key).status, 401);
    EXPECT_TRUE(stranger.closed_within(std::chrono::seconds(3)));  // its body was not read
  }
  TestClient client(proxy.port());
  EXPECT_EQ(client.get("/metrics").status, 401);
  EXPECT_EQ(client.get("/health").status, 200);
  EXPECT_EQ(
      client.post("/v1/chat/completions", body, "Authorization: Bearer secret-two\r\n").status,
      200);
  const std::string anthropic = R"({"model":"c","max_tokens":5,"messages":[{"role":"user",)"
                                R"("content":"x"}]})";
  EXPECT_EQ(client.post("/v1/messages", anthropic, "x-api-key: secret-one\r\n").status, 200);
  for (const Received& request : upstream.received()) {
    EXPECT_EQ(request.head.find("secret"), std::string::npos);
  }
}

TEST_F(KeysTest, TenantsWithTheSameIdsNeverShareAConversation) {
  ScriptedUpstream upstream([](const Received&) { return chat_stream("x"); });
  Config config = test_config(upstream.url());
  config.keys_file = path_;
  TestProxy proxy(config);
  std::string slots[2];
  int i = 0;
  for (const char* key : {"secret-one", "secret-two"}) {
    TestClient client(proxy.port());
    const std::string headers =
        std::string("Authorization: Bearer ") + key + "\r\nX-Conversation-Id: shared\r\n";
    client.post("/v1/chat/completions", chat_body("x", true), headers);
    slots[i++] =
        client.post("/v1/chat/completions", chat_body("x", true), headers).header("X-Keep-Slot");
  }
  EXPECT_NE(slots[0], slots[1]);
}

}  // namespace
}  // namespace keep::test
