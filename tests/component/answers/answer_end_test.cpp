// Whether an answer was cut is told whatever the client asked to see of it.
#include "base/json/json.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <string>

namespace keep::test {
namespace {

std::string native(int index, const std::string& text) {
  return R"(data: {"index":)" + std::to_string(index) + R"(,"content":)" + json::quoted(text) +
         R"(,"tokens":[1],"stop":false})" + "\n\n";
}

std::string native_end(int index) {
  return R"(data: {"index":)" + std::to_string(index) +
         R"(,"content":"","tokens":[],"stop":true,"stop_type":"limit","timings":{"cache_n":7,)"
         R"("prompt_n":3,"prompt_ms":1.0,"predicted_n":2,"predicted_ms":1.0}})" +
         "\n\n";
}

std::vector<Step> stream_of(std::initializer_list<std::string> events) {
  std::vector<Step> steps{Send{stream_head()}};
  for (const std::string& event : events) steps.push_back(Send{chunk(event)});
  steps.push_back(Send{stream_end()});
  return steps;
}

TEST(AnswerEnd, ACutStreamWithItsOwnProgressSaysSo) {
  ScriptedUpstream upstream(
      [](const Received&) { return stream_of({chat_event(R"({"content":"a"})")}); });
  TestProxy proxy(test_config(upstream.url()));
  const Response response =
      TestClient(proxy.port())
          .post("/v1/chat/completions", chat_body("x", true, R"(,"return_progress":true)"));
  EXPECT_NE(response.body.find("\"error\""), std::string::npos) << response.body;
}

TEST(AnswerEnd, EveryPromptHasToEnd) {
  ScriptedUpstream upstream([](const Received& request) {
    if (request.body.find("whole") != std::string::npos) {
      return stream_of({native(0, "a"), native_end(0), native(1, "b"), native_end(1)});
    }
    return stream_of({native(0, "a"), native_end(0), native(1, "b")});
  });
  TestProxy proxy(test_config(upstream.url()));
  const auto answer = [&proxy](const std::string& first, const char* stream) {
    return TestClient(proxy.port())
        .post("/completion", R"({"prompt":[")" + first + R"(","y"],"stream":)" + stream + "}");
  };
  EXPECT_EQ(answer("whole", "false").status, 200);
  EXPECT_EQ(answer("cut", "false").status, 502);
  EXPECT_EQ(answer("whole", "true").body.find("\"error\""), std::string::npos);
  EXPECT_NE(answer("cut", "true").body.find("\"error\""), std::string::npos);
}

TEST(AnswerEnd, FieldsOfTheClientsChoiceAreNotMissed) {
  ScriptedUpstream upstream([](const Received&) {
    return stream_of({native(0, "a"), native_end(0)});
  });
  TestProxy proxy(test_config(upstream.url()));
  TestClient client(proxy.port());
  const std::string body = R"({"prompt":"x","response_fields":["content","stop_type"])";
  EXPECT_EQ(client.post("/completion", body + "}").body, R"({"content":"a","stop_type":"limit"})");
  EXPECT_EQ(client.post("/completion", body + R"(,"stream":true})").body,
            native(0, "a") + "data: {\"content\":\"\",\"stop_type\":\"limit\"}\n\n");
  for (const Received& request : upstream.received()) {
    EXPECT_EQ(request.body.find("response_fields"), std::string::npos);
  }
  EXPECT_NE(client.get("/metrics").body.find("llama_keep_generated_tokens_total 4"),
            std::string::npos);
}

}  // namespace
}  // namespace keep::test
