#include "base/json/json.hpp"
#include "openai/ollama/ollama.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace keep::openai::ollama {
namespace {

std::string translated(Call call, const std::string& body) {
  const auto result = to_upstream_body(call, body);
  if (!result) {
    EXPECT_EQ(result.error().fault, Fault::kBadRequest);
    return result.error().detail;
  }
  EXPECT_TRUE(json::validate(*result)) << *result;
  return *result;
}

std::string chat(const std::string& more) {
  return translated(Call::kChat, R"({"messages":[{"role":"user","content":"x"}])" + more + "}");
}

// The messages of a chat with these.
std::string messages(const std::string& list) {
  const std::string body = translated(Call::kChat, R"({"messages":[)" + list + "]}");
  const json::Value found = json::Value(body).find("messages");
  return found.missing() ? body : std::string(found.raw());
}

TEST(OllamaRequest, StreamsUnlessToldNotTo) {
  EXPECT_EQ(chat(""), R"({"stream":true,"messages":[{"role":"user","content":"x"}]})");
  EXPECT_EQ(chat(R"(,"stream":false)"),
            R"({"stream":false,"messages":[{"role":"user","content":"x"}]})");
  EXPECT_NE(chat(R"(,"stream":null)").find(R"("stream":true)"), std::string::npos);
  EXPECT_EQ(chat(R"(,"stream":"no")"), "'stream' must be true or false");
}

TEST(OllamaRequest, OptionsHaveLlamaServersNames) {
  EXPECT_EQ(chat(R"(,"options":{"temperature":0.5,"top_p":1,"top_k":40,"min_p":0.1,"seed":7,)"
                 R"("num_predict":20,"stop":["a","b"],"repeat_penalty":1.1,"num_ctx":4096,)"
                 R"("presence_penalty":0.2,"frequency_penalty":0.3,"num_keep":3,"unknown":{},)"
                 R"("mirostat":null},"keep_alive":"5m","context":[1])"),
            R"({"stream":true,"temperature":0.5,"top_p":1,"min_p":0.1,"repeat_penalty":1.1,)"
            R"("presence_penalty":0.2,"frequency_penalty":0.3,"top_k":40,"seed":7,"n_keep":3,)"
            R"("max_tokens":20,"stop":["a","b"],"messages":[{"role":"user","content":"x"}]})");
}

TEST(OllamaRequest, NoLimitIsNone) {
  for (const char* limit : {"-1", "-2", "0"}) {
    EXPECT_EQ(chat(R"(,"options":{"num_predict":)" + std::string(limit) + "}").find("max_tokens"),
              std::string::npos);
  }
}

TEST(OllamaRequest, NoLimitReplacesNone) {
  EXPECT_EQ(chat(R"(,"max_tokens":50,"options":{"num_predict":-1})"),
            R"({"max_tokens":50,"stream":true,"messages":[{"role":"user","content":"x"}]})");
  EXPECT_EQ(chat(R"(,"max_tokens":50,"options":{"num_predict":9})"),
            R"({"stream":true,"max_tokens":9,"messages":[{"role":"user","content":"x"}]})");
}

TEST(OllamaRequest, RepetitionInTheWholeContextIsANumberOfTokens) {
  for (const auto& [given, sent] :
       {std::pair{"-1", "131072"}, {"-1.0", "131072"}, {"64", "64"}, {"0", "0"}, {"-2", "-2"}}) {
    const std::string body = chat(R"(,"options":{"repeat_last_n":)" + std::string(given) + "}");
    EXPECT_EQ(json::Value(body).find("repeat_last_n").raw(), sent) << given;
  }
}

TEST(OllamaRequest, OptionsOfAWrongTypeAreRefused) {
  const auto refusal = [](const std::string& options) { return chat(",\"options\":" + options); };
  EXPECT_EQ(refusal("[]"), "'options' must be an object");
  EXPECT_EQ(refusal(R"({"temperature":"hot"})"), "'options.temperature' must be a number");
  EXPECT_EQ(refusal(R"({"top_k":1.5})"), "'options.top_k' must be an integer");
  EXPECT_EQ(refusal(R"({"num_predict":true})"), "'options.num_predict' must be an integer");
  EXPECT_EQ(refusal(R"({"stop":[1]})"), "'options.stop' must be a string or an array of strings");
  EXPECT_EQ(refusal(R"({"seed":1,"seed":2})"), "'options.seed' appears twice");
  EXPECT_FALSE(refusal("null").starts_with("'"));
}

TEST(OllamaRequest, WhatIsLlamaServersSurvives) {
  EXPECT_EQ(chat(R"(,"id_slot": 3,"x_keep":{ },"temperature":1,"options":{"temperature":0})"),
            R"({"id_slot":3,"x_keep":{ },"stream":true,"temperature":0,)"
            R"("messages":[{"role":"user","content":"x"}]})");
}

TEST(OllamaRequest, FormatIsAResponseFormat) {
  EXPECT_NE(chat(R"(,"format":"json")").find(R"("response_format":{"type":"json_object"})"),
            std::string::npos);
  EXPECT_NE(chat(R"(,"format":{"type":"object"})")
                .find(R"("response_format":{"type":"json_schema","json_schema":{"name":"output",)"
                      R"("schema":{"type":"object"}}})"),
            std::string::npos);
  EXPECT_EQ(chat(R"(,"format":"")").find("response_format"), std::string::npos);
  EXPECT_EQ(chat(R"(,"format":"yaml")"), "'format' must be \"json\" or a JSON schema");
}

TEST(OllamaRequest, ThinkIsAnArgumentOfTheTemplate) {
  const auto kwargs = [](const std::string& think) {
    const std::string body = chat(",\"think\":" + think);
    return std::string(json::Value(body).find("chat_template_kwargs").raw());
  };
  EXPECT_EQ(kwargs("true"), R"({"enable_thinking":true})");
  EXPECT_EQ(kwargs("false"), R"({"enable_thinking":false})");
  EXPECT_EQ(kwargs(R"("high")"), R"({"enable_thinking":true,"reasoning_effort":"high"})");
  EXPECT_EQ(kwargs("null"), "");
  EXPECT_TRUE(chat(R"(,"think":3)").starts_with("'think' must be"));
  EXPECT_TRUE(chat(R"(,"think":"much")").starts_with("'think' must be"));
}

TEST(OllamaRequest, MessagesAreThoseOfAChat) {
  EXPECT_EQ(messages(R"({"role":"system","content":"s\n"},{"role":"user"},)"
                     R"({"role":"assistant","content":"a","thinking":"hm"})"),
            R"([{"role":"system","content":"s\n"},{"role":"user","content":""},)"
            R"({"role":"assistant","content":"a","reasoning_content":"hm"}])");
}

TEST(OllamaRequest, ImagesBecomeParts) {
  EXPECT_EQ(
      messages(R"({"role":"user","content":"what?","images":["iVBORw0KGgoAAA==","\/9j\/AAAA"]})"),
      R"([{"role":"user","content":[)"
      R"({"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgoAAA=="}},)"
      R"({"type":"image_url","image_url":{"url":"data:image/jpeg;base64,/9j/AAAA"}},)"
      R"({"type":"text","text":"what?"}]}])");
  for (const char* image : {"\"no image!\"", "\"\"", "\"AAAAA\"", "\"=AAA\""}) {
    EXPECT_EQ(messages(R"({"role":"user","content":"x","images":[)" + std::string(image) + "]}"),
              "'messages[0].images[0]' must be an image in base64")
        << image;
  }
  EXPECT_EQ(messages(R"({"role":"user","images":[1]})"),
            "'messages[0].images[0]' must be a string");
  EXPECT_EQ(messages(R"({"role":"user","images":"x"})"), "'messages[0].images' must be an array");
}

TEST(OllamaRequest, CallsAndTheirResultsFindEachOther) {
  EXPECT_EQ(
      messages(
          R"({"role":"assistant","content":"","tool_calls":[)"
          R"({"function":{"name":"f","arguments":{"a":"\"b\""}}},)"
          R"({"function":{"name":"g"}}]},)"
          R"({"role":"tool","tool_name":"g","content":"2"},{"role":"tool","content":"1"},)"
          R"({"role":"assistant","tool_calls":[{"id":"mine","function":{"name":"f","arguments":{}}}]},)"
          R"({"role":"tool","tool_call_id":"mine","content":"3"})"),
      R"([{"role":"assistant","content":"","tool_calls":[)"
      R"({"id":"call00000","type":"function","function":{"name":"f","arguments":"{\"a\":\"\\\"b\\\"\"}"}},)"
      R"({"id":"call00001","type":"function","function":{"name":"g","arguments":"{}"}}]},)"
      R"({"role":"tool","content":"2","tool_call_id":"call00001","name":"g"},)"
      R"({"role":"tool","content":"1","tool_call_id":"call00000"},)"
      R"({"role":"assistant","content":"","tool_calls":[)"
      R"({"id":"mine","type":"function","function":{"name":"f","arguments":"{}"}}]},)"
      R"({"role":"tool","content":"3","tool_call_id":"mine"}])");
}

