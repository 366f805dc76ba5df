// What a client reads is in the words of the path it called: the Responses API, token counts,
// errors.
#include "base/json/json.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <string>

namespace keep::test {
namespace {

json::Value parsed(const std::string& body) {
  const auto root = json::validate(body);
  EXPECT_TRUE(root) << body;
  return root ? *root : json::Value();
}

class ResponsesTest : public testing::Test {
 protected:
  ScriptedUpstream upstream_{[](const Received&) { return chat_stream("hello there", 7, 3); }};
  TestProxy proxy_{test_config(upstream_.url())};
  TestClient client_{proxy_.port()};
};

TEST_F(ResponsesTest, AreTranslatedBothWays) {
  const Response whole =
      client_.post("/v1/responses", R"({"model":"demo","input":"x","instructions":"be brief"})");
  EXPECT_EQ(whole.status, 200);
  const json::Value root = parsed(whole.body);
  EXPECT_EQ(root.find("object").string(), "response");
  EXPECT_EQ(root.find("status").string(), "completed");
  EXPECT_EQ(root.find("usage").find("input_tokens").integer(), 10);
  EXPECT_EQ(root.find("usage").find("input_tokens_details").find("cached_tokens").integer(), 7);
  const json::Value item = *root.find("output").elements().begin();
  EXPECT_EQ((*item.find("content").elements().begin()).find("text").string(), "hello there");
  const auto requests = upstream_.received();
  EXPECT_EQ(requests[0].target, "/v1/chat/completions");
  EXPECT_TRUE(parsed(requests[0].body).find("id_slot").integer().has_value());

  const Response stream = client_.post("/v1/responses", R"({"input":"x","stream":true})");
  EXPECT_EQ(stream.header("Content-Type"), "text/event-stream");
  EXPECT_TRUE(stream.body.starts_with("event: response.created\n")) << stream.body;
  EXPECT_NE(stream.body.find("event: response.completed\n"), std::string::npos);
  EXPECT_EQ(stream.body.find("[DONE]"), std::string::npos);
}

TEST_F(ResponsesTest, ConversationsAreRecognised) {
  const Response first = client_.post("/v1/responses", R"({"input":"x"})");
  const std::string item((*json::Value(first.body).find("output").elements().begin()).raw());
  const Response second =
      client_.post("/v1/responses", R"({"input":[{"role":"user","content":[{"type":"input_text",)"
                                    R"("text":"x"}]},)" +
                                        item + R"(,{"role":"user","content":"more"}]})");
  EXPECT_NE(first.header("X-Keep-Conversation"), "");
  EXPECT_EQ(second.header("X-Keep-Conversation"), first.header("X-Keep-Conversation"));
}

TEST_F(ResponsesTest, WhatCannotBeContinuedIsRefused) {
  const Response response =
      client_.post("/v1/responses", R"({"input":"x","previous_response_id":"resp_1"})");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(parsed(response.body).find("error").find("type").string(), "invalid_request_error");
  EXPECT_TRUE(upstream_.received().empty());
}

TEST(ResponsesErrors, AStreamThatBreaksEndsInAFailedResponse) {
  ScriptedUpstream upstream([](const Received&) -> std::vector<Step> {
    return {Send{stream_head()}, Send{chunk(chat_event(R"({"content":"a"})"))}, Close{}};
  });
  TestProxy proxy(test_config(upstream.url()));
  const Response response =
      TestClient(proxy.port()).post("/v1/responses", R"({"input":"x","stream":true})");
  EXPECT_FALSE(response.complete);
  const std::size_t error = response.body.find("event: error\n");
  ASSERT_NE(error, std::string::npos) << response.body;
  EXPECT_NE(response.body.find("event: response.failed\n", error), std::string::npos);
}

// Counts what it is sent, in the way of `with_count`; the others of its kind do not know the path.
class CountTest : public testing::TestWithParam<bool> {
 protected:
  std::vector<Step> play(const Received& request) const {
    if (request.target == "/v1/chat/completions/input_tokens") {
      const std::string tokens = std::to_string(request.body.size());
      return {Send{GetParam() ? reply(200, R"({"input_tokens":)" + tokens + "}")
                              : reply(404, R"({"error":{"message":"File Not Found"}})")}};
    }
    if (request.target == "/apply-template") {
      return {Send{reply(200, "{\"prompt\":" + json::quoted(request.body) + "}")}};
    }
    if (request.target == "/tokenize") {
      const std::string text = json::Value(request.body).find("content").string().value_or("");
      std::string tokens;
      for (std::size_t i = 0; i < text.size(); ++i) tokens += i == 0 ? "1" : ",1";
      return {Send{reply(200, "{\"tokens\":[" + tokens + "]}")}};
    }
    return chat_stream("x");
  }
  // Without what is only about the answer.
  std::string sent(const std::string& target) const {
    return std::string(json::Value(last_to(target)).find("messages").raw());
  }
  std::string last_to(const std::string& target) const {
    std::string body;
    for (const Received& request : upstream_.received()) {
      if (request.target == target) body = request.body;
    }
    return body;
  }

