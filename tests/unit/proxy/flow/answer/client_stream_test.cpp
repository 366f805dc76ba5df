#include "flow/answer/client_stream.hpp"

#include "openai/dialects/dialects.hpp"
#include "tests/unit/proxy/openai/replay.hpp"

namespace keep {
namespace {

using openai::EventInfo;
using openai::SseEvent;

openai::EncoderOptions chat_options(bool stream) {
  openai::EncoderOptions options;
  options.dialect = &openai::dialects::chat();
  options.stream = stream;
  return options;
}

// Every event of `stream` to `visit`, with its info.
template <class Visit>
void for_each_event(const std::string& stream, Visit visit) {
  openai::SseParser parser;
  ASSERT_TRUE(parser.feed(stream));
  for (SseEvent event; parser.next(event);) visit(event, openai::read_event(event));
}

std::string given_with(const std::string& stream, std::size_t hold_from, std::size_t hold_until) {
  ClientStream client;
  openai::EncoderOptions options = chat_options(true);
  options.hide_progress = false;
  client.open(options);
  std::size_t length = 0;
  for_each_event(stream, [&](const SseEvent& event, const EventInfo& info) {
    length += info.content.size();
    const bool hold = length > hold_from && length <= hold_until;
    client.take(event, info, hold ? hold_from : Exchange::kHoldNothing);
    if (hold) {
      EXPECT_LE(client.given_text(), hold_from);
    }
  });
  EXPECT_TRUE(client.finish());
  return client.out();
}

TEST(ClientStream, GivesTheSameBytesWhateverWasHeldInBetween) {
  const std::string stream = openai::golden("chat_plain.sse");
  for (std::size_t from = 0; from < 40; ++from) {
    EXPECT_EQ(given_with(stream, from, from), stream);
    EXPECT_EQ(given_with(stream, from, from + 7), stream);
    EXPECT_EQ(given_with(stream, from, std::string::npos), stream);
  }
}

TEST(ClientStream, HoldsWholeEventsFromTheOneThatReachesTheHeldText) {
  const std::string stream =
      openai::events({R"({"id":"a","choices":[{"index":0,"delta":{"content":"one "}}]})",
                      R"({"id":"a","choices":[{"index":0,"delta":{"content":"two "}}]})",
                      R"({"id":"a","choices":[{"index":0,"delta":{"content":"three"}}]})"});
  ClientStream client;
  client.open(chat_options(true));
  for_each_event(
      stream, [&](const SseEvent& event, const EventInfo& info) { client.take(event, info, 5); });
  EXPECT_EQ(client.given_text(), 4U);
  EXPECT_EQ(client.given_tokens(), 1);
  client.release(8);
  EXPECT_EQ(client.given_text(), 8U);
  EXPECT_EQ(client.out().find("three"), std::string::npos);
}

TEST(ClientStream, HoldsNoMoreThanItsLimit) {
  ClientStream client;
  client.open(chat_options(true));
  const SseEvent comment{": here\n\n", "", ""};
  const std::string data = R"({"choices":[{"index":0,"delta":{"content":"x"}}]})";
  const std::string raw = "data: " + data + "\n\n";
  const SseEvent text{raw, "", data};
  client.take(text, openai::read_event(text), 0);
  for (std::size_t i = 1; i < ClientStream::kMaxHeldEvents; ++i) {
    client.take(comment, openai::read_event(comment), 0);
  }
  EXPECT_TRUE(client.out().empty());
  client.take(comment, openai::read_event(comment), 0);
  EXPECT_NE(client.out().find("\"x\""), std::string::npos);
}

constexpr const char* kFirst[] = {
    R"({"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}],"created":7,"id":"first","model":"m"})",
    R"({"choices":[{"finish_reason":null,"index":0,"delta":{"content":"Your"}}],"created":7,"id":"first","model":"m"})",
    R"({"choices":[{"finish_reason":null,"index":0,"delta":{"content":" code"}}],"created":7,"id":"first","model":"m"})",
    R"({"choices":[{"finish_reason":null,"index":0,"delta":{"content":" hedge"}}],"created":7,"id":"first","model":"m"})"};