// What is found for results, by the last digit of the call; "?" for none.
std::string found_for(const std::string& calls, const std::string& results) {
  const std::string list =
      messages(R"({"role":"assistant","tool_calls":[)" + calls + "]}," + results);
  std::string found;
  for (const json::Value message : json::Value(list).elements()) {
    if (message.find("role").string() != "tool") continue;
    found += message.find("tool_call_id").string().value_or("?").back();
  }
  return found;
}

TEST(OllamaRequest, AResultBelongsToTheFirstOpenCallOfItsName) {
  const std::string f = R"({"function":{"name":"f"}})", g = R"({"function":{"name":"g"}})";
  const auto result = [](const std::string& name) {
    return R"({"role":"tool","content":"","tool_name":")" + name + "\"}";
  };
  const std::string calls = f + ',' + g + ',' + f + ',' + g;
  EXPECT_EQ(found_for(calls, result("g") + ',' + result("f") + ',' + result("g") + ',' +
                                 result("f") + ',' + result("f")),
            "1032?");
  EXPECT_EQ(found_for(calls, result("h") + ',' + result("f") + ',' + result("g") + ',' +
                                 result("h") + ',' + result("h")),
            "0213?");
  const std::string same = R"({"id":"9","function":{"name":"f"}})";
  const std::string by_id = R"({"role":"tool","content":"","tool_call_id":"9"})";
  EXPECT_EQ(found_for(f + ',' + same + ',' + same,
                      by_id + ',' + result("f") + ',' + by_id + ',' + result("f")),
            "909?");
}

