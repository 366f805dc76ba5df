#include "openai/event/chat_reply.hpp"

#include <gtest/gtest.h>

namespace keep::openai {
namespace {

TEST(ChatReply, IsOneChunk) {
  EXPECT_EQ(to_chunk(R"({"choices":[{"finish_reason":"length","index":0,"message":)"
                     R"({"role":"assistant","content":" {\u0022"},"logprobs":null}],"usage":{}})"),
            R"({"choices":[{"finish_reason":"length","index":0,"delta":)"
            R"({"role":"assistant","content":" {\u0022"},"logprobs":null}]})");
}

TEST(ChatReply, ToolCallsAreToldByTheirIndex) {
  EXPECT_EQ(
      to_chunk(R"({"choices":[{"message":{"tool_calls":)"
               R"([{"id":"a","index":7},{"id":"b"}]}}]})"),
      R"({"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a"},{"index":1,"id":"b"}]}}]})");
}

TEST(ChatReply, AnythingElseIsNone) {
  for (const char* const reply : {"", "{", "[]", R"({"choices":3})", R"({"error":{}})"}) {
    EXPECT_FALSE(to_chunk(reply)) << reply;
  }
}

TEST(ChatReply, AllOfItIsOneEvent) {
  EXPECT_EQ(to_events(R"({"choices":[{"index":0,"message":{"content":"a","reasoning_content":"b"},)"
                      R"("logprobs":{"content":[]}}],"usage":{"x":1},"id":"7"})"),
            (std::vector<std::string>{
                R"({"choices":[{"index":0,"delta":{"reasoning_content":"b","content":"a"},)"
                R"("logprobs":{"content":[]}}],"usage":{"x":1},"id":"7"})"}));
}

TEST(ChatReply, EachResultOfAListIsAnEvent) {
  EXPECT_EQ(to_events(R"( [{"content":"a"}, {"content":"b"}] )"),
            (std::vector<std::string>{R"({"content":"a"})", R"({"content":"b"})"}));
  EXPECT_TRUE(to_events("").empty());
  EXPECT_TRUE(to_events("{\"a\"").empty());
}

TEST(ChatReply, ResultsAreCountedInLists) {
  const json::Value two(R"([{"content":"a"},{"content":"b"}])"), object(R"({"a":[1,2,3]})");
  EXPECT_TRUE(has_more_results(two, 1));
  EXPECT_FALSE(has_more_results(two, 2));
  EXPECT_FALSE(has_more_results(object, 1));
}

}  // namespace
}  // namespace keep::openai
