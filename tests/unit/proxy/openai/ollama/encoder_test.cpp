#include "openai/dialects/dialects.hpp"
#include "openai/ollama/ollama.hpp"
#include "tests/unit/proxy/openai/replay.hpp"

namespace keep::openai {
namespace {

using ollama::Call;

Replayed run(Call call, const std::string& stream, bool streaming) {
  EncoderOptions options;
  options.stream = streaming;
  options.model = "demo";
  return replay(stream, *ollama::make_encoder(call, options));
}

std::string delta(const std::string& members, const std::string& reason = "null",
                  const std::string& more = "") {
  return R"({"created":1700000000,"choices":[{"index":0,"delta":)" + members +
         R"(,"finish_reason":)" + reason + "}]" + more + "}";
}

constexpr const char* kBegin = R"({"model":"demo","created_at":"2023-11-14T22:13:20Z",)";
constexpr const char* kTimings =
    R"({"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":2},"timings":{"cache_n":7,)"
    R"("prompt_n":3,"prompt_ms":1.5,"predicted_n":2,"predicted_ms":20}})";
constexpr const char* kEnd =
    R"("done":true,"done_reason":"stop","total_duration":21500000,"load_duration":0,)"
    R"("prompt_eval_count":10,"prompt_eval_duration":1500000,"eval_count":2,)"
    R"("eval_duration":20000000})"
    "\n";

const std::string kAnswer =
    events({delta(R"({"role":"assistant","content":null})"),
            delta(R"({"reasoning_content":"h\u006d"})"), delta(R"({"content":"a\n"})"),
            delta(R"({"content":"b"})"), delta("{}", R"("stop")"), kTimings, "[DONE]"});

TEST(OllamaEncoder, APieceIsALine) {
  const Replayed got = run(Call::kChat, kAnswer, true);
  EXPECT_TRUE(got.finished);
  EXPECT_EQ(got.text(),
            kBegin + std::string(R"("message":{"role":"assistant","content":"","thinking":)") +
                R"("h\u006d"},"done":false})" + "\n" + kBegin +
                R"("message":{"role":"assistant","content":"a\n"},"done":false})" + "\n" + kBegin +
                R"("message":{"role":"assistant","content":"b"},"done":false})" + "\n" + kBegin +
                R"("message":{"role":"assistant","content":""},)" + kEnd);
}

TEST(OllamaEncoder, OneJsonSaysItAll) {
  const Replayed got = run(Call::kChat, kAnswer, false);
  EXPECT_TRUE(got.finished);
  EXPECT_EQ(got.text(), kBegin + std::string(R"("message":{"role":"assistant","content":"a\nb",)") +
                            R"("thinking":"h\u006d"},)" + kEnd);
}

TEST(OllamaEncoder, GenerateHasAResponse) {
  const Replayed got = run(Call::kGenerate, kAnswer, false);
  EXPECT_EQ(got.text(), kBegin + std::string(R"("response":"a\nb","thinking":"h\u006d",)") + kEnd);
  EXPECT_NE(run(Call::kGenerate, kAnswer, true).text().find(R"("response":"b","done":false})"),
            std::string::npos);
}

TEST(OllamaEncoder, ARawAnswerIsThatOfACompletion) {
  const std::string stream =
      events({R"({"created":1700000000,"choices":[{"index":0,"text":"a","finish_reason":null}]})",
              R"({"choices":[{"index":0,"text":"","finish_reason":"length"}]})", "[DONE]"});
  const std::string text = run(Call::kRaw, stream, true).text();
  EXPECT_TRUE(text.starts_with(kBegin + std::string(R"("response":"a","done":false})"))) << text;
  EXPECT_NE(text.find(R"("done_reason":"length")"), std::string::npos);
}

TEST(OllamaEncoder, CallsComeWholeAndWithObjects) {
  const std::string stream = events(
      {delta(R"({"tool_calls":[{"index":0,"id":"c1","function":{"name":"f","arguments":""}}]})"),
       delta(R"({"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":\n"}}]})"),
       delta(R"({"tool_calls":[{"index":0,"function":{"arguments":"\"b\"}"}}]})"),
       delta(R"({"tool_calls":[{"index":1,"function":{"name":"g","arguments":""}}]})"),
       delta(R"({"tool_calls":[{"index":2,"function":{"name":"h","arguments":"{\"cut"}}]})"),
       delta("{}", R"("tool_calls")"), kTimings, "[DONE]"});
  constexpr const char* kCalls =
      R"("content":"","tool_calls":[{"id":"c1","function":{"index":0,"name":"f","arguments":)"
      R"({"a":"b"}}},{"function":{"index":1,"name":"g","arguments":{}}}]},)";
  const std::string lines = run(Call::kChat, stream, true).text();
  EXPECT_NE(lines.find(kCalls + std::string(R"("done":false})")), std::string::npos) << lines;
  EXPECT_TRUE(
      lines.ends_with(R"("message":{"role":"assistant","content":""},)" + std::string(kEnd)))
      << lines;
  const std::string whole = run(Call::kChat, stream, false).text();
  EXPECT_NE(whole.find(kCalls + std::string(kEnd)), std::string::npos) << whole;
}

