#include "plugins/hygiene/prompt.hpp"

#include "tests/unit/plugins/plugin_harness.hpp"

#include <gtest/gtest.h>

#include <string>

namespace keep::hygiene {
namespace {

using Kind = PromptPart::Kind;

std::string text_of(const std::string& message, Kind kind = Kind::kOther) {
  return prompt_text(json::Value(message), kind);
}

TEST(PromptText, JoinsTextParts) {
  EXPECT_EQ(text_of(R"({"role":"user","content":" a "})"), " a ");
  EXPECT_EQ(text_of(R"({"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]})"),
            "a\nb");
  EXPECT_EQ(text_of(R"({"content":null})"), "");
  EXPECT_EQ(text_of(R"("bare")"), "bare");
  EXPECT_EQ(text_of(R"({"content":"\n a "})", Kind::kAssistant), "a");
}

TEST(PromptText, HoldsWhatIsCalled) {
  EXPECT_EQ(text_of(R"({"content":"x","tool_calls":[{"id":"1","function":)"
                    R"({"name":"f","arguments":"{\"a\":1}"}}]})"),
            "x\nf\n{\"a\":1}");
  EXPECT_EQ(text_of(R"({"type":"function_call","name":"f","arguments":"{}"})"), "f\n{}");
  EXPECT_EQ(text_of(R"({"type":"function_call_output","call_id":"1","output":"18 C"})"), "18 C");
}

TEST(MakePrompt, FollowsTheEdits) {
  const auto exchange = test::make_exchange(
      test::chat_body({{"system", "n"}, {"system", "S"}, {"user", "a"}, {"assistant", " A "}}));
  const openai::BodyEdits edits = {openai::RemoveMessage{0},
                                   openai::ReplaceMessage{2, R"({"role":"user","content":"b"})"}};
  Texts texts;
  const Prompt prompt = make_prompt(exchange->chat, edits, nullptr, texts);
  EXPECT_EQ(texts, (Texts{"S", "b", "A"}));
  ASSERT_EQ(prompt.parts.size(), 3U);
  EXPECT_EQ(prompt.parts[0].kind, Kind::kSystem);
  EXPECT_EQ(prompt.parts[1].index, 2U);
  EXPECT_EQ(prompt.opening(), &prompt.parts[1]);
  EXPECT_TRUE(make_answer_part("A\n", 3).same_text(prompt.parts[2]));
}

TEST(MakePrompt, ReadsOnlyWhatIsNew) {
  const auto one = test::make_exchange(test::chat_body({{"user", "a"}, {"user", "b"}}));
  const auto two =
      test::make_exchange(test::chat_body({{"user", "a"}, {"user", "c"}, {"user", "b"}}));
  Texts texts, more;
  const Prompt before = make_prompt(one->chat, {}, nullptr, texts);
  const Prompt now = make_prompt(two->chat, {}, &before, more);
  EXPECT_EQ(more, (Texts{"", "c", "b"}));
  EXPECT_TRUE(now.parts[0].same_text(before.parts[0]));
  EXPECT_TRUE(now.parts[2].same_text(before.parts[1]));
}

// All from the first message on that is not what it was.
TEST(BytesToRead, CountsWhatMakePromptWouldRead) {
  const auto one = test::make_exchange(test::chat_body({{"user", "a"}, {"user", "b"}}));
  const auto two =
      test::make_exchange(test::chat_body({{"user", "a"}, {"user", "c"}, {"user", "b"}}));
  const std::size_t message = std::string_view(R"({"role":"user","content":"a"})").size();
  Texts texts;
  const Prompt before = make_prompt(one->chat, {}, nullptr, texts);
  EXPECT_EQ(bytes_to_read(one->chat, {}, nullptr), 2 * message);
  EXPECT_EQ(bytes_to_read(one->chat, {}, &before), 0U);
  EXPECT_EQ(bytes_to_read(two->chat, {}, &before), 2 * message);
  const openai::BodyEdits edits = {openai::RemoveMessage{1}};
  EXPECT_EQ(bytes_to_read(two->chat, edits, &before), 0U);
}

TEST(MakePrompt, TellsRolesApart) {
  const auto user = test::make_exchange(test::chat_body({{"user", "a"}}));
  const auto tool = test::make_exchange(test::chat_body({{"tool", "a"}}));
  Texts texts;
  const Prompt one = make_prompt(user->chat, {}, nullptr, texts);
  const Prompt two = make_prompt(tool->chat, {}, nullptr, texts);
  EXPECT_FALSE(one.parts[0].same_text(two.parts[0]));
}

}  // namespace
}  // namespace keep::hygiene
