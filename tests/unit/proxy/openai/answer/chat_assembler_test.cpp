#include "openai/answer/chat_assembler.hpp"

#include "openai/dialects/dialects.hpp"
#include "openai/event/chat_reply.hpp"
#include "tests/unit/proxy/openai/replay.hpp"

#include <chrono>

namespace keep::openai {
namespace {

EncoderOptions chat() {
  EncoderOptions options;
  options.dialect = &dialects::chat();
  return options;
}

// What differs from run to run.
const std::vector<std::string> kMasked = {"id",
                                          "created",
                                          "prompt_ms",
                                          "prompt_per_token_ms",
                                          "prompt_per_second",
                                          "predicted_ms",
                                          "predicted_per_token_ms",
                                          "predicted_per_second"};

class ChatAssemblerGolden : public testing::TestWithParam<const char*> {};

TEST_P(ChatAssemblerGolden, IsTheReplyOfTheServer) {
  const std::string name = GetParam();
  EncoderOptions options = chat();
  if (name == "chat_prefill") options.prefill = "Thanks for";
  if (name.find("tool") != std::string::npos) options.prefill = "<tool_call>\n";
  const Replayed replayed = replay(golden(name + ".sse"), options);
  ASSERT_TRUE(replayed.finished) << replayed.finished.error().detail;
  for (std::size_t i = 0; i + 1 < replayed.pieces.size(); ++i) EXPECT_EQ(replayed.pieces[i], "");
  EXPECT_EQ(canonical(replayed.text(), kMasked), canonical(golden(name + ".json"), kMasked));
}

INSTANTIATE_TEST_SUITE_P(Recorded, ChatAssemblerGolden,
                         testing::Values("chat_plain", "chat_two_choices", "chat_logprobs",
                                         "chat_one_token", "chat_stop", "chat_verbose_stop",
                                         "chat_empty", "chat_prefill", "chat_reasoning",
                                         "chat_tool", "chat_two_tools", "chat_timings"),
                         [](const auto& test) { return std::string(test.param); });

std::string chunk(std::string_view delta, std::string_view finish = "null") {
  return R"({"choices":[{"index":0,"delta":)" + std::string(delta) + R"(,"finish_reason":)" +
         std::string(finish) + R"(}],"id":"x","object":"chat.completion.chunk"})";
}

TEST(ChatAssembler, KeepsTheOrderOfTheServersMembers) {
  const std::string text = replay(golden("chat_plain.sse"), chat()).text();
  const char* const kOrder[] = {"\"choices\"", "\"created\"", "\"model\"", "\"system_fingerprint\"",
                                "\"object\"",  "\"usage\"",   "\"id\"",    "\"timings\""};
  std::size_t last = 0;
  for (const char* const key : kOrder) {
    const std::size_t at = text.find(key);
    ASSERT_NE(at, std::string::npos) << key;
    EXPECT_LE(last, at) << key;
    last = at;
  }
}

TEST(ChatAssembler, MergesToolCallsByIndex) {
  const std::string stream = events({
      chunk(R"({"role":"assistant","content":null})"),
      chunk(R"({"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f"}}]})"),
      chunk(R"({"tool_calls":[{"index":0,"function":{"arguments":"{\"x\":"}}]})"),
      chunk(R"({"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":"{"}}]})"),
      chunk(R"({"tool_calls":[{"index":0,"function":{"arguments":"1}"}},)"
            R"({"index":1,"function":{"arguments":"}"}}]})"),
      chunk("{}", "\"tool_calls\""),
      "[DONE]",
  });
  const std::string text = replay(stream, chat()).text();
  json::Value message;
  for (const json::Value choice : json::Value(text).find("choices").elements()) {
    message = choice.find("message");
  }
  EXPECT_EQ(canonical(message.find("tool_calls")),
            canonical(json::Value(
                R"([{"type":"function","function":{"name":"f","arguments":"{\"x\":1}"},"id":"a"},)"
                R"({"type":"function","function":{"name":"g","arguments":"{}"},"id":"b"}])")));
}

