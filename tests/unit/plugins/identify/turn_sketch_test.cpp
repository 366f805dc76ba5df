#include "plugins/identify/turn_sketch.hpp"

#include "tests/unit/plugins/plugin_harness.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace keep::identify {
namespace {

// Text with a line of its own for each number.
std::string pages(int from, int to) {
  std::string text;
  for (int i = from; i < to; ++i) text += "Page " + std::to_string(i) + " of the manual.\n";
  return text;
}

std::unique_ptr<Exchange> turn_of(const std::vector<std::string>& texts) {
  std::vector<std::pair<std::string, std::string>> turns;
  for (const std::string& text : texts) turns.emplace_back("user", text);
  return test::make_exchange(test::chat_body(turns));
}

bool told(const std::vector<std::string>& plain, const std::vector<std::string>& decorated) {
  return retells(sketch_each(turn_of(plain)->chat.messages),
                 sketch_of(turn_of(decorated)->chat.messages));
}

std::unique_ptr<Exchange> turn_with(const std::string& content) {
  return test::make_exchange(R"({"messages":[{"role":"user","content":)" + content + "}]}");
}

TEST(TurnSketch, APieceOfItsOwnStandsInTheTurn) {
  EXPECT_TRUE(told({"hi"}, {"hi"}));
  EXPECT_TRUE(told({"hi"}, {"Use these notes.\n\nhi"}));
  EXPECT_TRUE(told({"hi"}, {"hi\n<reminder>Be brief</reminder>"}));
  EXPECT_TRUE(told({"hi"}, {"[2026-11-29 17:00] hi"}));
  EXPECT_TRUE(told({"hi"}, {"Question: hi\nHelpful answer:"}));
  EXPECT_TRUE(told({"hi there"}, {"<query>\nhi  there\n</query>"}));
  EXPECT_TRUE(told({"¿Cómo estás?"}, {"<now>\n¿Cómo estás?"}));
  EXPECT_TRUE(told({"你好"}, {"现在是十点。你好"}));
}

TEST(TurnSketch, SomethingElseDoesNot) {
  EXPECT_FALSE(told({"hi"}, {"oh, hi"}));
  EXPECT_FALSE(told({"hi"}, {"hi there"}));
  EXPECT_FALSE(told({"hi"}, {"this"}));
  EXPECT_FALSE(told({"What is X?"}, {"Notes:\nWhat is Y?"}));
  EXPECT_FALSE(told({"Hi there, who are you?"}, {"Hi there"}));
  EXPECT_FALSE(told({"好"}, {"你好吗"}));
}

TEST(TurnSketch, AFewWordsMayStandAnywhere) {
  EXPECT_TRUE(told({"what is the vault code"}, {"Notes say 12 so what is the vault code then"}));
  EXPECT_FALSE(told({"the vault code"}, {"Notes say 12 so what is the vault code then"}));
}

TEST(TurnSketch, NothingSaidProvesNothing) {
  EXPECT_FALSE(told({"???"}, {"Notes:\n???"}));
  EXPECT_FALSE(told({""}, {""}));
  EXPECT_FALSE(retells({}, sketch_of(turn_of({"a"})->chat.messages)));
}

TEST(TurnSketch, LongTurnsAreComparedAtTheirEnds) {
  const std::string question = "What is the vault code of the museum?";
  for (const std::string& text : {question, pages(0, 50)}) {
    EXPECT_TRUE(told({text}, {pages(100, 400) + text}));
    EXPECT_TRUE(told({text}, {text + "\n" + pages(100, 400)}));
    EXPECT_TRUE(told({text}, {"[10:00] " + text + "\n(Be brief.)"}));
    EXPECT_FALSE(told({text}, {pages(100, 400)}));
  }
  EXPECT_FALSE(told({pages(0, 50)}, {pages(0, 2) + pages(60, 400)}));
  // Both ends count where nothing hides one of them.
  EXPECT_FALSE(told({pages(0, 50) + "Why?"}, {"Notes:\n" + pages(0, 50) + "How?"}));
  EXPECT_FALSE(told({"Today: " + pages(0, 50)}, {"Always: " + pages(0, 50)}));
  EXPECT_TRUE(told({pages(0, 50) + "Why?"}, {"Notes:\n" + pages(0, 50) + "Why?\n(Be brief.)"}));
  const TurnSketch sketch = sketch_of(turn_of({pages(0, 100000)})->chat.messages);
  EXPECT_EQ(sketch.head.size(), TurnSketch::kHeadWords);
  EXPECT_EQ(sketch.tail.size(), TurnSketch::kTailWords);
}

TEST(TurnSketch, EveryMessageOfATurnCounts) {
  EXPECT_TRUE(told({"one", "two"}, {"one", "Notes\ntwo"}));
  EXPECT_TRUE(told({"two"}, {"Reminder: be brief", "two"}));
  EXPECT_FALSE(told({"other", "two"}, {"one", "Notes\ntwo"}));
}

TEST(TurnSketch, PartsAndEscapesAreText) {
  const auto plain = turn_with(R"("say \"hi\"\nagain")");
  const auto parts = turn_with(R"([{"type":"text","text":"<reminder>"},)"
                               R"({"type":"text","text":"say \"hi\"\nagain"}])");
  EXPECT_TRUE(retells(sketch_each(plain->chat.messages), sketch_of(parts->chat.messages)));
  EXPECT_FALSE(sketch_of(parts->chat.messages).media);
}

TEST(TurnSketch, APictureMayBecomeAPlaceholder) {
  const auto picture = turn_with(R"([{"type":"text","text":"What is this?"},)"
                                 R"({"type":"image_url","image_url":{"url":"data:x"}}])");
  const TurnSketch sketch = sketch_of(picture->chat.messages);
  EXPECT_TRUE(sketch.media);
  EXPECT_TRUE(retells(sketch_each(turn_of({"What is this?"})->chat.messages), sketch));
  EXPECT_TRUE(retells(sketch_each(turn_of({"What is this?\n[image]"})->chat.messages), sketch));
  EXPECT_FALSE(retells(sketch_each(turn_of({"Who is this?\n[image]"})->chat.messages), sketch));
}

}  // namespace
}  // namespace keep::identify
