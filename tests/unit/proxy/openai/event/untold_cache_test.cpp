#include "openai/event/untold_cache.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace keep::openai {
namespace {

EventInfo read(std::string_view data) { return read_event(SseEvent{data, "", data}); }
std::string told(std::string_view data) { return untold(read(data)); }

TEST(UntoldCache, AnEventThatTellsNothingIsLeftAlone) {
  EXPECT_EQ(told(R"({"choices":[{"index":0,"delta":{"content":"x"}}]})"), "");
  EXPECT_EQ(told("[DONE]"), "");
}

TEST(UntoldCache, ThePromptCountsAsReadAndKeepsItsLength) {
  EXPECT_EQ(told(R"({"choices":[],"usage":{"prompt_tokens":200,"completion_tokens":2,)"
                 R"("prompt_tokens_details":{"cached_tokens":199,"audio_tokens":1}},)"
                 R"("timings":{"cache_n":199,"prompt_n":1,"prompt_ms":4.0,)"
                 R"("prompt_per_token_ms":4.0,"prompt_per_second":250.0,"predicted_n":2}})"),
            R"({"choices":[],"usage":{"prompt_tokens":200,"completion_tokens":2,)"
            R"("prompt_tokens_details":{"cached_tokens":0,"audio_tokens":1}},)"
            R"("timings":{"cache_n":0,"prompt_n":200,"prompt_ms":4.0,)"
            R"("prompt_per_token_ms":0.02,"prompt_per_second":50000,"predicted_n":2}})");
}

TEST(UntoldCache, ProgressTellsTheBeginAndTheEnd) {
  const std::string begin =
      R"({"choices":[],"timings":{"cache_n":150,"prompt_n":0},)"
      R"("prompt_progress":{"total":200,"cache":150,"processed":150,"time_ms":0}})";
  EXPECT_EQ(told(begin), R"({"choices":[],)"
                         R"("prompt_progress":{"total":200,"cache":0,"processed":0,"time_ms":0}})");
  EXPECT_FALSE(is_midway(read(begin)));
  const std::string midway =
      R"({"choices":[],"prompt_progress":{"total":200,"cache":150,"processed":182,"time_ms":3}})";
  EXPECT_TRUE(is_midway(read(midway)));
  const std::string end =
      R"({"choices":[],"prompt_progress":{"total":200,"cache":150,"processed":200,"time_ms":5}})";
  EXPECT_EQ(told(end), R"({"choices":[],)"
                       R"("prompt_progress":{"total":200,"cache":0,"processed":200,"time_ms":5}})");
  EXPECT_FALSE(is_midway(read(end)));
}

TEST(UntoldCache, WhatVerboseRepeatsIsUntoldToo) {
  EXPECT_EQ(told(R"({"choices":[],"__verbose":{"tokens_cached":15,)"
                 R"("timings":{"cache_n":13,"prompt_n":1}}})"),
            R"({"choices":[],"__verbose":{"tokens_cached":15,)"
            R"("timings":{"cache_n":0,"prompt_n":14}}})");
}

TEST(UntoldCache, AReplyInOneJsonIsUntoldToo) {
  EXPECT_EQ(untold_reply(R"({"content":"x","timings":{"cache_n":13,"prompt_n":1}})"),
            R"({"content":"x","timings":{"cache_n":0,"prompt_n":14}})");
  EXPECT_EQ(untold_reply(R"([{"timings":{"cache_n":1,"prompt_n":1}},{"index":1}])"),
            R"([{"timings":{"cache_n":0,"prompt_n":2}},{"index":1}])");
  EXPECT_EQ(untold_reply("no JSON"), "no JSON");
}

}  // namespace
}  // namespace keep::openai