TEST(OllamaRequest, WhatIsNoMessageIsRefused) {
  EXPECT_EQ(messages("1"), "'messages[0]' must be an object");
  EXPECT_EQ(messages(R"({"role":"critic"})"),
            "'messages[0].role' must be system, user, assistant or tool");
  EXPECT_EQ(messages(R"({"role":"user","content":{}})"), "'messages[0].content' must be a string");
  EXPECT_EQ(messages(R"({"role":"user","role":"tool"})"), "'messages[0].role' appears twice");
  EXPECT_EQ(messages(R"({"role":"assistant","tool_calls":{}})"),
            "'messages[0].tool_calls' must be an array");
  EXPECT_EQ(messages(R"({"role":"assistant","tool_calls":[{}]})"),
            "'messages[0].tool_calls[0].function.name' must be a string");
  EXPECT_EQ(
      messages(R"({"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":1}}]})"),
      "'messages[0].tool_calls[0].function.arguments' must be an object");
  EXPECT_EQ(translated(Call::kChat, R"({"messages":"x"})"), "'messages' must be an array");
  EXPECT_EQ(translated(Call::kChat, "[]"), "the body must be a JSON object");
  EXPECT_EQ(chat(R"(,"messages":[])"), "'messages' appears twice");
  EXPECT_EQ(chat(R"(,"tools":{})"), "'tools' must be an array");
}

