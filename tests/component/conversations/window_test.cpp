// How long a prompt is, is llama-server's to say: an upstream with a window, a tokenizer and a
// template of its own.
#include "base/json/json.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

namespace keep::test {
namespace {

constexpr int kContext = 4096;

// Prose has four bytes to a token; of digits, base64 and other scripts each byte is one.
int tokens_in(const std::string& text) {
  int dense = 0, plain = 0;
  for (const char c : text) {
    const bool prose = (c >= 'a' && c <= 'z') || c == ' ';
    ++(prose ? plain : dense);
  }
  return dense + (plain + 3) / 4;
}

std::string text_in(const json::Value& content) {
  std::string text = content.string().value_or("");
  for (const json::Value part : content.elements()) text += part.find("text").string().value_or("");
  return text;
}

// "u:" before each message; tools are not printed.
std::string rendered(const std::string& body) {
  const json::Value root(body);
  std::string prompt;
  for (const char* list : {"messages", "input"}) {
    for (const json::Value message : root.find(list).elements()) {
      prompt += "u:" + text_in(message.find("content"));
    }
  }
  return prompt;
}

std::string tokenized(const std::string& body) {
  const int count = tokens_in(json::Value(body).find("content").string().value_or(""));
  std::string list;
  for (int i = 0; i < count; ++i) list += i == 0 ? "1" : ",1";
  return "{\"tokens\":[" + list + "]}";
}

std::string too_long(int tokens) {
  return R"({"error":{"code":400,"message":"request exceeds the available context size",)"
         R"("type":"exceed_context_size_error","n_prompt_tokens":)" +
         std::to_string(tokens) + R"(,"n_ctx":)" + std::to_string(kContext) + "}}";
}

std::string message(const std::string& role, const std::string& text) {
  return "{\"role\":\"" + role + "\",\"content\":" + json::quoted(text) + "}";
}

std::string prose(int tokens) {
  std::string text;
  while (static_cast<int>(text.size()) < 4 * tokens) text += "the harbor ";
  text.resize(static_cast<std::size_t>(4 * tokens));
  return text;
}

std::string numbers(int tokens) { return std::string(static_cast<std::size_t>(tokens), '7'); }

// 50 kB of it: by the bytes alone they fill the window four times.
std::string tools() {
  std::string list;
  for (int i = 0; i < 100; ++i) {
    list += list.empty() ? "" : ",";
    list += R"({"type":"function","function":{"name":"f)" + std::to_string(i) +
            R"(","description":")" + std::string(450, 'd') + "\"}}";
  }
  return ",\"tools\":[" + list + "]";
}

class WindowTest : public testing::Test {
 protected:
  WindowTest() {
    upstream_.set_context(kContext);
    proxy_.emplace(test_config(upstream_.url()));
  }

  std::vector<Step> play(const Received& request) {
    const bool asked = request.target == "/apply-template" || request.target == "/tokenize" ||
                       request.target.ends_with("/input_tokens");
    if (asked && failure_ != 0) return {Send{reply(failure_, "{}")}};
    const std::string prompt = rendered(request.body);
    if (request.target == "/tokenize") return {Send{reply(200, tokenized(request.body))}};
    if (request.target == "/apply-template") {
      return {Send{reply(200, "{\"prompt\":" + json::quoted(prompt) + "}")}};
    }
    const int tokens = tokens_in(prompt);
    if (asked) return {Send{reply(200, "{\"input_tokens\":" + std::to_string(tokens) + "}")}};
    if (tokens >= kContext) return {Send{reply(400, too_long(tokens))}};
    return chat_stream("I see.", 0, told_ > 0 ? told_.load() : tokens);
  }

  Response ask(const std::string& conversation, const std::string& messages,
               const std::string& more = "", const std::string& target = "/v1/chat/completions") {
    const std::string list = target == "/v1/responses" ? "input" : "messages";
    return TestClient(proxy_->port())
        .post(target, "{\"max_tokens\":20,\"" + list + "\":[" + messages + "]" + more + "}",
              "X-Conversation-Id: " + conversation + "\r\n");
  }
  Response say(const std::string& conversation, const std::string& text,
               const std::string& more = "", const std::string& target = "/v1/chat/completions") {
    return ask(conversation, message("user", text), more, target);
  }
  std::size_t requests_to(const std::string& part) const {
    std::size_t count = 0;
    for (const Received& request : upstream_.received()) {
      if (request.target.find(part) != std::string::npos) ++count;
    }
    return count;
  }
  // Messages in the last request to `target`.
  std::size_t sent(const std::string& target = "/v1/chat/completions") const {
    std::size_t count = 0;
    for (const Received& request : upstream_.received()) {
      if (request.target != target) continue;
      count = 0;
      for ([[maybe_unused]] const json::Value one :
           json::Value(request.body).find("messages").elements()) {
        ++count;
      }
    }
    return count;
  }
  void expect_too_long(const Response& response, int tokens) {
    EXPECT_EQ(response.status, 400);
    const std::string numbers =
        std::to_string(tokens) + " tokens > " + std::to_string(kContext) + " maximum";
    EXPECT_NE(response.body.find(numbers), std::string::npos) << response.body;
  }

