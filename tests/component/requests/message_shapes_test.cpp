// Every order in which roles may follow each other is answered, on each surface, with all plugins
// at work: several messages of one role in a row, instructions amid a conversation, tools.
#include "base/json/json.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace keep::test {
namespace {

// s system, d developer, u user, a assistant, c a call of a tool, t its result, x a role or item
// that nobody knows.
constexpr std::string_view kShapes[] = {
    "u",   "uu",   "suu",  "uauu",  "uasu",  "uuu",     "ssu",   "usu", "uaus",   "suasu",
    "duu", "uadu", "uuaa", "ucttu", "uctau", "sucttuu", "ucstu", "auu", "aau",    "uaasuu",
    "xu",  "uxu",  "uaux", "uctu",  "uct",   "s",       "su",    "sus", "uadsuu", "uausus"};

std::string with_text(const std::string& head, std::size_t index) {
  return "{" + head + R"(,"content":"message )" + std::to_string(index) +
         R"( about the vault of the museum"})";
}
std::string with_role(const std::string& role, std::size_t index) {
  return with_text("\"role\":\"" + role + "\"", index);
}

std::string chat_message(char letter, std::size_t index) {
  switch (letter) {
    case 's': return with_role("system", index);
    case 'd': return with_role("developer", index);
    case 'u': return with_role("user", index);
    case 'a': return with_role("assistant", index);
    case 'c':
      return R"({"role":"assistant","content":null,"tool_calls":[{"id":"call","type":"function",)"
             R"("function":{"name":"look","arguments":"{}"}}]})";
    case 't': return with_text(R"("role":"tool","tool_call_id":"call")", index);
    default: return with_role("critic", index);
  }
}
std::string messages_turn(char letter, std::size_t index) {
  switch (letter) {
    case 'c':
      return R"({"role":"assistant","content":[{"type":"tool_use","id":"call","name":"look",)"
             R"("input":{}}]})";
    case 't':
      return R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"call",)"
             R"("content":"found"}]})";
    default: return chat_message(letter, index);
  }
}
std::string responses_item(char letter, std::size_t index) {
  switch (letter) {
    case 'c': return R"({"type":"function_call","call_id":"call","name":"look","arguments":"{}"})";
    case 't': return R"({"type":"function_call_output","call_id":"call","output":"found"})";
    case 'x': return R"({"type":"reasoning","summary":[],"encrypted_content":"x"})";
    default: return chat_message(letter, index);
  }
}

std::string list_of(std::string_view shape, std::string (*element)(char, std::size_t)) {
  std::string list;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    list += (i > 0 ? "," : "") + element(shape[i], i);
  }
  return "[" + list + "]";
}

class MessageShapes : public testing::Test {
 protected:
  // A fact is known, so that recall has something to look for in every turn.
  MessageShapes() {
    const Response stored =
        TestClient(proxy_.port())
            .post("/v1/knowledge/store", R"({"topic":"museum","key":"vault","value":)"
                                         R"("The vault code of the museum is 7341."})");
    EXPECT_EQ(stored.status, 200) << stored.body;
  }

  static std::vector<Step> play(const Received& request) {
    if (request.target == "/tokenize") return {Send{reply(200, R"({"tokens":[1,2,3]})")}};
    if (request.target == "/apply-template") return {Send{reply(200, R"({"prompt":"x"})")}};
    if (request.target == "/v1/responses") return responses_stream("I see.");
    return chat_stream("I see.");
  }

  void expect_answers(std::string_view shape, const std::string& target, const std::string& body,
                      int status = 200) {
    for (const char* stream : {"false", "true"}) {
      // Twice: as a new conversation, and as one that is on record.
      for (int round = 0; round < 2; ++round) {
        TestClient client(proxy_.port());
        const Response response =
            client.post(target, "{" + body + R"(,"max_tokens":20,"stream":)" + stream + "}");
        ASSERT_EQ(response.status, status) << target << " " << shape << " " << response.body;
        EXPECT_TRUE(response.complete) << target << " " << shape;
        if (status == 200) {
          EXPECT_NE(response.body.find("see."), std::string::npos) << shape;
        }
      }
    }
  }

  ScriptedUpstream upstream_{play};
  TestProxy proxy_{test_config(upstream_.url())};
};

TEST_F(MessageShapes, OfChatCompletions) {
  for (const std::string_view shape : kShapes) {
    expect_answers(shape, "/v1/chat/completions", "\"messages\":" + list_of(shape, chat_message));
  }
}

// Anthropic knows fewer roles.
TEST_F(MessageShapes, OfMessages) {
  for (const std::string_view shape : kShapes) {
    const int status = shape.find_first_of("dx") == std::string_view::npos ? 200 : 400;
    expect_answers(shape, "/v1/messages", "\"messages\":" + list_of(shape, messages_turn), status);
  }
}

TEST_F(MessageShapes, OfResponses) {
  for (const std::string_view shape : kShapes) {
    expect_answers(shape, "/v1/responses", "\"input\":" + list_of(shape, responses_item));
  }
}

}  // namespace
}  // namespace keep::test