TEST(OllamaRequest, NestingWithoutEndIsRefused) {
  const std::string deep = std::string(5000, '[') + std::string(5000, ']');
  EXPECT_FALSE(to_upstream_body(Call::kChat, R"({"messages":)" + deep + "}"));
  EXPECT_FALSE(load_answer(Call::kChat, R"({"x":)" + deep + "}", 0));
}

TEST(OllamaGenerate, APromptIsAChatOfOneTurn) {
  EXPECT_EQ(translated(Call::kGenerate, R"({"model":"m","prompt":"x","system":"s","suffix":""})"),
            R"({"model":"m","stream":true,"messages":[{"role":"system","content":"s"},)"
            R"({"role":"user","content":"x"}]})");
  EXPECT_EQ(
      translated(Call::kGenerate, R"({"prompt":"x","images":["R0lGODAA"]})"),
      R"({"stream":true,"messages":[{"role":"user","content":[{"type":"image_url",)"
      R"("image_url":{"url":"data:image/gif;base64,R0lGODAA"}},{"type":"text","text":"x"}]}]})");
  EXPECT_EQ(translated(Call::kGenerate, R"({"prompt":1})"), "'prompt' must be a string");
  EXPECT_EQ(translated(Call::kGenerate, R"({"prompt":"x","images":["?"]})"),
            "'images[0]' must be an image in base64");
}

TEST(OllamaGenerate, WhatReplacesTheTemplateIsRefused) {
  for (const char* field : {"template", "suffix"}) {
    const std::string body = R"({"prompt":"x",")" + std::string(field) + R"(":"y"})";
    EXPECT_EQ(
        translated(Call::kGenerate, body),
        "'" + std::string(field) + "' is not supported here: the model's own template is used");
  }
}

TEST(OllamaGenerate, ARawPromptIsACompletion) {
  const std::string body = R"({"prompt":"<user>x","raw":true,"options":{"num_predict":3}})";
  EXPECT_TRUE(is_raw(body));
  EXPECT_FALSE(is_raw(R"({"prompt":"x","raw":false})"));
  EXPECT_FALSE(is_raw("raw"));
  EXPECT_EQ(translated(Call::kRaw, body), R"({"stream":true,"max_tokens":3,"prompt":"<user>x"})");
  EXPECT_EQ(translated(Call::kRaw, R"({"prompt":"x","images":["AAAA"]})"),
            "'images' cannot be shown with 'raw'");
}

TEST(OllamaLoad, ARequestThatSaysNothingLoadsTheModel) {
  constexpr std::int64_t kNow = 1700000000;
  EXPECT_EQ(load_answer(Call::kChat, R"({"model":"m"})", kNow),
            R"({"model":"m","created_at":"2023-11-14T22:13:20Z",)"
            R"("message":{"role":"assistant","content":""},"done":true,"done_reason":"load"})"
            "\n");
  EXPECT_EQ(load_answer(Call::kGenerate, R"({"model":"m","prompt":"","keep_alive":0})", kNow),
            R"({"model":"m","created_at":"2023-11-14T22:13:20Z","response":"","done":true,)"
            R"("done_reason":"unload"})"
            "\n");
  EXPECT_TRUE(load_answer(Call::kChat, R"({"messages":[]})", kNow));
  EXPECT_FALSE(load_answer(Call::kChat, R"({"messages":[{}]})", kNow));
  EXPECT_FALSE(load_answer(Call::kGenerate, R"({"prompt":"x"})", kNow));
  EXPECT_FALSE(load_answer(Call::kGenerate, R"({"images":["AAAA"]})", kNow));
  for (const char* body : {"", "{", "[]", R"({"model":"m",})"}) {
    EXPECT_FALSE(load_answer(Call::kChat, body, kNow)) << body;
  }
}

}  // namespace
}  // namespace keep::openai::ollama
