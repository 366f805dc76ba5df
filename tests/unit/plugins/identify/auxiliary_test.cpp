#include "plugins/identify/auxiliary.hpp"

#include "tests/unit/plugins/plugin_harness.hpp"

#include <gtest/gtest.h>

#include <string>

namespace keep::identify {
namespace {

bool auxiliary(const std::string& body, const Headers& headers = {}) {
  const auto exchange = test::make_exchange(body, "t", headers);
  return is_auxiliary(headers, exchange->chat);
}

TEST(IsAuxiliary, KnowsEveryMarker) {
  for (const AuxiliaryMarker& marker : auxiliary_markers()) {
    const std::string text = "\n  - " + std::string(marker.text) + " and more.\n";
    const bool system = marker.where == AuxiliaryMarker::Where::kSystem;
    const std::string body = test::chat_body(
        {{"system", system ? text : "You are helpful."}, {"user", system ? "hello" : text}});
    EXPECT_TRUE(auxiliary(body)) << marker.text;
  }
}

TEST(IsAuxiliary, KnowsRealRequests) {
  EXPECT_TRUE(auxiliary(
      test::chat_body({{"user",
                        "### Task:\nGenerate a concise, 3-5 word title with an emoji summarizing "
                        "the chat history.\n"
                        "### Guidelines:\n...\n<chat_history>\nUSER: hi\n</chat_history>"}})));
  EXPECT_TRUE(auxiliary(
      R"({"messages":[{"role":"system","content":[)"
      R"({"type":"text","text":"You are Claude Code, Anthropic's official CLI for Claude."},)"
      R"({"type":"text","text":"Summarize this coding conversation in under 50 characters.\nCapture"}]},)"
      R"({"role":"user","content":"x"}]})"));
  EXPECT_TRUE(auxiliary(test::chat_body(
      {{"system", "You are a title generator. You output ONLY a thread title. Nothing else."},
       {"user", "Fix the tests"}})));
  EXPECT_TRUE(auxiliary(test::chat_body(
      {{"system",
        "\n\n    - you will generate a short title based on the first message a user begins"},
       {"user", "hi"}})));
}

TEST(IsAuxiliary, BelievesClaudeCode) {
  const auto body = test::chat_body({{"user", "hi"}});
  EXPECT_TRUE(auxiliary(body, test::headers_of({{"X-Claude-Code-Request-Class", "auxiliary"}})));
  for (const char* kind : {"main", "subagent", "workflow", "compaction", "repl_main_thread"}) {
    EXPECT_FALSE(auxiliary(body, test::headers_of({{"x-claude-code-request-class", kind}})));
  }
}

TEST(IsAuxiliary, LeavesConversationsAlone) {
  // Open WebUI's prompt around a question with documents begins alike.
  EXPECT_FALSE(auxiliary(test::chat_body(
      {{"user",
        "### Task:\nRespond to the user query using the provided context, incorporating"}})));
  EXPECT_FALSE(auxiliary(test::chat_body({{"user", "### Task:\nWrite a poem"}})));
  EXPECT_FALSE(auxiliary(test::chat_body(
      {{"user", "What does \"Provide a concise, 5-word-or-less title\" mean in LibreChat?"}})));
  EXPECT_FALSE(auxiliary(
      test::chat_body({{"system", "You are a title generator's best friend."}, {"user", "hi"}},
                      R"(,"tools":[{"function":{"name":"f"}}])")));
  EXPECT_FALSE(auxiliary(
      test::chat_body({{"system", "Always help. You are a title generator."}, {"user", "hi"}})));
  // The marker is in the past, and the conversation goes on.
  EXPECT_FALSE(auxiliary(test::chat_body({{"user", "Provide a concise, 5-word-or-less title"},
                                          {"assistant", "A Title"},
                                          {"user", "A longer one, please"}})));
  EXPECT_FALSE(auxiliary(test::chat_body({{"user", "hi"},
                                          {"assistant", "Hello!"},
                                          {"user", "Generate a title for this conversation: x"}})));
  // Small answers alone mean nothing.
  EXPECT_FALSE(auxiliary(test::chat_body({{"user", "yes or no?"}}, R"(,"max_tokens":1)")));
}

TEST(IsAuxiliary, ReadsOnlyTheBeginningOfLongPrompts) {
  // The escape that the cut falls into may begin at any offset.
  for (std::size_t pad = 0; pad < 32; ++pad) {
    std::string text = "You are a title generator. " + std::string(pad, 'x');
    for (int i = 0; i < 400; ++i) text += "\"\n\x01";
    EXPECT_TRUE(auxiliary(test::chat_body({{"system", text}, {"user", "x"}}))) << pad;
  }
}

}  // namespace
}  // namespace keep::identify
