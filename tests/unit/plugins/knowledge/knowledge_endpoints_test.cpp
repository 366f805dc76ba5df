#include "plugins/knowledge/knowledge_endpoints.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace keep::knowledge {
namespace {

using ::testing::HasSubstr;

std::string fact(std::size_t topic, std::size_t key, std::size_t value, std::size_t source) {
  return R"({"topic":")" + std::string(topic, 't') + R"(","key":")" + std::string(key, 'k') +
         R"(","value":")" + std::string(value, 'v') + R"(","source":")" + std::string(source, 's') +
         R"("})";
}

std::string refusal(const std::string& body) {
  const auto read = read_new_fact(body);
  if (read) return "accepted";
  EXPECT_EQ(read.error().fault, Fault::kBadRequest);
  return read.error().detail;
}

TEST(ReadNewFact, TakesTheLargest) {
  const auto read = read_new_fact(fact(kMaxNameBytes, kMaxNameBytes, kMaxValueBytes, 1));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->value.size(), kMaxValueBytes);
  EXPECT_EQ(read->source, "s");
  EXPECT_TRUE(read_new_fact(R"({"topic":"t","key":"k","value":"a\nb"})"));
  EXPECT_TRUE(read_new_fact(R"({"topic":"t","key":"k","value":"v","source":null})"));
}

TEST(ReadNewFact, SaysWhichLimitWasPassed) {
  EXPECT_THAT(refusal(fact(257, 1, 1, 1)), HasSubstr("'topic' must be at most 256 bytes"));
  EXPECT_THAT(refusal(fact(1, 257, 1, 1)), HasSubstr("'key' must be at most 256 bytes"));
  EXPECT_THAT(refusal(fact(1, 1, 65537, 1)), HasSubstr("'value' must be at most 65536 bytes"));
  EXPECT_THAT(refusal(fact(1, 1, 1, 257)), HasSubstr("'source' must be at most 256 bytes"));
  EXPECT_THAT(refusal(fact(1, 1, 600000, 1)), HasSubstr("the body must be at most"));
}

TEST(ReadNewFact, SaysWhatIsMissingOrOdd) {
  EXPECT_THAT(refusal("[]"), HasSubstr("must be a JSON object"));
  EXPECT_NE(refusal("{"), "accepted");
  EXPECT_THAT(refusal(R"({"key":"k","value":"v"})"), HasSubstr("'topic' must be a string"));
  EXPECT_THAT(refusal(R"({"topic":"t","key":7,"value":"v"})"), HasSubstr("'key' must be a string"));
  EXPECT_THAT(refusal(R"({"topic":"t","key":"k","value":""})"), HasSubstr("not empty"));
  EXPECT_THAT(refusal(R"({"topic":"a\nb","key":"k","value":"v"})"), HasSubstr("one line"));
  EXPECT_THAT(refusal(R"({"topic":"t","key":"k","value":"a\u0000b"})"), HasSubstr("NUL"));
}

TEST(ReadQuery, HasDefaultsAndLimits) {
  const auto query = read_query(R"({"query":"dog"})");
  ASSERT_TRUE(query);
  EXPECT_EQ(query->limit, 10U);
  EXPECT_FALSE(query->topic);
  EXPECT_EQ(read_query(R"({"query":"dog","limit":3,"topic":"pets"})")->topic, "pets");
  EXPECT_EQ(read_query(R"({"query":"dog","limit":null,"topic":null})")->limit, 10U);
  for (const char* bad : {R"({"query":"a","limit":0})", R"({"query":"a","limit":101})",
                          R"({"query":"a","limit":"3"})", R"({"limit":3})", R"({"query":""})",
                          R"({"query":"a","topic":3})"}) {
    EXPECT_FALSE(read_query(bad)) << bad;
  }
}

TEST(KnowledgeBodies, HaveTheFieldsThatClientsRead) {
  EXPECT_EQ(stored_body({"pets", "dog", "Bruno", ""}, {2, false}),
            R"({"status":"stored","topic":"pets","key":"dog","version":2})");
  const std::vector<Topic> topics{{"pets", 3}};
  EXPECT_EQ(topics_body(topics), R"({"topics":[{"topic":"pets","entries":3}]})");
  EXPECT_EQ(topics_body({}), R"({"topics":[]})");
  const std::vector<Answered> results{
      {{{1, "pets", "dog", "Rex", "me", 2, 20}, 0.5F}, {{1, "Bruno", "", 10}}}};
  Query query;
  EXPECT_EQ(results_body(results, query),
            R"({"results":[{"topic":"pets","key":"dog","value":"Rex","source":"me","version":2,)"
            R"("updated":20,"score":0.5}]})");
  query.versions = true;
  EXPECT_THAT(results_body(results, query),
              HasSubstr(R"("versions":[{"version":1,"value":"Bruno","source":"","updated":10}])"));
}

}  // namespace
}  // namespace keep::knowledge
