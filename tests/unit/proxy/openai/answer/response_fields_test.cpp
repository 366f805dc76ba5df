#include "openai/answer/response_fields.hpp"

#include "openai/dialects/dialects.hpp"
#include "tests/unit/proxy/openai/replay.hpp"

namespace keep::openai {
namespace {

const std::string kEvent =
    R"({"content":"","generation_settings":{"n_predict":3,"stop":["a\"b"]},"stop":true,)"
    R"("timings":{"cache_n":1.50},"":{"":7}})";

std::string picked(std::string_view list) {
  return ResponseFields(json::Value(list)).pick(json::Value(kEvent));
}

// What llama-server 0.7.0 answers to the same lists.
TEST(ResponseFields, PickWhatThePathsLeadTo) {
  EXPECT_EQ(picked(R"(["stop","content"])"), R"({"stop":true,"content":""})");
  EXPECT_EQ(picked(R"(["generation_settings/n_predict","timings"])"),
            R"({"generation_settings/n_predict":3,"timings":{"cache_n":1.50}})");
  EXPECT_EQ(picked(R"(["stop","nothing","stop","a\"b"])"), R"({"stop":true})");
  EXPECT_EQ(picked(R"(["content/","/content","generation_settings//stop","stop/x"])"), "{}");
  EXPECT_EQ(picked(R"(["/"])"), R"({"/":7})");
}

TEST(ResponseFields, WhatIsNoListOfStringsWantsEverything) {
  for (const char* const list :
       {"", "[]", "null", R"("content")", R"(["content",3])", R"({"a":1})"}) {
    EXPECT_TRUE(ResponseFields(json::Value(list)).everything()) << list;
  }
  EXPECT_FALSE(ResponseFields(json::Value(R"([""])")).everything());
}

TEST(ResponseFields, TooManyPathsWantEverything) {
  std::string list = "[";
  for (std::size_t i = 0; i < ResponseFields::kMaxPaths; ++i)
    list += "\"p" + std::to_string(i) + "\",";
  list.back() = ']';
  EXPECT_FALSE(ResponseFields(json::Value(list)).everything());
  list.back() = ',';
  list += "\"p0\"]";
  EXPECT_TRUE(ResponseFields(json::Value(list)).everything());
}

EncoderOptions picking(bool stream) {
  EncoderOptions options;
  options.dialect = &dialects::completion();
  options.stream = stream;
  options.choices = 2;
  options.fields = ResponseFields(json::Value(R"(["content","index"])"));
  return options;
}

TEST(ResponseFields, OnlyTheLastEventOfAPromptIsCutDown) {
  const Replayed replayed = replay(golden("native_prompts.sse"), picking(true));
  EXPECT_TRUE(replayed.finished);
  const std::string text = replayed.text();
  EXPECT_NE(text.find("data: {\"index\":0,\"content\":\" is\",\"tokens\":[268]"), text.npos);
  EXPECT_NE(text.find("\n\ndata: {\"content\":\"\",\"index\":0}\n\n"), text.npos) << text;
  EXPECT_TRUE(text.ends_with("\n\ndata: {\"content\":\"\",\"index\":1}\n\n")) << text;
}

TEST(ResponseFields, AnAssembledAnswerIsCutDown) {
  EXPECT_EQ(replay(golden("native_prompts.sse"), picking(false)).text(),
            R"([{"content":" is","index":0},{"content":" a","index":1}])");
}

}  // namespace
}  // namespace keep::openai