  ScriptedUpstream upstream_{[this](const Received& request) { return play(request); }};
  TestProxy proxy_{test_config(upstream_.url())};
  TestClient client_{proxy_.port()};
};
INSTANTIATE_TEST_SUITE_P(Servers, CountTest, testing::Bool());

TEST_P(CountTest, CountsWhatTheAnswersPromptWouldBe) {
  const std::string body =
      R"({"model":"c","max_tokens":5,"system":[{"type":"text","text":"x-anthropic-billing-header: )"
      R"(cch=1;"},{"type":"text","text":"be brief"}],"messages":[{"role":"user","content":[)"
      R"({"type":"document","title":"t","source":{"type":"text","data":"d"}},)"
      R"({"type":"search_result","title":"s","source":"u","content":[{"type":"text","text":"r"}]}]},)"
      R"({"role":"assistant","content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"a"}]},)"
      R"({"role":"user","content":"more"}],"tools":[{"name":"f","input_schema":{"type":"object"}}]})";
  EXPECT_EQ(client_.post("/v1/messages", body).status, 200);
  const Response counted = client_.post("/v1/messages/count_tokens", body);
  EXPECT_EQ(counted.status, 200) << counted.body;
  const char* const asked = GetParam() ? "/v1/chat/completions/input_tokens" : "/apply-template";
  EXPECT_EQ(sent(asked), sent("/v1/chat/completions"));
  EXPECT_EQ(sent(asked).find("billing"), std::string::npos);
  EXPECT_EQ(parsed(counted.body).find("input_tokens").integer(),
            static_cast<std::int64_t>(last_to("/v1/chat/completions/input_tokens").size()));
}

TEST_P(CountTest, OtherSurfacesCountToo) {
  const Response responses = client_.post("/v1/responses/input_tokens", R"({"input":"x"})");
  EXPECT_EQ(responses.status, 200);
  EXPECT_EQ(parsed(responses.body).find("object").string(), "response.input_tokens");
  EXPECT_EQ(client_.post("/v1/chat/completions/input_tokens", chat_body("x", false)).status, 200);
}

TEST_P(CountTest, CountingLeavesNoTrace) {
  const std::string body = R"({"messages":[{"role":"user","content":"once"}]})";
  client_.post("/v1/messages/count_tokens", body);
  EXPECT_EQ(client_.post("/v1/messages", body).header("X-Keep-Identity"), "new;derived");
}

class ErrorsTest : public testing::Test {
 protected:
  static void expect_anthropic(const Response& response, int status, const char* type) {
    EXPECT_EQ(response.status, status) << response.body;
    const json::Value root = parsed(response.body);
    EXPECT_EQ(root.find("type").string(), "error") << response.body;
    EXPECT_EQ(root.find("error").find("type").string(), type) << response.body;
    EXPECT_FALSE(root.find("error").find("message").string().value_or("").empty());
  }
  static void expect_openai(const Response& response, int status) {
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_TRUE(parsed(response.body).find("type").missing()) << response.body;
    EXPECT_TRUE(parsed(response.body).find("error").find("message").is_string());
  }

  ScriptedUpstream upstream_{[](const Received& request) -> std::vector<Step> {
    if (request.target.ends_with("input_tokens")) {
      return {Send{reply(500, R"({"error":{"code":500,"message":"no eyes"}})")}};
    }
    return {Send{reply(
        404, R"({"error":{"code":404,"message":"File Not Found","type":"not_found_error"}})")}};
  }};
};

