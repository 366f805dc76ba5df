// Ollama's API: answers in lines, errors in its words.
#include "base/json/json.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

namespace keep::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* kAsk = R"({"model":"demo","messages":[{"role":"user","content":"x"}])";

json::Value parsed(const std::string& body) {
  const auto root = json::validate(body);
  EXPECT_TRUE(root) << body;
  return root ? *root : json::Value();
}

std::vector<std::string> lines_of(const std::string& body) {
  std::vector<std::string> lines;
  std::istringstream stream(body);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

class OllamaTest : public testing::Test {
 protected:
  void start() {
    proxy_.emplace(config_);
    client_.emplace(proxy_->port());
  }
  Response post(const std::string& path, const std::string& body) {
    if (!proxy_) start();
    return client_->post(path, body);
  }
  Response get(const std::string& path) {
    if (!proxy_) start();
    return client_->get(path);
  }
  // Of a reply that is an error of Ollama's.
  static std::string told(const Response& response, int status) {
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_EQ(response.header("Content-Type"), "application/json");
    return parsed(response.body).find("error").string().value_or("no error: " + response.body);
  }

  std::vector<Step> answer_ = chat_stream("hello there", 7, 3);
  ScriptedUpstream upstream_{[this](const Received&) { return answer_; }};
  Config config_ = test_config(upstream_.url());
  std::optional<TestProxy> proxy_;
  std::optional<TestClient> client_;
};

TEST_F(OllamaTest, StreamsLinesUnlessToldNotTo) {
  const Response response = post("/api/chat", std::string(kAsk) + "}");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.header("Content-Type"), "application/x-ndjson");
  EXPECT_NE(response.header("X-Keep-Conversation"), "");
  std::string text;
  const std::vector<std::string> lines = lines_of(response.body);
  for (const std::string& line : lines) {
    const json::Value root = parsed(line);
    EXPECT_EQ(root.find("model").string(), "demo");
    EXPECT_EQ(root.find("done").boolean(), line == lines.back());
    text += root.find("message").find("content").string().value_or("?");
  }
  EXPECT_EQ(text, "hello there");
  const json::Value last = parsed(lines.back());
  EXPECT_EQ(last.find("done_reason").string(), "stop");
  EXPECT_EQ(last.find("prompt_eval_count").integer(), 10);
  const auto requests = upstream_.received();
  EXPECT_EQ(requests[0].target, "/v1/chat/completions");
  EXPECT_TRUE(parsed(requests[0].body).find("id_slot").integer().has_value());
}

TEST_F(OllamaTest, OneJsonWhereNoStreamIsWanted) {
  const Response response = post("/api/chat", std::string(kAsk) + R"(,"stream":false})");
  EXPECT_EQ(response.header("Content-Type"), "application/json; charset=utf-8");
  const json::Value root = parsed(response.body);
  EXPECT_EQ(root.find("message").find("content").string(), "hello there");
  EXPECT_EQ(root.find("done").boolean(), true);
}

TEST_F(OllamaTest, ConversationsAreRecognised) {
  const Response first = post("/api/chat", std::string(kAsk) + "}");
  const Response second = post("/api/chat", R"({"messages":[{"role":"user","content":"x"},)"
                                            R"({"role":"assistant","content":"hello there"},)"
                                            R"({"role":"user","content":"more"}]})");
  EXPECT_NE(first.header("X-Keep-Conversation"), "");
  EXPECT_EQ(second.header("X-Keep-Conversation"), first.header("X-Keep-Conversation"));
}

TEST_F(OllamaTest, GenerateIsAChatUnlessItIsRaw) {
  const std::string body = R"({"model":"demo","prompt":"x","stream":false)";
  EXPECT_EQ(parsed(post("/api/generate", body + "}").body).find("response").string(),
            "hello there");
  answer_ = {Send{stream_head()},
             Send{chunk("data: {\"choices\":[{\"index\":0,\"text\":\"raw\",\"finish_reason\":"
                        "\"stop\"}]}\n\ndata: [DONE]\n\n")},
             Send{stream_end()}};
  EXPECT_EQ(parsed(post("/api/generate", body + R"(,"raw":true})").body).find("response").string(),
            "raw");
  const auto requests = upstream_.received();
  EXPECT_EQ(requests[0].target, "/v1/chat/completions");
  EXPECT_EQ(requests[1].target, "/v1/completions");
  EXPECT_EQ(parsed(requests[1].body).find("prompt").string(), "x");
}

