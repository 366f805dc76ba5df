#include "openai/edit/splice.hpp"

#include <gtest/gtest.h>

namespace keep::openai {
namespace {

std::optional<std::string> splice(std::string_view data, std::int64_t tokens = 0,
                                  std::string_view summary = {}) {
  const SseEvent event{data, "", data};
  const AnswerHead head{R"("one")", "5"};
  return spliced(read_event(event), head, tokens, summary);
}

TEST(Splice, LeavesOutWhatOnlyBeginsAnAnswer) {
  EXPECT_FALSE(splice(R"({"id":"two","choices":[{"index":0,"delta":{"role":"assistant"}}]})"));
  EXPECT_FALSE(splice(R"({"id":"two","choices":[{"index":0,"delta":{"role":"assistant"}}],)"
                      R"("prompt_progress":{"total":5,"cache":0,"processed":5}})"));
  EXPECT_FALSE(splice(R"({"id":"two","choices":[],)"
                      R"("prompt_progress":{"total":5,"cache":0,"processed":5}})"));
}

TEST(Splice, TakesTheRoleOutOfATextThatCarriesOne) {
  EXPECT_EQ(splice(R"({"id":"two","created":6,"choices":[{"index":0,)"
                   R"("delta":{"role":"assistant","content":"x"},"finish_reason":null}]})"),
            R"({"id":"one","created":5,"choices":[{"index":0,)"
            R"("delta":{"content":"x"},"finish_reason":null}]})");
}

TEST(Splice, KeepsWhatItDoesNotKnow) {
  EXPECT_EQ(splice(R"({"\u006dore":[1, 2],"id":"two","choices":[{"index":0,)"
                   R"("delta":{"content":"\u00e9"},"x":{}}]})"),
            R"({"\u006dore":[1, 2],"id":"one","choices":[{"index":0,)"
            R"("delta":{"content":"\u00e9"},"x":{}}]})");
}

TEST(Splice, CountsTheTokensBeforeTheSeamAsGenerated) {
  EXPECT_EQ(splice(R"({"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":3,)"
                   R"("total_tokens":15,"prompt_tokens_details":{"cached_tokens":11}}})",
                   4),
            R"({"choices":[],"usage":{"prompt_tokens":8,"completion_tokens":7,)"
            R"("total_tokens":15,"prompt_tokens_details":{"cached_tokens":8}}})");
}

TEST(Splice, TellsTheSummaryOnceInTheChunkThatEndsTheAnswer) {
  constexpr std::string_view kText = R"({"choices":[{"index":0,"delta":{"content":"x"}}]})";
  EXPECT_EQ(splice(kText, 0, R"({"n":1})"), kText);
  EXPECT_EQ(
      splice(R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})", 0, R"({"n":1})"),
      R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"x_keep":{"n":1}})");
}

}  // namespace
}  // namespace keep::openai
