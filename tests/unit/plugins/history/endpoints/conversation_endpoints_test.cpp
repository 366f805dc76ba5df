#include "plugins/history/endpoints/conversation_endpoints.hpp"

#include <gtest/gtest.h>

namespace keep::history {
namespace {

Result<PageQuery> read(const std::string& rest) {
  return read_page_query(std::string(kConversations) + rest);
}

TEST(ReadPageQuery, BeginsAtTheBeginning) {
  const auto query = read("chat%2F1");
  ASSERT_TRUE(query);
  EXPECT_EQ(query->id, "chat/1");
  EXPECT_EQ(query->from, 0U);
  EXPECT_EQ(query->limit, PageQuery::kDefaultLimit);
}

TEST(ReadPageQuery, TakesFromAndLimitAndPassesOverOthers) {
  const auto query = read("c?limit=7&colour=red&from=42&x");
  ASSERT_TRUE(query);
  EXPECT_EQ(query->from, 42U);
  EXPECT_EQ(query->limit, 7U);
  EXPECT_EQ(read("c?limit=0")->limit, 1U);
}

TEST(ReadPageQuery, RefusesWhatIsNoNumber) {
  for (const char* bad : {"c?from=-1", "c?from=", "c?from", "c?from=1x", "c?limit=1001",
                          "c?from=4294967295", "", "?from=1", "%zz"}) {
    const auto query = read(bad);
    ASSERT_FALSE(query) << bad;
    EXPECT_EQ(query.error().fault, Fault::kBadRequest);
  }
}

TEST(PageBody, HoldsMessagesAsTheyWereSent) {
  StoredMessage first{{}, R"({"role":"user", "content":"hi"})"};
  first.info.position = 0;
  first.info.role = Role::kUser;
  first.info.turn = 1;
  first.info.tokens = 3;
  first.info.time = 1700000000;
  StoredMessage second{first.info, R"({"role":"assistant","content":"yes"})"};
  second.info.position = 1;
  second.info.parent = 0;
  second.info.role = Role::kAssistant;
  second.info.token_position = 3;
  EXPECT_EQ(page_body({{first}, 1}),
            R"({"messages":[{"position":0,"parent":null,"role":"user","turn":1,"tokens":3,)"
            R"("token_position":0,"time":1700000000,"message":{"role":"user", "content":"hi"}}],)"
            R"("next":1})");
  EXPECT_EQ(page_body({{second}, kNoPosition}),
            R"({"messages":[{"position":1,"parent":0,"role":"assistant","turn":1,"tokens":3,)"
            R"("token_position":3,"time":1700000000,)"
            R"("message":{"role":"assistant","content":"yes"}}],"next":null})");
}

}  // namespace
}  // namespace keep::history
