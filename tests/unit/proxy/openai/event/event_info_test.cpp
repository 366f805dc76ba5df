#include "openai/event/event_info.hpp"

#include <gtest/gtest.h>

namespace keep::openai {
namespace {

using Kind = EventInfo::Kind;

EventInfo read(std::string_view data) {
  SseEvent event;
  event.data = data;
  return read_event(event);
}

TEST(ReadEvent, ReadsAContentChunk) {
  const EventInfo info =
      read(R"({"choices":[{"finish_reason":null,"index":0,"delta":{"content":"a \"b\"\n"}}],)"
           R"("created":1,"id":"x","object":"chat.completion.chunk"})");
  EXPECT_EQ(info.kind, Kind::kDelta);
  EXPECT_EQ(info.content, "a \"b\"\n");
  EXPECT_TRUE(info.has_output);
  EXPECT_FALSE(info.first_role);
  EXPECT_EQ(info.finish_reason, "");
  EXPECT_EQ(info.root.find("id").string(), "x");
  EXPECT_FALSE(info.timings || info.usage || info.progress);
}

TEST(ReadEvent, ReadsTheRoleChunk) {
  const EventInfo info = read(R"({"choices":[{"delta":{"role":"assistant","content":null}}]})");
  EXPECT_EQ(info.kind, Kind::kDelta);
  EXPECT_TRUE(info.first_role);
  EXPECT_FALSE(info.has_output);
  EXPECT_FALSE(read(R"({"choices":[{"delta":{"role":"assistant","content":"a"}}]})").first_role);
}

TEST(ReadEvent, CountsReasoningAndToolCallsAsOutput) {
  const EventInfo thought = read(R"({"choices":[{"delta":{"reasoning_content":"hm"}}]})");
  EXPECT_TRUE(thought.has_output);
  EXPECT_EQ(thought.content, "");
  EXPECT_TRUE(read(R"({"choices":[{"delta":{"tool_calls":[{"index":0}]}}]})").has_output);
  EXPECT_FALSE(read(R"({"choices":[{"delta":{"tool_calls":[]}}]})").has_output);
  EXPECT_FALSE(read(R"({"choices":[{"delta":{"content":""}}]})").has_output);
}

TEST(ReadEvent, TakesTextOfTheFirstChoiceOnly) {
  const EventInfo info =
      read(R"({"choices":[{"index":1,"delta":{"content":"b"},"finish_reason":"stop"},)"
           R"({"delta":{"content":"a"},"index":0}]})");
  EXPECT_EQ(info.content, "a");
  EXPECT_EQ(info.finish_reason, "");
  const EventInfo other = read(R"({"choices":[{"index":1,"delta":{"content":"b"}}]})");
  EXPECT_EQ(other.content, "");
  EXPECT_TRUE(other.has_output);
}

TEST(ReadEvent, ReadsTheEndOfAnAnswer) {
  const EventInfo info =
      read(R"({"choices":[{"finish_reason":"length","index":0,"delta":{}}],"timings":{"cache_n":4,)"
           R"("prompt_n":11,"prompt_ms":7.25,"predicted_n":3,"predicted_ms":5.5,"other":[1]}})");
  EXPECT_EQ(info.kind, Kind::kDelta);
  EXPECT_EQ(info.finish_reason, "length");
  ASSERT_TRUE(info.timings);
  EXPECT_EQ(info.timings->cache_n, 4);
  EXPECT_EQ(info.timings->prompt_n, 11);
  EXPECT_EQ(info.timings->prompt_ms, 7.25);
  EXPECT_EQ(info.timings->predicted_n, 3);
  EXPECT_EQ(info.timings->predicted_ms, 5.5);
}

TEST(ReadEvent, CountsWhatEnds) {
  const auto ended = [](const std::string& data) { return read(data).ended; };
  EXPECT_EQ(ended(R"({"choices":[{"index":1,"delta":{},"finish_reason":"stop"}]})"), 1);
  EXPECT_EQ(ended(R"({"choices":[{"index":0,"delta":{},"finish_reason":null}]})"), 0);
  EXPECT_EQ(ended(R"({"choices":[{"index":0,"text":"a","finish_reason":"stop"},)"
                  R"({"index":1,"text":"","finish_reason":"length"}]})"),
            2);
  EXPECT_EQ(ended(R"({"index":1,"content":"","stop":true})"), 1);
  EXPECT_EQ(ended(R"({"index":0,"content":"a","stop":false})"), 0);
}

TEST(ReadEvent, ReadsTheUsageChunk) {
  const EventInfo info =
      read(R"({"choices":[],"usage":{"completion_tokens":4,"prompt_tokens":25,"total_tokens":29,)"
           R"("prompt_tokens_details":{"cached_tokens":7}},"timings":{"cache_n":7}})");
  EXPECT_EQ(info.kind, Kind::kUsage);
  ASSERT_TRUE(info.usage && info.timings);
  EXPECT_EQ(info.usage->prompt_tokens, 25);
  EXPECT_EQ(info.usage->completion_tokens, 4);
  EXPECT_EQ(info.usage->cached_tokens, 7);
  EXPECT_EQ(read(R"({"choices":[],"usage":null})").kind, Kind::kOther);
}

TEST(ReadEvent, ReadsProgress) {
  const EventInfo info =
      read(R"({"choices":[{"delta":{"role":"assistant","content":null}}],)"
           R"("prompt_progress":{"total":622,"cache":10,"processed":256,"time_ms":0}})");
  EXPECT_EQ(info.kind, Kind::kProgress);
  EXPECT_TRUE(info.first_role);
  ASSERT_TRUE(info.progress);
  EXPECT_EQ(info.progress->total, 622);
  EXPECT_EQ(info.progress->cache, 10);
  EXPECT_EQ(info.progress->processed, 256);
  const EventInfo mixed =
      read(R"({"choices":[{"delta":{"content":"a"}}],"prompt_progress":{"total":1}})");
  EXPECT_EQ(mixed.kind, Kind::kDelta);
  EXPECT_TRUE(mixed.progress);
}

