#include "plugins/recall/fog/conversation_index.hpp"

#include "plugins/recall/ask/message_text.hpp"
#include "tests/unit/plugins/recall/made_message.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace keep::recall {
namespace {

TEST(ConversationIndex, FindsOnThePathBeforeTheEnd) {
  ConversationIndex index;
  index.add(std::vector{message(0, "The vault code is 7341."), message(1, "Nice weather."),
                        message(2, "The vault code is 9999.")});
  const std::vector<Stretch> all{{0, 2}}, branch{{0, 1}};
  const auto found = index.search("vault code", all, 3, 10);
  ASSERT_EQ(found.size(), 3U);  // the one between them is near
  EXPECT_EQ(index.search("vault code", branch, 3, 1).at(0).message, 0U);
  for (const FoundPassage& one : index.search("vault code", branch, 3, 10)) {
    EXPECT_NE(one.message, 2U);
  }
  EXPECT_EQ(index.search("vault code", all, 1, 10).size(), 1U);
  EXPECT_TRUE(index.search("vault code", all, 0, 10).empty());
  EXPECT_TRUE(index.search("vault code", {}, 3, 10).empty());
}

TEST(ConversationIndex, TakesEachMessageOnceAndLongOnesInParts) {
  ConversationIndex index;
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "word" + std::to_string(i) + " ";
  const std::vector messages{message(0, text), message(1, "short")};
  index.add(messages);
  const std::size_t passages = index.size();
  EXPECT_GT(passages, 5U);
  index.add(messages);
  EXPECT_EQ(index.size(), passages);
  EXPECT_EQ(index.next(), 2U);
  const auto found = index.search("word700", std::vector<Stretch>{{0, 1}}, 2, 1);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_GT(found[0].part, 0U);
}

TEST(ConversationIndex, InstructionsAreNotSearched) {
  ConversationIndex index;
  StoredMessage instruction = message(0, "secret words", Role::kSystem);
  instruction.info.parent = kNoPosition;
  index.add(std::vector{instruction, message(1, "hello")});
  EXPECT_EQ(index.size(), 1U);
}

TEST(MessageText, OfEveryKind) {
  EXPECT_EQ(message_text(R"({"role":"user","content":[{"type":"text","text":"a"},)"
                         R"({"type":"image_url"},{"type":"text","text":"b"}]})"),
            "a\nb");
  EXPECT_EQ(message_text(R"({"role":"assistant","content":null,"tool_calls":[{"function":)"
                         R"({"name":"read","arguments":"{\"path\":\"x\"}"}}]})"),
            "read {\"path\":\"x\"}");
  EXPECT_EQ(message_text(R"({"type":"function_call","name":"read","arguments":"{}"})"), "read {}");
  EXPECT_EQ(message_text(R"({"type":"function_call_output","output":"done"})"), "done");
  EXPECT_EQ(message_text("{}"), "");
}

}  // namespace
}  // namespace keep::recall
