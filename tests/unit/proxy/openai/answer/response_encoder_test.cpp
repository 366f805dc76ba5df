#include "openai/answer/response_encoder.hpp"

#include "openai/dialects/dialects.hpp"
#include "tests/unit/proxy/openai/replay.hpp"

namespace keep::openai {
namespace {

EncoderOptions streaming(const Dialect& dialect) {
  EncoderOptions options;
  options.dialect = &dialect;
  options.stream = true;
  return options;
}

struct Recording {
  const char* name;
  const Dialect& dialect;
};
const Recording kRecordings[] = {
    {"chat_plain", dialects::chat()},
    {"chat_two_choices", dialects::chat()},
    {"chat_two_tools", dialects::chat()},
    {"chat_error", dialects::chat()},
    {"completion_plain", dialects::completion()},
    {"native_plain", dialects::native()},
    {"messages_tool", dialects::pass_through()},
    {"messages_stop", dialects::pass_through()},
};

TEST(RelayEncoder, HandsEveryByteOn) {
  for (const Recording& recording : kRecordings) {
    const std::string stream = golden(std::string(recording.name) + ".sse");
    EncoderOptions options = streaming(recording.dialect);
    options.hide_progress = false;
    const Replayed replayed = replay(stream, options);
    EXPECT_TRUE(replayed.finished) << recording.name;
    EXPECT_EQ(replayed.text(), stream) << recording.name;
  }
}

std::vector<std::string> chunks(const std::string& stream) {
  std::vector<std::string> out;
  SseParser parser;
  EXPECT_TRUE(parser.feed(stream));
  SseEvent event;
  const std::vector<std::string> masked = {"id",         "item_id", "call_id", "created",
                                           "created_at", "usage",   "timings"};
  while (parser.next(event)) {
    if (event.data.empty()) continue;
    const json::Value data(event.data);
    out.push_back(std::string(event.name) + ' ' +
                  (data.is_object() ? canonical(data, masked) : std::string(event.data)));
  }
  return out;
}

// Of a stream without include_usage.
std::string without_usage(const std::string& stream) {
  SseParser parser;
  EXPECT_TRUE(parser.feed(stream));
  std::string out;
  for (SseEvent event; parser.next(event);) {
    if (read_event(event).kind != EventInfo::Kind::kUsage) out += event.raw;
  }
  return out;
}

TEST(RelayEncoder, WithoutProgressItIsThePlainStream) {
  const Recording kPairs[] = {{"chat_plain", dialects::chat()},
                              {"chat_tool", dialects::chat()},
                              {"completion_plain", dialects::completion()}};
  for (const Recording& pair : kPairs) {
    const std::string name = pair.name;
    const std::string stream = without_usage(golden(name + ".sse"));
    auto got = chunks(replay(stream, streaming(pair.dialect)).text());
    auto want = chunks(golden(name + ".plain.sse"));
    // With include_usage the timings move from the last chunk to the usage chunk.
    if (&pair.dialect == &dialects::chat()) {
      const auto cut = want[want.size() - 2].find("timings:");
      ASSERT_NE(cut, std::string::npos);
      want[want.size() - 2].erase(cut, std::string("timings:<1>\n").size());
    }
    EXPECT_EQ(got, want) << name;
  }
}

TEST(RelayEncoder, HidesTheProgressOfEveryChoice) {
  const EncoderOptions options = streaming(dialects::chat());
  const std::string text = replay(golden("chat_two_choices.sse"), options).text();
  EXPECT_EQ(text.find("prompt_progress"), std::string::npos);
  EXPECT_NE(text.find("[DONE]"), std::string::npos);
}

TEST(RelayEncoder, KeepsComments) {
  const std::string stream = ":\n\n" + golden("chat_plain.plain.sse");
  EXPECT_EQ(replay(stream, streaming(dialects::chat())).text(), stream);
}

TEST(RelayEncoder, AnEndWithoutEndMarkIsAnError) {
  const std::string stream = golden("chat_plain.plain.sse");
  const std::string cut = stream.substr(0, stream.find("7"));
  for (const Dialect* const dialect : {&dialects::chat(), &dialects::completion()}) {
    const Replayed replayed = replay(cut.substr(0, cut.rfind("data:")), streaming(*dialect));
    ASSERT_FALSE(replayed.finished);
    EXPECT_EQ(replayed.finished.error().fault, Fault::kProtocol);
    EXPECT_EQ(replayed.finished.error().side, Side::kUpstream);
  }
  EXPECT_TRUE(replay(cut, streaming(dialects::pass_through())).finished);
}

// The end of one choice is not the end of all.
TEST(AnswerEnd, EveryAnswerThatWasAskedForHasToEnd) {
  const Recording kSeveral[] = {{"chat_two_choices", dialects::chat()},
                                {"completion_prompts", dialects::completion()},
                                {"native_prompts", dialects::native()}};
  for (const Recording& recording : kSeveral) {
    const std::string stream = golden(std::string(recording.name) + ".sse");
    const bool native = stream.find("choices") == stream.npos;
    const std::size_t end = native ? stream.find("\"stop\":true") : stream.find("reason\":\"");
    const std::string cut = stream.substr(0, stream.find("\n\n", end) + 2);
    ASSERT_LT(cut.size(), stream.size());
    for (const bool streams : {true, false}) {
      EncoderOptions options = streaming(recording.dialect);
      options.stream = streams;
      options.choices = 2;
      EXPECT_FALSE(replay(cut, options).finished) << recording.name;
      EXPECT_TRUE(replay(stream, options).finished) << recording.name;
    }
  }
}

// A server that does not know how to give several choices is taken at its word.
TEST(AnswerEnd, TheEndMarkIsEnough) {
  EncoderOptions options = streaming(dialects::chat());
  options.choices = 2;
  EXPECT_TRUE(replay(golden("chat_plain.sse"), options).finished);
  options.stream = false;
  EXPECT_TRUE(replay(golden("chat_plain.sse"), options).finished);
}

TEST(RelayEncoder, TellsAnError) {
  const Error error(Fault::kTimeout, Side::kUpstream, "too \"slow\"");
  std::string chat;
  make_encoder(streaming(dialects::chat()))->on_error(error, chat);
  EXPECT_EQ(chat,
            "data: {\"error\":{\"message\":\"too \\\"slow\\\"\",\"type\":\"server_error\","
            "\"param\":null,\"code\":\"upstream_timeout\"}}\n\n");
}

TEST(MakeEncoder, AssemblesUnlessTheClientStreams) {
  EncoderOptions options;
  for (const Dialect* const dialect : {&dialects::chat(), &dialects::completion(),
                                       &dialects::responses(), &dialects::messages()}) {
    options.dialect = dialect;
    options.stream = false;
    EXPECT_FALSE(make_encoder(options)->streams());
    options.stream = true;
    EXPECT_TRUE(make_encoder(options)->streams());
  }
  options.dialect = &dialects::pass_through();
  options.stream = false;
  EXPECT_TRUE(make_encoder(options)->streams());
}

TEST(DescribeRequest, ReadsWhatAReplyRepeats) {
  const std::string body =
      R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}],)"
      R"("stop":["x"],"return_tokens":true})";
  const auto request = parse_chat_request(body, Surface::kChat);
  ASSERT_TRUE(request);
  EncoderOptions options;
  describe_request(*request, options);
  EXPECT_EQ(options.prefill, "b");
  EXPECT_EQ(options.stop.raw(), R"(["x"])");
  EXPECT_TRUE(options.return_tokens);
}

}  // namespace
}  // namespace keep::openai
