#include "plugins/hygiene/divergence.hpp"

#include "tests/unit/plugins/plugin_harness.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace keep::hygiene {
namespace {

using Turns = std::vector<std::pair<std::string, std::string>>;

struct Side {
  explicit Side(const Turns& turns, const Prompt* before = nullptr, const std::string& more = "")
      : exchange(test::make_exchange(test::chat_body(turns, more))),
        prompt(make_prompt(exchange->chat, {}, before, texts)) {}

  Side& answer(const std::string& text) {
    prompt.parts.push_back(make_answer_part(text, static_cast<std::uint32_t>(prompt.parts.size())));
    texts.push_back(answer_text(text));
    return *this;
  }

  std::unique_ptr<Exchange> exchange;
  Texts texts;
  Prompt prompt;
};

Divergence compare_sides(const Side& before, const Side& now, bool texts = true) {
  return find_divergence(before.prompt, texts ? &before.texts : nullptr, now.prompt, now.texts);
}

Divergence compare(const Turns& before, const Turns& now, const std::string& answer = "") {
  Side side(before);
  if (!answer.empty()) side.answer(answer);
  return compare_sides(side, Side(now, &side.prompt));
}

const std::string kLong(4000, 'x');

TEST(FindDivergence, AnExtensionIsNone) {
  const Turns before = {{"system", "S"}, {"user", "a"}};
  EXPECT_FALSE(compare(before, before).found);
  EXPECT_FALSE(compare(before, {{"system", "S"}, {"user", "a"}, {"user", "b"}}).found);
  EXPECT_FALSE(
      compare(before, {{"system", "S"}, {"user", "a"}, {"assistant", "A"}, {"user", "b"}}, "A")
          .found);
}

TEST(FindDivergence, ARegenerateIsNone) {
  const Turns turns = {{"system", "S"}, {"user", "a"}};
  EXPECT_FALSE(compare(turns, turns, "A").found);
  EXPECT_FALSE(compare({{"user", "a"}, {"assistant", "A"}, {"user", "b"}}, {{"user", "a"}}).found);
}

TEST(FindDivergence, OtherJsonForTheSameTextIsNone) {
  const Side before(Turns{{"user", "a"}});
  auto exchange = test::make_exchange(
      R"({"messages":[{"content":[{"text":"\u0061","type":"text"}],"role":"user"}]})");
  Texts texts;
  const Prompt now = make_prompt(exchange->chat, {}, &before.prompt, texts);
  EXPECT_FALSE(find_divergence(before.prompt, &before.texts, now, texts).found);
}

TEST(FindDivergence, NamesTheByteOfATimestamp) {
  const auto d = compare({{"system", "It is 10:00. " + kLong}, {"user", "a"}},
                         {{"system", "It is 10:01. " + kLong}, {"user", "a"}, {"user", "b"}});
  EXPECT_TRUE(d.found);
  EXPECT_EQ(d.message, 0U);
  EXPECT_TRUE(d.byte_known);
  EXPECT_EQ(d.byte, 10U);
  EXPECT_EQ(d.cause, "timestamp");
  EXPECT_NEAR(static_cast<double>(d.lost_tokens), 1000, 10);
}

TEST(FindDivergence, SeesATurnThatWasDecorated) {
  const Turns plain = {{"user", "hi"}, {"assistant", "Hello"}, {"user", "Notes\nmore"}};
  EXPECT_EQ(compare({{"user", "Notes\nhi"}}, plain, "Hello").cause, "decorated_turn");
  EXPECT_EQ(compare({{"user", "Notes\nhi"}}, {{"user", "Notes\nho"}}, "Hello").cause, "edited");
  // A reminder that was a message of its own.
  Turns later = plain;
  later.back() = {"user", "more"};
  Turns reminded = later;
  reminded.insert(reminded.end() - 1, {"system", "Be brief"});
  later.emplace_back("assistant", "OK");
  later.emplace_back("user", "thanks");
  EXPECT_EQ(compare(reminded, later, "OK").cause, "decorated_turn");
  EXPECT_EQ(compare({{"system", "Be brief"}, {"user", "hi"}}, plain, "Hello").cause,
            "system_changed");
  // The answer called a tool.
  const Turns called = {
      {"user", "list"}, {"assistant", "calling"}, {"tool", "a b"}, {"user", "Notes\nmore"}};
  EXPECT_EQ(compare({{"user", "list\n(now)"}}, called).cause, "decorated_turn");
  EXPECT_EQ(compare({{"user", "sort"}}, called).cause, "edited");
}

TEST(FindDivergence, SeesAChangedSystemPrompt) {
  EXPECT_EQ(
      compare({{"system", "Be kind"}, {"user", "a"}}, {{"system", "Be mean"}, {"user", "a"}}).cause,
      "system_changed");
  EXPECT_EQ(compare({{"user", "a"}, {"user", "b"}}, {{"system", "S"}, {"user", "a"}, {"user", "b"}})
                .cause,
            "system_changed");
}

TEST(FindDivergence, SeesChangedTools) {
  const Turns turns = {{"system", kLong}, {"user", "a"}};
  const Side before(turns, nullptr, R"(,"tools":[{"function":{"name":"f"}}])");
  const Side now(turns, nullptr, R"(,"tools":[{"function":{"name":"g"}}])");
  const auto d = compare_sides(before, now);
  EXPECT_EQ(d.cause, "tools_changed");
  EXPECT_EQ(d.message, 0U);
  EXPECT_NEAR(static_cast<double>(d.lost_tokens), 1000, 10);
}

TEST(FindDivergence, SeesStrippedReasoning) {
  const Turns next = {{"user", "a"}, {"assistant", "Yes."}, {"user", "b"}};
  const auto d = compare({{"user", "a"}}, next, "<think>hm</think>\nYes.");
  EXPECT_EQ(d.cause, "reasoning_stripped");
  EXPECT_EQ(d.message, 1U);
  EXPECT_EQ(d.byte, 0U);
  EXPECT_EQ(
      compare({{"user", "a"}, {"assistant", "<think>x</think>Yes."}, {"user", "b"}}, next).cause,
      "reasoning_stripped");
}

TEST(FindDivergence, SeesWhiteSpace) {
  EXPECT_EQ(compare({{"user", "a  b"}}, {{"user", "a b"}}).cause, "whitespace");
  EXPECT_EQ(compare({{"user", "a"}}, {{"user", "a"}, {"assistant", "x y"}}, "x\n\ny").cause,
            "whitespace");
  // Templates trim what the assistant said.
  EXPECT_FALSE(compare({{"user", "a"}}, {{"user", "a"}, {"assistant", "x"}}, "\nx\n").found);
}

TEST(FindDivergence, SeesEdits) {
  const auto d = compare({{"user", "a"}, {"assistant", "A"}, {"user", "what is it"}},
                         {{"user", "a"}, {"assistant", "A"}, {"user", "what was it"}});
  EXPECT_EQ(d.cause, "edited");
  EXPECT_EQ(d.message, 2U);
  EXPECT_EQ(d.byte, 5U);
  EXPECT_EQ(compare({{"user", "a"}}, {{"user", "a"}, {"assistant", "No."}}, "Yes.").cause,
            "edited");
}

TEST(FindDivergence, SeesTruncatedHistories) {
  const Turns full = {{"system", "S"}, {"user", "a"},      {"assistant", "A"},
                      {"user", "b"},   {"assistant", "B"}, {"user", "c"}};
  EXPECT_EQ(
      compare(full, {{"system", "S"}, {"user", "b"}, {"assistant", "B"}, {"user", "c"}}).cause,
      "truncated");
  EXPECT_EQ(compare(full, {{"system", "S"}, {"user", "Summary: talk"}, {"user", "d"}}).cause,
            "truncated");
}

TEST(FindDivergence, SeesReorderedMessages) {
  EXPECT_EQ(compare({{"user", "a"}, {"user", "b"}, {"user", "c"}},
                    {{"user", "b"}, {"user", "a"}, {"user", "c"}})
                .cause,
            "reordered");
}

TEST(FindDivergence, HasNoByteWithoutTheTexts) {
  const Side before(Turns{{"system", "It is 10:00"}, {"user", "a"}});
  const auto d =
      compare_sides(before, Side(Turns{{"system", "It is 10:01"}, {"user", "a"}}), false);
  EXPECT_TRUE(d.found);
  EXPECT_FALSE(d.byte_known);
  EXPECT_EQ(d.cause, "system_changed");
}

TEST(FindDivergence, CountsPicturesByTheirBytes) {
  const auto body = [](const char* url) {
    return std::string(
               R"({"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":")") +
           url + R"("}},{"type":"text","text":"what?"}]}]})";
  };
  const auto a = test::make_exchange(body("a"));
  const auto b = test::make_exchange(body("b"));
  Texts texts_a, texts_b;
  const Prompt before = make_prompt(a->chat, {}, nullptr, texts_a);
  const Prompt now = make_prompt(b->chat, {}, nullptr, texts_b);
  EXPECT_TRUE(find_divergence(before, &texts_a, now, texts_b).found);
  EXPECT_FALSE(find_divergence(before, &texts_a, before, texts_a).found);
}

TEST(FindDivergence, NamesOnlyCausesOfTheList) {
  const Turns list[] = {{{"user", "a"}},
                        {{"assistant", "a"}},
                        {{"system", "a"}, {"user", "b"}},
                        {{"tool", "a"}, {"user", "b"}, {"user", "c"}},
                        {{"user", "b"}, {"assistant", "a"}}};
  const auto causes = divergence_causes();
  for (const Turns& before : list) {
    for (const Turns& now : list) {
      const auto d = compare(before, now);
      EXPECT_TRUE(!d.found || std::ranges::find(causes, d.cause) != causes.end()) << d.cause;
      EXPECT_EQ(d.found, &before != &now);
    }
  }
}

}  // namespace
}  // namespace keep::hygiene
