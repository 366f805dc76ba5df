// As many things as a request may hold are answered, one more is refused, in the words of each
// dialect.
#include "openai/request/request_limits.hpp"

#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>

namespace keep::test {
namespace {

using Limits = openai::RequestLimits;

std::string times(std::size_t count, std::string_view element) {
  std::string out;
  out.reserve(count * (element.size() + 1));
  for (std::size_t i = 0; i < count; ++i) out.append(i == 0 ? "" : ",").append(element);
  return out;
}

// What is said of one more than `limit` on a path, and how a body with so many is made.
struct Case {
  const char* path;
  std::size_t limit;
  const char* head;
  const char* element;
  const char* tail;
  const char* refusal;
};

constexpr const char* kSay = R"({"role":"user","content":"x"})";
constexpr const char* kPart = R"({"type":"text","text":"x"})";
constexpr const char* kCall =
    R"({"id":"c","type":"function","function":{"name":"f","arguments":"{}"}})";
constexpr const char* kTool = R"({"type":"function","function":{"name":"f"}})";
constexpr const char* kChat = "/v1/chat/completions";
constexpr const char* kMessages = "/v1/messages";
constexpr const char* kResponses = "/v1/responses";
constexpr const char* kOllama = "/api/chat";
constexpr const char* kOllamaCall = R"({"function":{"name":"f","arguments":{}}})";
constexpr const char* kImage = R"("/9j/AAAA")";
constexpr const char* kLastChat = R"(],"messages":[{"role":"user","content":"x"}]})";

const Case kCases[] = {
    {kChat, Limits::kParts, R"({"messages":[{"role":"user","content":[)", kPart, "]}]}",
     "'messages[0].content' must hold 10000 elements at most"},
    {kChat, Limits::kCalls, R"({"messages":[{"role":"assistant","content":"","tool_calls":[)",
     kCall, R"(]},{"role":"tool","tool_call_id":"c","content":"x"}]})",
     "'messages[0].tool_calls' must hold 10000 elements at most"},
    {kChat, Limits::kTools, R"({"tools":[)", kTool, kLastChat,
     "'tools' must hold 10000 elements at most"},
    {kChat, Limits::kFields - 2, R"({"x":[1],)", R"("any":1)",
     R"(,"messages":[{"role":"user","content":"x"}]})", "'body' must hold 10000 fields at most"},
    {"/v1/completions", Limits::kFields - 1, R"({"prompt":"x",)", R"("any":1)", "}",
     "'body' must hold 10000 fields at most"},
    {kMessages, Limits::kParts, R"({"max_tokens":9,"messages":[{"role":"user","content":[)", kPart,
     "]}]}", "messages[0].content' must hold 10000 elements at most"},
    {kMessages, Limits::kCalls, R"({"max_tokens":9,"messages":[{"role":"assistant","content":[)",
     R"({"type":"tool_use","id":"c","name":"f","input":{}})",
     R"(]},{"role":"user","content":"x"}]})",
     "'messages[0].content' must hold 10000 elements at most"},
    {kMessages, Limits::kTools, R"({"max_tokens":9,"tools":[)",
     R"({"name":"f","input_schema":{"type":"object"}})", kLastChat,
     "'tools' must hold 10000 elements at most"},
    {kMessages, Limits::kFields - 2, R"({"max_tokens":9,)", R"("speed":1)",
     R"(,"messages":[{"role":"user","content":"x"}]})", "'body' must hold 10000 fields at most"},
    {kResponses, Limits::kParts, R"({"input":[{"role":"user","content":[)",
     R"({"type":"input_text","text":"x"})", "]}]}",
     "'input[0].content' must hold 10000 elements at most"},
    {kResponses, Limits::kCalls, R"({"input":[)",
     R"({"type":"function_call","call_id":"c","name":"f","arguments":"{}"})",
     R"(,{"role":"user","content":"x"}]})", "tool_calls' must hold 10000 elements at most"},
    {kResponses, Limits::kTools, R"({"tools":[)", R"({"type":"function","name":"f"})",
     R"(],"input":"x"})", "'tools' must hold 10000 elements at most"},
    {kResponses, Limits::kFields - 1, R"({"input":"x",)", R"("include":1)", "}",
     "'body' must hold 10000 fields at most"},
    {kOllama, Limits::kParts, R"({"messages":[{"role":"user","content":[)", kPart, "]}]}",
     R"({"error":"'messages[0].content' must hold 10000 elements at most"})"},
    {kOllama, Limits::kParts, R"({"messages":[{"role":"user","images":[)", kImage, "]}]}",
     R"({"error":"'messages[0].images' must hold 10000 elements at most"})"},
    {kOllama, Limits::kCalls, R"({"messages":[{"role":"assistant","tool_calls":[)", kOllamaCall,
     R"(]},{"role":"tool","content":"x"}]})",
     R"({"error":"'messages[0].tool_calls' must hold 10000 elements at most"})"},
    {kOllama, Limits::kTools, R"({"tools":[)", kTool, kLastChat,
     R"({"error":"'tools' must hold 10000 elements at most"})"},
    {kOllama, Limits::kFields - 2, R"({"x":[1],)", R"("width":1)",
     R"(,"messages":[{"role":"user","content":"x"}]})",
     R"({"error":"'body' must hold 10000 fields at most"})"},
    {"/api/generate", Limits::kParts, R"({"prompt":"","images":[)", kImage, "]}",
     R"({"error":"'images' must hold 10000 elements at most"})"},
};

class RequestLimitsTest : public testing::Test {
 protected:
  RequestLimitsTest() { upstream_.set_context(100'000'000); }

