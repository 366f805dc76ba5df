#include "app/client/chat_record.hpp"

#include <gtest/gtest.h>

namespace keep {
namespace {

TEST(ExportedMessage, IsOneLine) {
  EXPECT_EQ(exported_message("{\"message\":{\n\t\"content\":\r\n\"a\\nb\"}}"),
            "{\"message\":{ \t\"content\":  \"a\\nb\"}}\n");
}

TEST(ReadableMessage, SaysWhoSpokeWhen) {
  EXPECT_EQ(readable_message(R"({"position":3,"parent":2,"role":"user","turn":2,"tokens":4,)"
                             R"("time":1700000000,"message":{"role":"user","content":"hi"}})"),
            "[3, turn 2, 2023-11-14 22:13:20] user: hi\n");
}

TEST(TextOf, JoinsPartsAndNamesCalls) {
  EXPECT_EQ(text_of(R"({"content":[{"type":"text","text":"a"},{"type":"image_url"},)"
                    R"({"type":"text","text":"b"}]})"),
            "a\nb");
  EXPECT_EQ(
      text_of(R"({"content":null,"tool_calls":[{"function":{"name":"f","arguments":"{}"}}]})"),
      "[calls f {}]");
}

TEST(ConversationsTable, PutsTheLastUsedFirst) {
  const auto table = conversations_table(
      R"({"conversations":[{"conversation_id":"old","tokens":5,"turns":1,"messages":2,)"
      R"("disk_bytes":80,"idle_seconds":7300},{"conversation_id":"newer","tokens":1234,"turns":10,)"
      R"("messages":20,"disk_bytes":9,"idle_seconds":3}],"stats":{}})");
  ASSERT_TRUE(table);
  EXPECT_EQ(*table,
            "CONVERSATION  TURNS  MESSAGES  TOKENS  BYTES  IDLE\n"
            "newer            10        20    1234      9   3 s\n"
            "old               1         2       5     80   2 h\n");
  EXPECT_FALSE(conversations_table("<html>"));
}

}  // namespace
}  // namespace keep