constexpr const char* kSecond[] = {
    R"({"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}],"created":9,"id":"second","model":"m"})",
    R"({"choices":[{"finish_reason":null,"index":0,"delta":{"content":" is"}}],"created":9,"id":"second","model":"m"})",
    R"({"choices":[{"finish_reason":null,"index":0,"delta":{"content":" 7341."}}],"created":9,"id":"second","model":"m"})",
    R"({"choices":[{"finish_reason":"stop","index":0,"delta":{}}],"created":9,"id":"second","model":"m","timings":{"cache_n":20,"prompt_n":12,"predicted_n":3}})",
    R"({"choices":[],"created":9,"id":"second","model":"m","usage":{"completion_tokens":3,"prompt_tokens":32,"total_tokens":35,"prompt_tokens_details":{"cached_tokens":31}}})"};

// The first answer up to its third text, of which `given` are given; then the second.
std::string cut_and_continued(bool stream) {
  ClientStream client;
  client.open(chat_options(stream));
  const auto feed = [&](auto& list, std::size_t hold_from) {
    for (const char* const data : list) {
      const std::string raw = openai::events({data});
      for_each_event(raw, [&](const SseEvent& event, const EventInfo& info) {
        client.take(event, info, hold_from);
      });
    }
  };
  feed(kFirst, 9);
  client.cut();
  EXPECT_TRUE(client.cut_open());
  EXPECT_EQ(client.given_text(), 9U);
  EXPECT_EQ(client.aside_tokens(), 1);
  client.set_summary(R"({"resubmits":1})");
  feed(kSecond, Exchange::kHoldNothing);
  EXPECT_FALSE(client.cut_open());
  const std::string end = "data: [DONE]\n\n";
  for_each_event(end, [&](const SseEvent& event, const EventInfo& info) {
    client.take(event, info, Exchange::kHoldNothing);
  });
  EXPECT_TRUE(client.finish());
  return client.out();
}

TEST(ClientStream, TwoAnswersAreOneStreamForTheClient) {
  const std::string expected = openai::events(
      {kFirst[0], kFirst[1], kFirst[2],
       R"({"choices":[{"finish_reason":null,"index":0,"delta":{"content":" is"}}],"created":7,"id":"first","model":"m"})",
       R"({"choices":[{"finish_reason":null,"index":0,"delta":{"content":" 7341."}}],"created":7,"id":"first","model":"m"})",
       R"({"choices":[{"finish_reason":"stop","index":0,"delta":{}}],"created":7,"id":"first","model":"m","timings":{"cache_n":20,"prompt_n":12,"predicted_n":3},"x_keep":{"resubmits":1}})",
       R"({"choices":[],"created":7,"id":"first","model":"m","usage":{"completion_tokens":5,"prompt_tokens":30,"total_tokens":35,"prompt_tokens_details":{"cached_tokens":30}}})",
       "[DONE]"});
  EXPECT_EQ(cut_and_continued(true), expected);
}

TEST(ClientStream, TwoAnswersAreOneAssembledReply) {
  const std::string reply = cut_and_continued(false);
  const json::Value root(reply);
  const json::Value message = root.find("choices").elements().begin().operator*().find("message");
  EXPECT_EQ(message.find("content").string(), "Your code is 7341.");
  EXPECT_EQ(root.find("id").string(), "first");
  EXPECT_EQ(root.find("usage").find("completion_tokens").integer(), 5);
  EXPECT_EQ(root.find("x_keep").raw(), R"({"resubmits":1})");
}

TEST(ClientStream, WhatWasSetAsideCanBeGivenAfterAll) {
  ClientStream client;
  client.open(chat_options(true));
  for (const char* const data : kFirst) {
    const std::string raw = openai::events({data});
    for_each_event(
        raw, [&](const SseEvent& event, const EventInfo& info) { client.take(event, info, 9); });
  }
  client.cut();
  client.restore();
  EXPECT_EQ(client.out(), openai::events({kFirst[0], kFirst[1], kFirst[2], kFirst[3]}));
  EXPECT_EQ(client.given_text(), 15U);
  EXPECT_EQ(client.given_tokens(), 3);
  EXPECT_TRUE(client.cut_open());
}

}  // namespace
}  // namespace keep
