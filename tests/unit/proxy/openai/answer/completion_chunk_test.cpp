#include "openai/answer/completion_chunk.hpp"

#include "tests/unit/proxy/openai/replay.hpp"

namespace keep::openai {
namespace {

std::string converted(const std::string& stream, bool usage) {
  CompletionChunkOptions options;
  options.model = "m";
  options.usage = usage;
  SseParser parser;
  EXPECT_TRUE(parser.feed(stream));
  std::string out;
  for (SseEvent event; parser.next(event);) append_chat_chunks(event, options, out);
  return out;
}

std::string text_of(const std::string& stream, std::string& finish) {
  SseParser parser;
  EXPECT_TRUE(parser.feed(stream));
  std::string text;
  for (SseEvent event; parser.next(event);) {
    const EventInfo info = read_event(event);
    text += info.content;
    if (!info.finish_reason.empty()) finish = info.finish_reason;
  }
  return text;
}

TEST(CompletionChunk, ARecordedCompletionReadsAsAChat) {
  const std::string native = golden("native_plain.sse");
  std::string finish_before, finish_after;
  const std::string before = text_of(native, finish_before);
  const std::string chat = converted(native, true);
  EXPECT_EQ(text_of(chat, finish_after), before);
  EXPECT_FALSE(before.empty());
  EXPECT_EQ(finish_after, finish_before);
  EXPECT_TRUE(chat.ends_with("data: [DONE]\n\n"));
  EXPECT_EQ(chat.find("\"stop\":"), std::string::npos);
  EXPECT_NE(chat.find("\"usage\":{"), std::string::npos);
  EXPECT_EQ(converted(native, false).find("\"usage\":{"), std::string::npos);
}

TEST(CompletionChunk, KeepsEscapesAndProgress) {
  const std::string native = events({R"({"index":0,"content":"\u00e9\"","stop":false,)"
                                     R"("prompt_progress":{"total":3,"cache":1,"processed":3}})"});
  EXPECT_EQ(converted(native, false),
            events({R"({"object":"chat.completion.chunk","model":"m","id":"","created":0,)"
                    R"("choices":[{"finish_reason":null,"index":0,)"
                    R"("delta":{"content":"\u00e9\""}}],)"
                    R"("prompt_progress":{"total":3,"cache":1,"processed":3}})"}));
}

TEST(CompletionChunk, WhatIsNoCompletionStays) {
  const std::string error = events({R"({"error":{"code":500,"message":"no"}})"}) + ": ping\n\n";
  EXPECT_EQ(converted(error, true), error);
}

}  // namespace
}  // namespace keep::openai