TEST(OllamaEncoder, RecordedStreamsAreLinesOfJson) {
  for (const char* name : {"chat_plain", "chat_tool", "chat_two_tools", "chat_empty"}) {
    const Replayed got = run(Call::kChat, golden(std::string(name) + ".sse"), true);
    EXPECT_TRUE(got.finished) << name;
    std::istringstream lines(got.text());
    std::string last;
    for (std::string line; std::getline(lines, line); last = line) {
      EXPECT_TRUE(json::validate(line)) << line;
    }
    EXPECT_EQ(json::Value(last).find("done").boolean(), true) << name;
    EXPECT_GT(json::Value(last).find("eval_count").integer().value_or(0), 0) << name;
  }
}

TEST(OllamaEncoder, AnErrorIsALine) {
  const std::string stream =
      events({delta(R"({"content":"a"})"), R"({"error":{"code":500,"message":"no \"luck\""}})"});
  const Replayed got = run(Call::kChat, stream, true);
  EXPECT_TRUE(got.finished);
  EXPECT_TRUE(got.text().ends_with("{\"error\":\"no \\\"luck\\\"\"}\n")) << got.text();
  const Replayed whole = run(Call::kChat, stream, false);
  ASSERT_FALSE(whole.finished);
  EXPECT_EQ(whole.finished.error().detail, "no \"luck\"");
}

TEST(OllamaEncoder, AnErrorOfOursIsALineToo) {
  EncoderOptions options;
  options.stream = true;
  std::string out;
  ollama::make_encoder(Call::kChat, options)
      ->on_error(Error(Fault::kTimeout, Side::kUpstream, "slow"), out);
  EXPECT_EQ(out, "{\"error\":\"slow\"}\n");
}

TEST(OllamaEncoder, AnEndWithoutAnEndMarkIsAnError) {
  for (const bool streaming : {true, false}) {
    EXPECT_FALSE(run(Call::kChat, events({delta(R"({"content":"a"})")}), streaming).finished);
  }
}

TEST(OllamaWords, AreThoseOfTheDialect) {
  const Dialect& chat = dialects::ollama_chat();
  EXPECT_EQ(chat.sign_of_life("m\"", 1700000000),
            R"({"model":"m\"","created_at":"2023-11-14T22:13:20Z",)"
            R"("message":{"role":"assistant","content":""},"done":false})"
            "\n");
  EXPECT_EQ(chat.comment("x"), "");
  EXPECT_EQ(chat.stream_type(), "application/x-ndjson");
  EXPECT_EQ(chat.error_body(500, R"({"error":{"message":"m"}})"), R"({"error":"m"})");
  EXPECT_EQ(chat.error_body(500, R"({"error":"m"})"), R"({"error":"m"})");
  EXPECT_NE(dialects::ollama_rest().error_body(502, "<html>").find("status 502"),
            std::string::npos);
  EXPECT_EQ(&spoken_at("POST", "/api/chat").dialect, &chat);
  EXPECT_EQ(&spoken_at("GET", "/api/tags").dialect, &dialects::ollama_rest());
  const Dialect& generate = spoken_at("POST", "/api/generate").dialect;
  EXPECT_EQ(&generate.of_body(R"({"prompt":"x"})"), &generate);
  const Dialect& raw = generate.of_body(R"({"prompt":"x","raw":true})");
  EXPECT_EQ(raw.surface(), Surface::kCompletion);
  EXPECT_EQ(raw.upstream_target("/api/generate"), "/v1/completions");
}

}  // namespace
}  // namespace keep::openai
