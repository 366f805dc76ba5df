// Bodies of very many small pieces, as far as they are taken, hold the loop no longer than others.
#include "tests/support/loop_probe.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace keep::test {
namespace {

std::string times(std::size_t count, std::string_view element) {
  std::string out;
  out.reserve(count * (element.size() + 1));
  for (std::size_t i = 0; i < count; ++i) out.append(i == 0 ? "" : ",").append(element);
  return out;
}

std::string parts(std::size_t count) {
  return R"({"role":"user","content":[)" + times(count, R"({"type":"text","text":"x"})") + "]}";
}

std::string say(const std::string& text) { return R"({"role":"user","content":")" + text + "\"}"; }

std::string escapes(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += "\\ud83d\\ude00";
  return text;
}

class OddBodiesTest : public testing::Test {
 protected:
  OddBodiesTest() : proxy_(test_config(prepared(upstream_).url())) {}

  // A model that reads text only.
  static ScriptedUpstream& prepared(ScriptedUpstream& upstream) {
    upstream.set_context(100'000'000);
    upstream.set_props(R"(,"modalities":{"vision":false,"audio":false})");
    return upstream;
  }

  // Twice: what was said before is compared with, and followed on record.
  void expect_no_stall(const char* path, const std::string& body) {
    LoopProbe probe(proxy_);
    for (int i = 0; i < 2; ++i) {
      TestClient client(proxy_.port());
      client.send(post_bytes(path, body));
      const Response response = client.read_response(std::chrono::minutes(1));
      EXPECT_EQ(response.status, 200) << path << body.substr(0, 99) << response.body;
    }
    const std::chrono::duration<double, std::milli> longest = probe.longest_stall();
    EXPECT_LT(longest, LoopProbe::kLongest) << path << " " << body.substr(0, 99);
  }
  // On each surface that takes a list of messages.
  void expect_no_stall(const std::string& messages) {
    expect_no_stall("/v1/chat/completions", "{\"messages\":[" + messages + "]}");
    expect_no_stall("/v1/messages", "{\"max_tokens\":9,\"messages\":[" + messages + "]}");
    expect_no_stall("/v1/responses", "{\"input\":[" + messages + "]}");
    expect_no_stall("/api/chat", "{\"messages\":[" + messages + "]}");
  }

  ScriptedUpstream upstream_{[](const Received& request) -> std::vector<Step> {
    if (request.target == "/tokenize") return {Send{reply(200, R"({"tokens":[1,2,3]})")}};
    if (request.target == "/apply-template") return {Send{reply(200, R"({"prompt":"x"})")}};
    return chat_stream("I see.");
  }};
  TestProxy proxy_;
};

TEST_F(OddBodiesTest, ManyPartsInEachMessage) { expect_no_stall(times(10, parts(9000))); }

TEST_F(OddBodiesTest, TextsOfNothingButEscapes) { expect_no_stall(say(escapes(500'000))); }

TEST_F(OddBodiesTest, ManyOldPictures) {
  const std::string picture =
      R"({"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]},)"
      R"({"role":"assistant","content":"I see."})";
  const std::string body = "{\"messages\":[" + times(7000, picture) + "," + say("x") + "]}";
  expect_no_stall("/v1/chat/completions", body);
}

TEST_F(OddBodiesTest, ManyTools) {
  const std::string tool = R"({"type":"function","name":"f","parameters":{"type":"object"}})";
  expect_no_stall("/v1/responses", R"({"input":"x","tools":[)" + times(9999, tool) + "]}");
}

TEST_F(OddBodiesTest, ManyCallsAndResultsOfOllama) {
  const std::string call = R"({"function":{"name":"f","arguments":{}}})";
  const std::string result = R"({"role":"tool","tool_name":"g","content":"x"})";
  expect_no_stall("/api/chat", R"({"messages":[{"role":"assistant","tool_calls":[)" +
                                   times(9999, call) + "]}," + times(9999, result) + "]}");
}

TEST_F(OddBodiesTest, LargeFieldsOfNoMeaning) {
  const std::string field = R"("any":[)" + times(1'500'000, "[]") + "]";
  expect_no_stall("/v1/chat/completions", "{\"messages\":[" + say("x") + "]," + field + "}");
  expect_no_stall("/v1/responses", "{\"input\":[" + say("x") + "]," + field + "}");
  expect_no_stall("/api/chat", "{\"messages\":[" + say("x") + "]," + field + "}");
}

}  // namespace
}  // namespace keep::test