TEST_F(ErrorsTest, AreInTheWordsOfThePath) {
  Config config = test_config(upstream_.url());
  config.listen.max_body_bytes = 4096;
  TestProxy proxy(config);
  TestClient client(proxy.port());
  for (const char* target : {"/v1/messages", "/v1/messages/count_tokens?beta=true"}) {
    expect_anthropic(client.post(target, "{"), 400, "invalid_request_error");
    expect_anthropic(client.post(target, "{}"), 400, "invalid_request_error");
    expect_anthropic(client.get(target), 404, "not_found_error");
  }
  expect_anthropic(client.post("/v1/messages/batches", "{}"), 404, "not_found_error");
  expect_anthropic(
      client.post("/v1/messages/count_tokens", R"({"messages":[{"role":"user","content":"x"}]})"),
      400, "invalid_request_error");
  expect_openai(client.get("/v1/messagesx"), 404);
  for (const char* target : {"/v1/responses", "/v1/responses/input_tokens"}) {
    expect_openai(client.post(target, "{"), 400);
  }
  expect_anthropic(TestClient(proxy.port()).post("/v1/messages", std::string(5000, 'x')), 413,
                   "request_too_large");
  expect_openai(TestClient(proxy.port()).post("/v1/chat/completions", std::string(5000, 'x')), 413);
}

// Whatever the path: what is well is an answer, what is above 400 an error, and nothing else is
// either.
class StatusTest : public testing::Test {
 protected:
  static Config without_slots(Config config) {
    config.slots.enabled = false;  // nobody makes upstream stream then
    return config;
  }
  Response ask(const std::string& path, int status, bool stream) {
    status_ = status;
    const std::string prompt = path == "/v1/responses"
                                   ? R"("input":"x")"
                                   : R"("max_tokens":9,"messages":[{"role":"user","content":"x"}])";
    const std::string streams = stream ? R"("stream":true,)" : R"("stream":false,)";
    return TestClient(proxy_.port()).post(path, "{" + streams + prompt + "}");
  }

  int status_ = 200;
  ScriptedUpstream upstream_{[this](const Received&) -> std::vector<Step> {
    return {Send{reply(status_, R"({"choices":[{"finish_reason":"stop","index":0,"message":)"
                                R"({"role":"assistant","content":"I see."}}],"id":"7"})")}};
  }};
  TestProxy proxy_{without_slots(test_config(upstream_.url()))};
};

TEST_F(StatusTest, WhateverIsWellIsAnAnswer) {
  for (const char* path : {"/v1/messages", "/v1/responses", "/v1/chat/completions"}) {
    const std::string plain = ask(path, 200, false).body;
    EXPECT_NE(plain.find("I see."), std::string::npos) << plain;
    for (const int status : {201, 203, 206}) {
      const Response response = ask(path, status, false);
      EXPECT_EQ(response.status, status) << path;
      EXPECT_NE(response.body.find("I see."), std::string::npos) << response.body;
      EXPECT_EQ(json::Value(response.body).find("type").string(),
                json::Value(plain).find("type").string());
      EXPECT_EQ(json::Value(response.body).find("object").string(),
                json::Value(plain).find("object").string());
    }
  }
}

TEST_F(StatusTest, WhatIsNeitherAnAnswerNorAnErrorIsUpstreamsFault) {
  for (const char* path : {"/v1/messages", "/v1/responses"}) {
    for (const bool stream : {false, true}) {
      for (const int status : {300, 307}) EXPECT_EQ(ask(path, status, stream).status, 502) << path;
    }
    EXPECT_EQ(ask(path, 200, true).status, 502) << path << " was asked for a stream";
    EXPECT_EQ(ask(path, 418, false).status, 418) << path;
  }
}

TEST_F(ErrorsTest, ALoadingServerIsOverloaded) {
  upstream_.set_health(503);
  TestProxy proxy(test_config(upstream_.url()), false);
  TestClient client(proxy.port());
  const std::string body = R"({"max_tokens":5,"messages":[{"role":"user","content":"x"}]})";
  ASSERT_TRUE(
      eventually([&] { return client.post("/v1/messages/count_tokens", body).status == 503; }));
  expect_anthropic(client.post("/v1/messages/count_tokens", body), 503, "overloaded_error");
}

}  // namespace
}  // namespace keep::test