  std::atomic<int> failure_{0};  // status of every counting endpoint; 0: they answer
  std::atomic<int> told_{0};     // tokens of every prompt in the answers; 0: the right number
  ScriptedUpstream upstream_{[this](const Received& request) { return play(request); }};
  std::optional<TestProxy> proxy_;
};

TEST_F(WindowTest, ADenseTextIsNobodyElsesTrouble) {
  EXPECT_EQ(say("tables", numbers(3500)).status, 200);
  const Response response = say("prose", prose(2139));
  EXPECT_EQ(response.status, 200) << response.body;
  const std::string turns = message("user", prose(900)) + "," + message("assistant", prose(900)) +
                            "," + message("user", prose(900));
  EXPECT_EQ(ask("turns", turns).status, 200);
  EXPECT_EQ(sent(), 3U);  // nothing of it was cut
}

TEST_F(WindowTest, ItHealsInsideAConversation) {
  EXPECT_EQ(say("one", numbers(3500)).status, 200);
  EXPECT_EQ(say("one", prose(3500)).status, 200);
  EXPECT_EQ(say("one", prose(3500)).status, 200);
}

TEST_F(WindowTest, ToolsThatTheTemplateDoesNotPrintTakeNoRoom) {
  const std::string turns =
      message("user", prose(500)) + "," + message("assistant", "a") + "," + message("user", "b");
  const Response response = ask("agent", turns, tools());
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(sent(), 3U);
  const std::size_t counted = requests_to("/apply-template");
  EXPECT_EQ(
      ask("agent", turns + "," + message("assistant", "c") + "," + message("user", "d"), tools())
          .status,
      200);
  EXPECT_EQ(requests_to("/apply-template"), counted);  // its length is known by now
}

TEST_F(WindowTest, WhatFitsExactlyGoes) {
  EXPECT_EQ(say("one", numbers(kContext - 3)).status, 200);  // with "u:", one less than the window
  EXPECT_EQ(say("two", std::string(300, 'Z') + prose(3700)).status, 200);
}

TEST_F(WindowTest, WhatDoesNotIsRefusedWithBothNumbersInTheClientsWords) {
  const Response chat = say("one", prose(4500));
  expect_too_long(chat, 4502);
  EXPECT_NE(chat.body.find("context_length_exceeded"), std::string::npos);
  EXPECT_EQ(requests_to("/v1/chat"), 0U);  // upstream was not troubled
  const Response anthropic = say("two", prose(4500), "", "/v1/messages");
  expect_too_long(anthropic, 4502);
  EXPECT_EQ(json::Value(anthropic.body).find("type").string(), "error");
  expect_too_long(say("three", prose(4500), "", "/v1/responses"), 4502);
  expect_too_long(say("four", numbers(5000)), 5002);  // less than it looks by its bytes
}

TEST_F(WindowTest, ConversationsAreCutByWhatWasCounted) {
  std::string turns;
  for (int i = 0; i < 12; ++i) {
    turns += message("user", i % 2 == 0 ? numbers(300) : prose(300)) + "," +
             message("assistant", prose(100)) + ",";
  }
  const Response response = ask("long", turns + message("user", "b"));
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_LT(sent(), 25U);
  EXPECT_GT(sent(), 6U);
  EXPECT_EQ(requests_to("/v1/chat/completions"), 1U);  // without a refusal in between
}

TEST_F(WindowTest, OrdinaryRequestsAskNobody) {
  std::string turns;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(ask("one", turns + message("user", prose(150))).status, 200);
    turns += message("user", prose(150)) + "," + message("assistant", "I see.") + ",";
  }
  EXPECT_EQ(requests_to("/tokenize") + requests_to("/apply-template"), 0U);
}

TEST_F(WindowTest, WhereNobodyCanCountUpstreamDecides) {
  for (const int failure : {404, 500}) {
    failure_ = failure;
    const std::string name = std::to_string(failure);
    EXPECT_EQ(say(name + "a", prose(3500)).status, 200);
    EXPECT_EQ(say(name + "b", prose(500), tools()).status, 200);
    expect_too_long(say(name + "c", prose(4500)), 4502);
    std::string turns;
    for (int i = 0; i < 12; ++i) {
      turns += message("user", prose(300)) + "," + message("assistant", prose(100)) + ",";
    }
    const Response cut = ask(name + "d", turns + message("user", "b"));
    EXPECT_EQ(cut.status, 200) << cut.body;
    EXPECT_LT(sent(), 25U);
  }
}

TEST_F(WindowTest, AUsageThatCannotBeIsNotLearned) {
  told_ = 10;  // what was cached left out
  std::string turns;
  for (int i = 0; i < 40; ++i) {
    turns += message("user", prose(200));
    const Response response = ask("one", turns);
    ASSERT_EQ(response.status, 200) << response.body;
    turns += "," + message("assistant", "I see.") + ",";
  }
  EXPECT_LT(sent(), 40U);
  EXPECT_LE(requests_to("/v1/chat/completions"), 41U);  // hardly a refusal
}

TEST_F(WindowTest, BarePromptsAreUpstreamsBusiness) {
  const std::string body = "{\"prompt\":" + json::quoted(prose(3500)) + "}";
  EXPECT_EQ(TestClient(proxy_->port()).post("/v1/completions", body).status, 200);
}

TEST_F(WindowTest, TheHeaderSaysWhatUsageSays) {
  const Response response = say("one", prose(700), tools());
  EXPECT_EQ(response.header("X-Keep-Window"), "sent=702;fog=0;window=4096");
  const Response streamed = say("two", prose(800), ",\"stream\":true");
  EXPECT_EQ(streamed.header("X-Keep-Window"), "sent=802;fog=0;window=4096");
}

TEST_F(WindowTest, RecalledTextGivesWayToATurnThatNeedsTheRoom) {
  TestClient(proxy_->port())
      .post("/v1/knowledge/store", R"({"topic":"harbor","key":"code","value":")" + prose(100) +
                                       R"( the code of the harbor is seven"})");
  // Denser than it looks, and with the fact it is too long.
  const Response response = say("one", "what is the code of the harbor? " + numbers(4020));
  EXPECT_EQ(response.status, 200) << response.body;
}

}  // namespace
}  // namespace keep::test