TEST(ChatAssembler, UnknownFieldsSurvive) {
  const std::string stream = events({
      R"({"choices":[{"index":0,"delta":{"content":"a","audio":{"x":1.50}},"finish_reason":null}],)"
      R"("service_tier":"old"})",
      R"({"choices":[{"index":0,"delta":{"refusal":"n"},"finish_reason":"stop"}],)"
      R"("service_tier":"flex","__verbose":{"tokens":[1, 2]}})",
  });
  const std::string text = replay(stream, chat()).text();
  for (const char* const part : {R"("audio":{"x":1.50})", R"("refusal":"n")",
                                 R"("service_tier":"flex")", R"("__verbose":{"tokens":[1, 2]})"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
  }
}

TEST(ChatAssembler, WithoutUsageChunkTheTimingsTellTheUsage) {
  const std::string text = replay(golden("chat_plain.plain.sse"), chat()).text();
  const std::string want = golden("chat_plain.json");
  EXPECT_EQ(canonical(json::Value(text).find("usage")), canonical(json::Value(want).find("usage")));
}

// The stream of an answer that was cut lacks what the server still held back (here: the white space
// before the JSON); the whole reply has it.
TEST(ChatAssembler, WhatTheServerHeldBackComesWithAWholeReply) {
  EncoderOptions options = chat();
  options.prefill = "Well";
  const auto encoder = make_encoder(options);
  const std::string want = golden("chat_format.json");
  const std::string data = to_chunk(want).value_or("");
  std::string out;
  SseParser parser;
  ASSERT_TRUE(parser.feed(golden("chat_format.sse")));
  for (SseEvent event; parser.next(event);) encoder->on_event(event, read_event(event), out);
  const SseEvent event{{}, {}, data};
  EventInfo whole = read_event(event);
  whole.whole = true;
  encoder->on_event(event, whole, out);
  ASSERT_TRUE(encoder->finish(out));
  EXPECT_EQ(canonical(out, kMasked), canonical(want, kMasked));
}

std::string content(const std::string& prefill, std::initializer_list<std::string_view> deltas) {
  EncoderOptions options = chat();
  options.prefill = prefill;
  std::string stream;
  for (const std::string_view delta : deltas) stream += events({chunk(delta)});
  stream += events({chunk("{}", "\"length\""), "[DONE]"});
  const std::string text = replay(stream, options).text();
  return (*json::Value(text).find("choices").elements().begin())
      .find("message")
      .find("content")
      .string()
      .value_or("none");
}

// As llama-server 0.7.0 was seen to do.
TEST(ChatAssembler, MarkupOfACallThatTheClientBeganIsHeldBack) {
  const char* const call =
      R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}]})";
  EXPECT_EQ(content("<tool_call>\n", {call}), "");
  EXPECT_EQ(content("I see.\n<tool_call>\n", {call}), "I see.\n");
  EXPECT_EQ(content("I see. ", {call}), "I see. ");
  EXPECT_EQ(content("I see.\n<tool_call>\n", {}), "I see.\n");
  EXPECT_EQ(content("<tool_call>", {R"({"content":"<tool_call> way"})", R"({"content":"!"})"}),
            "<tool_call> way!");
  EXPECT_EQ(content("<tool_call>", {R"({"content":" way"})"}), "<tool_call> way") << "no tools";
  EXPECT_EQ(content("Hm, <", {R"({"content":"b"})"}), "Hm, <b");
}

TEST(ChatAssembler, ASplitCharacterStaysWhole) {
  const std::string stream =
      events({chunk(R"({"content":"\ud83d"})"), chunk(R"({"content":"\ude00"})", "\"stop\"")});
  const std::string text = replay(stream, chat()).text();
  EXPECT_NE(text.find(R"("content":"\ud83d\ude00")"), std::string::npos) << text;
}

TEST(ChatAssembler, AnErrorEventIsTheError) {
  const Replayed replayed = replay(golden("chat_error.sse"), chat());
  ASSERT_FALSE(replayed.finished);
  EXPECT_EQ(replayed.text(), "");
  EXPECT_EQ(replayed.finished.error().fault, Fault::kProtocol);
  EXPECT_EQ(replayed.finished.error().side, Side::kUpstream);
  EXPECT_EQ(replayed.finished.error().detail, "Context size has been exceeded.");
}

TEST(ChatAssembler, TheCodeOfAnErrorChoosesTheFault) {
  const auto fault = [](std::string_view code) {
    const std::string data = R"({"error":{"message":"m","code":)" + std::string(code) + "}}";
    return replay(events({data}), chat()).finished.error().fault;
  };
  EXPECT_EQ(fault("400"), Fault::kBadRequest);
  EXPECT_EQ(fault("503"), Fault::kLoading);
  EXPECT_EQ(fault("500"), Fault::kProtocol);
  EXPECT_EQ(fault("\"x\""), Fault::kProtocol);
}

// Cut after each event: nothing but the whole stream from the finish mark on is an answer.
TEST(ChatAssembler, ACutStreamIsAnError) {
  const std::string stream = golden("chat_plain.sse");
  const std::size_t finish = stream.find("\"finish_reason\":\"stop\"");
  for (std::size_t end = 0; end != std::string::npos && end < stream.size();
       end = stream.find("\n\n", end + 1)) {
    const Replayed replayed = replay(stream.substr(0, end) + (end > 0 ? "\n\n" : ""), chat());
    EXPECT_EQ(bool(replayed.finished), end > finish) << end;
    EXPECT_EQ(replayed.text().empty(), end < finish) << end;
  }
}

TEST(ChatAssembler, TheOtherChoiceMustEndToo) {
  const std::string stream = events(
      {R"({"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]})",
       R"({"choices":[{"index":1,"delta":{"content":"a"},"finish_reason":null}]})", "[DONE]"});
  EXPECT_FALSE(replay(stream, chat()).finished);
}

TEST(ChatAssembler, ALongAnswerTakesLinearTime) {
  const auto seconds = [](int tokens) {
    std::string stream;
    for (int i = 0; i < tokens; ++i) stream += events({chunk(R"({"content":" word"})")});
    stream += events({chunk("{}", "\"stop\"")});
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(replay(stream, chat()).text().size() / 5, static_cast<std::size_t>(tokens) + 25);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  seconds(1000);
  EXPECT_LT(seconds(30'000), 20);
}

}  // namespace
}  // namespace keep::openai
