#include "plugins/hedge/continued_request.hpp"

#include <gtest/gtest.h>

namespace keep::hedge {
namespace {

std::string edited(const std::string& more, const Continuation& continuation, Prefill prefill) {
  const std::string body = R"({"messages":[{"role":"user","content":"q"}])" + more + "}";
  const auto chat = openai::parse_chat_request(body, openai::Surface::kChat);
  EXPECT_TRUE(chat);
  const auto result =
      openai::apply_edits(body, *chat, continue_edits(*chat, continuation, prefill));
  EXPECT_TRUE(result);
  return *result;
}

Continuation begun(const std::string& text, std::int64_t tokens) {
  Continuation continuation;
  continuation.text = text;
  continuation.tokens = tokens;
  return continuation;
}

TEST(Resubmission, TheTextSoFarIsTheFinalMessage) {
  EXPECT_EQ(edited("", begun("Well, \"so\"", 2), Prefill::kChat),
            R"({"messages":[{"role":"user","content":"q"},)"
            R"({"role":"assistant","content":"Well, \"so\""}]})");
}

TEST(Resubmission, WithoutTextTheQuestionIsAskedAnew) {
  EXPECT_EQ(edited("", begun("", 0), Prefill::kChat),
            R"({"messages":[{"role":"user","content":"q"}]})");
}

TEST(Resubmission, SpentTokensAreTakenOffEveryLimit) {
  EXPECT_EQ(edited(R"(,"max_tokens":20,"n_predict":2,"max_completion_tokens":-1)", begun("", 5),
                   Prefill::kChat),
            R"({"messages":[{"role":"user","content":"q"}],)"
            R"("max_tokens":15,"n_predict":1,"max_completion_tokens":-1})");
}

TEST(Resubmission, ThinkingIsSwitchedOffAndOtherArgumentsStay) {
  const std::string body = edited(R"(,"chat_template_kwargs":{"a":[1],"enable_thinking":true})",
                                  begun("x", 1), Prefill::kChatWithoutThinking);
  EXPECT_NE(body.find(R"("chat_template_kwargs":{"a":[1],"enable_thinking":false})"),
            std::string::npos)
      << body;
}

TEST(Resubmission, ACompletionGoesOnBehindTheRenderedPrompt) {
  const auto edits = completion_edits(begun("Well,", 1), "<user>q<model>");
  ASSERT_EQ(edits.size(), 2U);
  EXPECT_EQ(std::get<openai::RemoveField>(edits[1]).key, "response_fields");
  const auto& field = std::get<openai::SetField>(edits[0]);
  EXPECT_EQ(field.key, "prompt");
  EXPECT_EQ(field.json, R"("<user>q<model>Well,")");
  EXPECT_EQ(edited("", begun("Well,", 1), Prefill::kCompletion),
            R"({"messages":[{"role":"user","content":"q"}]})");
}

}  // namespace
}  // namespace keep::hedge
