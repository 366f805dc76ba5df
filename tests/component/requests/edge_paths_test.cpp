// What reaches llama-server: which paths, and none of the ids that are meant for us.
#include "tests/support/keys_file.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <string>

namespace keep::test {
namespace {

constexpr const char* kKey = "Authorization: Bearer secret-one\r\n";
constexpr const char* kOurs =
    "X-Conversation-Id: mine-1\r\nx-conversation-id: mine-2\r\nX-Tenant-ID: mine-3\r\nX-Topic: "
    "mine-4\r\n";

std::string request_line(const std::string& method, const std::string& target,
                         const std::string& headers) {
  return method + " " + target + " HTTP/1.1\r\nHost: x\r\n" + headers +
         "Content-Length: 2\r\n\r\n{}";
}

class EdgePathsTest : public testing::Test {
 protected:
  ScriptedUpstream upstream_{[](const Received& request) -> std::vector<Step> {
    if (request.target.find("completion") != request.target.npos &&
        request.body.find("\"stream\"") != request.body.npos) {
      return chat_stream("hello");
    }
    return {Send{reply(200, "upstream's")}};
  }};
};

class WithKeysTest : public EdgePathsTest {
 protected:
  WithKeysTest() {
    config_.keys_file = keys_.path();
    proxy_ = std::make_unique<TestProxy>(config_);
  }
  Response ask(const std::string& method, const std::string& target) {
    TestClient client(proxy_->port());
    client.send(request_line(method, target, kKey));
    return client.read_response();
  }
  KeysFile keys_{"secret-one\nsecret-two\n"};
  Config config_ = test_config(upstream_.url());
  std::unique_ptr<TestProxy> proxy_;
};

TEST_F(WithKeysTest, NothingPassesThatBelongsToOthers) {
  for (const char* target :
       {"/slots", "/slots/0?action=erase", "/lora-adapters", "/props", "/models/load", "/tools",
        "/cors-proxy", "/v1/stream?conv_id=a", "/v1/streams/lookup", "/v1/chat/completions/control",
        "/%73lots", "//slots", "/slots/", "/SLOTS", "/v1/../slots", "/slots#x", "/nothing",
        "/sw.js", "/v1/messages/../../slots"}) {
    for (const char* method : {"GET", "POST", "PUT", "DELETE"}) {
      const Response refused = ask(method, target);
      EXPECT_TRUE(refused.status == 404 || refused.status == 400) << method << target;
      EXPECT_NE(refused.body.find("\"error\""), std::string::npos) << target;
      EXPECT_NE(refused.header("x-request-id"), "");
    }
  }
  for (const Received& got : upstream_.received()) {
    EXPECT_EQ(got.target, "/completion") << "we ask for ourselves whether there is a RAM cache";
  }
}

TEST_F(WithKeysTest, HealthTellsStrangersWhetherAndNothingElse) {
  const std::string line = "GET /health HTTP/1.1\r\nHost: x\r\n";
  for (const char* key : {"", "Authorization: Bearer guessed\r\n"}) {
    TestClient stranger(proxy_->port());
    stranger.send(line + key + "\r\n");
    const Response response = stranger.read_response();
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, R"({"status":"ok","service":"llama-keep"})");
  }
  EXPECT_NE(ask("GET", "/health").body.find("\"upstreams\":["), std::string::npos);
}

TEST_F(WithKeysTest, RefusalsSpeakTheDialectOfThePath) {
  EXPECT_TRUE(ask("POST", "/v1/messages/batches").body.starts_with(R"({"type":"error")"));
  EXPECT_TRUE(ask("GET", "/slots").body.starts_with(R"({"error")"));
}

TEST_F(WithKeysTest, WhatConcernsNobodyElsePassesWithoutTheKey) {
  EXPECT_EQ(ask("POST", "/tokenize").body, "upstream's");
  EXPECT_EQ(ask("POST", "/v1/embeddings").body, "upstream's");
  for (const Received& got : upstream_.received()) {
    EXPECT_EQ(got.head.find("secret"), std::string::npos);
  }
}

TEST_F(WithKeysTest, APathAskedWithoutKeyIsNotToldApart) {
  TestClient client(proxy_->port());
  EXPECT_EQ(client.get("/slots").status, 401);
  EXPECT_EQ(client.get("/nothing").status, 401);
}

TEST_F(EdgePathsTest, WithoutKeysAllPassesButTheReplayBuffer) {
  TestProxy proxy(test_config(upstream_.url()));
  TestClient client(proxy.port());
  for (const char* target : {"/lora-adapters", "/models/load", "/nothing?a=%20b", "/tools"}) {
    EXPECT_EQ(client.post(target, "{}").body, "upstream's") << target;
    EXPECT_EQ(upstream_.received().back().target, target);
  }
  const std::size_t seen = upstream_.received().size();
  for (const char* target : {"/v1/stream?conv_id=a", "/v1/streams/lookup", "/v1/%73tream?conv_id=a",
                             "//v1/stream", "/v1/stream/a"}) {
    EXPECT_EQ(client.post(target, "{}").status, 404) << target;
    EXPECT_EQ(client.get(target).status, 404) << target;
  }
  EXPECT_EQ(client.get("/v1/%u0073tream?conv_id=a").status, 400);
  EXPECT_EQ(upstream_.received().size(), seen);
}

TEST_F(EdgePathsTest, OurIdsStayHere) {
  for (const bool plugins : {true, false}) {
    TestProxy proxy(plugins ? test_config(upstream_.url()) : transparent_config(upstream_.url()));
    TestClient client(proxy.port());
    const std::string field = R"(,"conversation_id":"mine-5")";
    const std::string body = chat_body("x", true, field);
    client.post("/v1/chat/completions", body, kOurs);
    client.post("/v1/messages",
                R"({"max_tokens":9,"messages":[{"role":"user","content":"x"}])" + field + "}",
                kOurs);
    client.post("/v1/completions", R"({"prompt":"x","stream":true)" + field + "}", kOurs);
    client.post("/v1/responses", R"({"input":"x","stream":true)" + field + "}", kOurs);
    client.post("/tokenize", "{}", kOurs);
    client.post("/v1/messages/count_tokens",
                R"({"messages":[{"role":"user","content":"x"}])" + field + "}", kOurs);
  }
  EXPECT_GE(upstream_.received().size(), 12U);
  for (const Received& got : upstream_.received()) {
    EXPECT_EQ((got.head + got.body).find("mine-"), std::string::npos) << got.head << got.body;
  }
}

TEST_F(EdgePathsTest, WhereNoKeyIsAskedForTheClientsKeyIsForUpstream) {
  TestProxy proxy(test_config(upstream_.url()));
  TestClient(proxy.port()).post("/tokenize", "{}", kKey);
  EXPECT_EQ(upstream_.received()[0].header("Authorization"), "Bearer secret-one");
}

}  // namespace
}  // namespace keep::test