TEST_F(OllamaTest, ARequestThatSaysNothingIsAnsweredHere) {
  EXPECT_EQ(parsed(post("/api/chat", R"({"model":"demo"})").body).find("done_reason").string(),
            "load");
  EXPECT_EQ(parsed(post("/api/generate", R"({"model":"demo","keep_alive":0})").body)
                .find("done_reason")
                .string(),
            "unload");
  EXPECT_TRUE(upstream_.received().empty());
}

TEST_F(OllamaTest, BadRequestsAreToldInItsWords) {
  EXPECT_NE(told(post("/api/chat", "{"), 400), "");
  EXPECT_EQ(told(post("/api/chat", std::string(kAsk) + R"(,"options":1})"), 400),
            "'options' must be an object");
  EXPECT_EQ(told(post("/api/generate", R"({"prompt":"x","suffix":"y"})"), 400),
            "'suffix' is not supported here: the model's own template is used");
  EXPECT_NE(told(post("/api/chat",
                      R"({"messages":)" + std::string(3000, '[') + std::string(3000, ']') + "}"),
                 400),
            "");
  EXPECT_TRUE(upstream_.received().empty());
}

TEST_F(OllamaTest, BodiesThatAreTooLargeAreToldInItsWords) {
  config_.listen.max_body_bytes = 4096;
  EXPECT_NE(told(post("/api/chat", std::string(5000, 'x')), 413), "");
}

TEST_F(OllamaTest, UpstreamsErrorsAreToldInItsWords) {
  answer_ = {Send{reply(500, R"({"error":{"code":500,"message":"no luck"}})")}};
  EXPECT_EQ(told(post("/api/chat", std::string(kAsk) + "}"), 500), "no luck");
  EXPECT_EQ(told(get("/api/unknown"), 500), "no luck");
}

TEST_F(OllamaTest, AnErrorInAStreamIsALine) {
  answer_ = {Send{stream_head()}, Send{chunk(chat_event(R"({"content":"a"})"))},
             Send{chunk("data: {\"error\":{\"code\":500,\"message\":\"no luck\"}}\n\n")},
             Send{stream_end()}};
  const auto lines = lines_of(post("/api/chat", std::string(kAsk) + "}").body);
  EXPECT_EQ(lines.back(), R"({"error":"no luck"})");
}

TEST_F(OllamaTest, AStreamThatBreaksEndsInAnErrorLine) {
  answer_ = {Send{stream_head()}, Send{chunk(chat_event(R"({"content":"a"})"))}, Close{}};
  const Response response = post("/api/chat", std::string(kAsk) + "}");
  EXPECT_FALSE(response.complete);
  const auto lines = lines_of(response.body);
  EXPECT_TRUE(parsed(lines.back()).find("error").is_string()) << response.body;
}

TEST_F(OllamaTest, AClientThatLeavesEndsTheAnswer) {
  answer_ = {Send{stream_head()}, Send{chunk(chat_event(R"({"content":"a"})"))},
             WaitForClientGone{}};
  start();
  {
    TestClient leaver(proxy_->port());
    leaver.send(post_bytes("/api/chat", std::string(kAsk) + "}"));
    ASSERT_TRUE(eventually([&] { return upstream_.running() == 1; }));
  }
  EXPECT_TRUE(eventually([&] { return upstream_.clients_gone() == 1; }));
}

// Every line is read as an answer, so there is nothing else to send.
TEST_F(OllamaTest, WhoWaitsGetsAnswersThatSayNothing) {
  config_.timeouts.keep_alive = 30ms;
  answer_.insert(answer_.begin(), Wait{200ms});
  const Response response = post("/api/chat", std::string(kAsk) + "}");
  EXPECT_EQ(response.header("Content-Type"), "application/x-ndjson");
  const auto lines = lines_of(response.body);
  EXPECT_GT(lines.size(), 5U);
  EXPECT_EQ(parsed(lines[0]).find("message").find("content").string(), "");
  EXPECT_EQ(parsed(lines[0]).find("done").boolean(), false);
  for (const std::string& line : lines) EXPECT_TRUE(parsed(line).find("created_at").is_string());
}

TEST_F(OllamaTest, NobodyThereIsToldInItsWords) {
  upstream_.set_health(503);
  proxy_.emplace(config_, false);
  client_.emplace(proxy_->port());
  const std::string body = std::string(kAsk) + "}";
  ASSERT_TRUE(eventually([&] { return client_->post("/api/chat", body).status == 503; }));
  EXPECT_NE(told(client_->post("/api/chat", body), 503), "");
}

}  // namespace
}  // namespace keep::test
