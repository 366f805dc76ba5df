// Every reply may be read by the page that may call, and by no other.
#include "tests/support/keys_file.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <string>

namespace keep::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* kPage = "http://localhost:3000";
const std::string kFrom = std::string("Origin: ") + kPage + "\r\n";
const std::string kJson = "Content-Type: application/json\r\n";
const std::string kFromEvil = "Origin: https://evil.example\r\n";

class EdgeCorsTest : public testing::Test {
 protected:
  Response send(const Config& config, const std::string& bytes) {
    TestProxy proxy(config);
    TestClient client(proxy.port());
    client.send(bytes);
    return client.read_response();
  }
  static std::string asked(const std::string& method, const std::string& target,
                           const std::string& headers, const std::string& body = "") {
    return method + " " + target + " HTTP/1.1\r\nHost: x\r\n" + headers +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  static void expect_readable(const Response& response, const std::string& what) {
    EXPECT_EQ(response.header("Access-Control-Allow-Origin"), kPage) << what;
    EXPECT_EQ(response.header("Vary"), "Origin") << what;
  }
  static std::vector<Step> script(const Received& request) {
    const std::string own = "Access-Control-Allow-Origin: https://upstream.example\r\n";
    if (request.target == "/v1/models") return {Send{reply(200, R"({"data":[]})")}};
    if (request.body.find("refuse") != request.body.npos) {
      return {Send{"HTTP/1.1 400 Bad\r\n" + own + "Content-Length: 12\r\n\r\n{\"error\":{}}"}};
    }
    if (request.body.find("\"stream\":true") != request.body.npos) return chat_stream("x");
    return {Send{"HTTP/1.1 200 OK\r\n" + own + "Content-Length: 2\r\n\r\nok"}};
  }
  ScriptedUpstream upstream_{script};
  Config config_ = test_config(upstream_.url());
  KeysFile keys_{"secret\n"};
};

TEST_F(EdgeCorsTest, RepliesOfEveryKindAreReadable) {
  TestProxy proxy(config_);
  const std::string chat = chat_body("x", false), stream = chat_body("x", true);
  const std::string message = R"({"max_tokens":9,"messages":[{"role":"user","content":"x"}]})";
  const std::pair<std::string, int> cases[] = {
      {asked("GET", "/v1/models", kFrom), 200},
      {asked("GET", "/health", kFrom), 200},
      {asked("GET", "/ready", kFrom), 200},
      {asked("GET", "/metrics", kFrom), 200},
      {asked("GET", "/v1/conversations/list", kFrom), 200},
      {asked("GET", "/v1/knowledge/topics", kFrom), 200},
      {asked("GET", "/v1/sessions/none", kFrom), 404},
      {asked("POST", "/v1/knowledge/store", kFrom, "{"), 415},
      {asked("POST", "/v1/knowledge/store", kFrom + kJson, "{"), 400},
      {asked("POST", "/v1/chat/completions", kFrom, chat), 200},
      {asked("POST", "/v1/chat/completions", kFrom, stream), 200},
      {asked("POST", "/v1/chat/completions", kFrom, "{"), 400},
      {asked("POST", "/v1/chat/completions", kFrom, chat_body("refuse", false)), 400},
      {asked("POST", "/v1/messages", kFrom, message), 200},
      {asked("POST", "/v1/messages", kFrom, "{}"), 400},
      {asked("POST", "/v1/responses", kFrom, "{}"), 400},
      {asked("POST", "/completion", kFrom, "[]"), 400},
      {asked("POST", "/completion", kFrom + "Content-Encoding: foo\r\n", "[]"), 415},
      {asked("POST", "/tokenize", kFrom, "{}"), 200},
      {asked("POST", "/tokenize", kFrom, "refuse"), 400},
      {asked("GET", "/v1/stream/a", kFrom), 404},
      {"GET /x HTTP/1.1\r\n" + kFrom + "Content-Length: -1\r\n\r\n", 400},
      {"POST /x HTTP/1.1\r\n" + kFrom + "Transfer-Encoding: gzip\r\n\r\n", 400},
      {"POST /x HTTP/1.1\r\n" + kFrom + "Content-Length: 99999999999\r\n\r\n", 413},
      {"GET http://x/ HTTP/1.1\r\n" + kFrom + "\r\n", 400},
      {"GET /x HTTP/1.1\r\n" + kFrom + "X-Big: " + std::string(70000, 'a') + "\r\n\r\n", 431},
  };
  for (const auto& [bytes, status] : cases) {
    const std::string what = bytes.substr(0, 200);
    TestClient client(proxy.port());
    client.send(bytes);
    const Response response = client.read_response(3s);
    EXPECT_EQ(response.status, status) << what;
    expect_readable(response, what);
    EXPECT_EQ(response.header("Access-Control-Allow-Credentials"), "") << what;
  }
}

TEST_F(EdgeCorsTest, OurHeadersAreExposed) {
  const Response response =
      send(config_, asked("POST", "/v1/chat/completions", kFrom, chat_body("x", true)));
  const std::string exposed = response.header("Access-Control-Expose-Headers");
  for (const char* name : {"x-request-id", "X-Keep-Conversation", "X-Keep-Slot", "X-Keep-Cache",
                           "X-Keep-Overhead-Us"}) {
    EXPECT_NE(exposed.find(name), std::string::npos) << exposed;
  }
}

TEST_F(EdgeCorsTest, OtherPagesAreToldNothing) {
  TestProxy proxy(config_);
  for (const char* target : {"/v1/models", "/health", "/nothing"}) {
    TestClient client(proxy.port());
    client.send(asked("GET", target, kFromEvil));
    const Response response = client.read_response();
    EXPECT_EQ(response.header("Access-Control-Allow-Origin"), "") << target;
    EXPECT_EQ(response.header("Access-Control-Expose-Headers"), "") << target;
  }
  TestClient client(proxy.port());
  client.send(asked("OPTIONS", "/v1/chat/completions", kFromEvil));
  EXPECT_EQ(client.read_response().status, 403);
}

TEST_F(EdgeCorsTest, NoPageNoFields) {
  const Response response = send(config_, asked("GET", "/nothing", ""));
  EXPECT_EQ(response.body, "ok");
  EXPECT_EQ(response.header("Access-Control-Allow-Origin"), "");
  EXPECT_EQ(response.header("Vary"), "");
}

TEST_F(EdgeCorsTest, PreflightsNeedNoKeyAndReachNobody) {
  config_.keys_file = keys_.path();
  TestProxy proxy(config_);
  for (const char* target : {"/v1/chat/completions", "/v1/messages", "/v1/models", "/slots"}) {
    TestClient client(proxy.port());
    client.send(asked("OPTIONS", target,
                      kFromEvil + "Access-Control-Request-Method: POST\r\n"
                                  "Access-Control-Request-Headers: authorization, x-any\r\n"));
    const Response response = client.read_response();
    EXPECT_EQ(response.status, 204) << target;
    EXPECT_TRUE(response.complete);
    EXPECT_EQ(response.header("Access-Control-Allow-Origin"), "https://evil.example");
    EXPECT_EQ(response.header("Access-Control-Allow-Headers"), "authorization, x-any");
  }
  EXPECT_TRUE(upstream_.received().empty());
}

TEST_F(EdgeCorsTest, AMissingKeyIsReadable) {
  config_.keys_file = keys_.path();
  const Response response = send(config_, asked("GET", "/v1/models", kFrom));
  EXPECT_EQ(response.status, 401);
  expect_readable(response, "401");
}

TEST_F(EdgeCorsTest, OptionsLeavesTheConnectionUsable) {
  TestProxy proxy(config_);
  TestClient client(proxy.port());
  client.send(asked("OPTIONS", "/nothing", kFrom) + asked("GET", "/nothing", kFrom));
  EXPECT_EQ(client.read_response().status, 204);
  EXPECT_EQ(client.read_response().body, "ok");
}

TEST_F(EdgeCorsTest, NamedPagesMayCall) {
  config_.listen.cors_origins = "https://a.example, https://evil.example";
  const Response named = send(config_, asked("GET", "/health", kFromEvil));
  EXPECT_EQ(named.header("Access-Control-Allow-Origin"), "https://evil.example");
}

TEST_F(EdgeCorsTest, TimeoutsAreReadable) {
  config_.timeouts.body = 200ms;
  const Response response =
      send(config_, "POST /x HTTP/1.1\r\nHost: x\r\n" + kFrom + "Content-Length: 30\r\n\r\nabc");
  EXPECT_EQ(response.status, 408);
  expect_readable(response, "408");
}

}  // namespace
}  // namespace keep::test