TEST(ReadEvent, ReadsTextCompletions) {
  const EventInfo info = read(R"({"choices":[{"text":" a","index":0,"finish_reason":null}]})");
  EXPECT_EQ(info.kind, Kind::kDelta);
  EXPECT_EQ(info.content, " a");
  EXPECT_TRUE(info.has_output);
}

TEST(ReadEvent, ReadsNativeCompletions) {
  const EventInfo text = read(R"({"index":0,"content":" first","tokens":[503],"stop":false})");
  EXPECT_EQ(text.kind, Kind::kDelta);
  EXPECT_EQ(text.content, " first");
  EXPECT_EQ(text.finish_reason, "");
  const EventInfo progress =
      read(R"({"index":0,"content":"","tokens":[0],"stop":false,"prompt_progress":{"total":3}})");
  EXPECT_EQ(progress.kind, Kind::kProgress);
  const EventInfo eos =
      read(R"({"content":"","stop":true,"stop_type":"eos","timings":{"prompt_n":3}})");
  EXPECT_EQ(eos.finish_reason, "stop");
  EXPECT_EQ(eos.timings->prompt_n, 3);
  EXPECT_EQ(read(R"({"content":"","stop":true,"stop_type":"limit"})").finish_reason, "length");
}

TEST(ReadEvent, ReadsErrors) {
  EXPECT_EQ(read(R"({"error":{"code":500,"message":"m"}})").kind, Kind::kError);
  EXPECT_EQ(read(R"({"error":"text"})").kind, Kind::kError);
  EXPECT_EQ(read(R"({"error":null,"choices":[{"delta":{"content":"a"}}]})").kind, Kind::kDelta);
}

TEST(ReadEvent, ReadsTheEndMark) {
  EXPECT_EQ(read("[DONE]").kind, Kind::kDone);
  EXPECT_TRUE(read("[DONE]").root.missing());
}

TEST(ReadEvent, TakesWhatItCannotReadAsOther) {
  for (const char* data : {"", "text", "[1]", "{", "{\"choices\"", "{\"choices\":3}", "{}",
                           "{\"choices\":[{\"delta\":", "null", "{\"content\":[]}"}) {
    EXPECT_EQ(read(data).kind, Kind::kOther) << data;
  }
}

TEST(ReadEvent, SurvivesEveryCutOfAnEvent) {
  const std::string whole =
      R"({"choices":[{"finish_reason":null,"index":0,"delta":{"content":"a\u00e9\"b"}}],"usage":)"
      R"({"prompt_tokens":1,"prompt_tokens_details":{"cached_tokens":1}},"timings":{"cache_n":1}})";
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const std::string cut = whole.substr(0, length);
    EXPECT_NE(read(cut).kind, Kind::kError);
  }
}

TEST(EventInfo, NumbersThatCannotBeAreNone) {
  for (const std::string odd : {"9223372036854775807", "-9223372036854775808", "-1", "1e300",
                                "18446744073709551615", "2000000000", "\"7\"", "null", "[1]"}) {
    const std::string event =
        R"({"choices":[{"finish_reason":"stop","index":0,"delta":{}}],"timings":{"cache_n":)" +
        odd + R"(,"prompt_n":)" + odd + R"(,"predicted_n":)" + odd + R"(,"prompt_ms":)" + odd +
        R"(,"predicted_ms":)" + odd + R"(},"usage":{"prompt_tokens":)" + odd +
        R"(,"completion_tokens":)" + odd + R"(,"prompt_tokens_details":{"cached_tokens":)" + odd +
        R"(}},"prompt_progress":{"total":)" + odd + R"(,"cache":)" + odd + R"(,"processed":)" +
        odd + "}}";
    const EventInfo info = read(event);
    ASSERT_TRUE(info.timings && info.usage && info.progress) << odd;
    EXPECT_EQ(info.timings->cache_n, 0) << odd;
    EXPECT_EQ(info.timings->prompt_n, 0) << odd;
    EXPECT_EQ(info.timings->predicted_n, 0) << odd;
    EXPECT_EQ(info.usage->prompt_tokens, 0) << odd;
    EXPECT_EQ(info.usage->completion_tokens, 0) << odd;
    EXPECT_EQ(info.usage->cached_tokens, 0) << odd;
    EXPECT_EQ(info.progress->total, 0) << odd;
    EXPECT_GE(info.timings->prompt_ms, 0) << odd;
    EXPECT_LE(info.timings->predicted_ms, 24 * 3600 * 1000.0) << odd;
    EXPECT_EQ(info.finish_reason, "stop") << odd;
  }
}

TEST(EventInfo, NoMoreIsCachedThanThereIs) {
  const EventInfo info = read(
      R"({"choices":[],"usage":{"prompt_tokens":5,"prompt_tokens_details":{"cached_tokens":70}},)"
      R"("prompt_progress":{"total":5,"cache":70,"processed":5}})");
  EXPECT_EQ(info.usage->cached_tokens, 5);
  EXPECT_EQ(info.progress->cache, 5);
}

TEST(EventInfo, AnotherChoiceIsNotTheFirstWhateverItsNumber) {
  const EventInfo info =
      read(R"({"choices":[{"index":4000000000,"delta":{"content":"of another"}}]})");
  EXPECT_EQ(info.content, "");
}

}  // namespace
}  // namespace keep::openai