  Response ask(const char* path, const std::string& body) {
    TestClient client(proxy_.port());
    client.send(post_bytes(path, body));
    return client.read_response(std::chrono::minutes(1));
  }

  static Config config(const std::string& url) {
    Config config = test_config(url);
    config.history.max_conversation_tokens = 100'000'000;  // pictures count as many tokens each
    return config;
  }

  ScriptedUpstream upstream_{[](const Received& request) -> std::vector<Step> {
    if (request.target == "/tokenize") return {Send{reply(200, R"({"tokens":[1,2,3]})")}};
    if (request.target == "/apply-template") return {Send{reply(200, R"({"prompt":"x"})")}};
    return chat_stream("I see.");
  }};
  TestProxy proxy_{config(upstream_.url())};
};

TEST_F(RequestLimitsTest, TheNameOfAModelIsShort) {
  const std::string name(Limits::kModelBytes - 2, 'm');
  for (const char* path : {"/v1/chat/completions", kMessages, kOllama, "/v1/completions"}) {
    const std::string rest =
        R"(","max_tokens":9,"prompt":"x","messages":[{"role":"user","content":"x"}]})";
    EXPECT_EQ(ask(path, R"({"model":")" + name + rest).status, 200) << path;
    const Response refused = ask(path, R"({"model":")" + name + "m" + rest);
    EXPECT_EQ(refused.status, 400) << path;
    EXPECT_NE(refused.body.find("'model' must hold 4096 bytes at most"), std::string::npos);
  }
}

TEST_F(RequestLimitsTest, AsManyAreAnsweredAndOneMoreIsRefused) {
  for (const Case& c : kCases) {
    const Response most = ask(c.path, c.head + times(c.limit, c.element) + c.tail);
    EXPECT_EQ(most.status, 200) << c.path << c.refusal << most.body;
    const Response more = ask(c.path, c.head + times(c.limit + 1, c.element) + c.tail);
    EXPECT_EQ(more.status, 400) << c.path << c.refusal;
    EXPECT_NE(more.body.find(c.refusal), std::string::npos) << c.path << more.body;
    const bool anthropic = c.path == std::string_view(kMessages);
    EXPECT_TRUE(more.body.starts_with(anthropic ? R"({"type":"error")" : R"({"error")"))
        << more.body;
  }
}

TEST_F(RequestLimitsTest, TooManyMessagesAreRefused) {
  const std::string list = times(Limits::kMessages + 1, kSay);
  for (const auto& [path, head] : {std::pair{kChat, R"({"messages":[)"},
                                   {kMessages, R"({"max_tokens":9,"messages":[)"},
                                   {kResponses, R"({"input":[)"},
                                   {kOllama, R"({"messages":[)"}}) {
    const Response response = ask(path, head + list + "]}");
    EXPECT_EQ(response.status, 400) << path;
    EXPECT_NE(response.body.find("must hold 100000 elements at most"), std::string::npos)
        << response.body;
  }
  EXPECT_TRUE(upstream_.received().empty() ||
              upstream_.received().back().target.find("completions") == std::string::npos);
}

}  // namespace
}  // namespace keep::test
