#include "base/json/json.hpp"
#include "openai/responses/responses.hpp"

#include <gtest/gtest.h>

#include <string>

namespace keep::openai::responses {
namespace {

std::string translate(const std::string& body) {
  const auto chat = to_chat_body(body);
  if (!chat) return "refused: " + chat.error().detail;
  EXPECT_TRUE(json::validate(*chat)) << *chat;
  return *chat;
}

std::string messages_of(const std::string& input, const std::string& more = "") {
  const std::string chat = translate(R"({"input":)" + input + more + "}");
  const json::Value messages = json::Value(chat).find("messages");
  return messages.missing() ? chat : std::string(messages.raw());
}

std::string tools_of(const std::string& tools, const std::string& more = "") {
  const std::string chat = translate(R"({"input":"x","tools":)" + tools + more + "}");
  return std::string(json::Value(chat).find("tools").raw());
}

TEST(ToChatBody, ATextIsWhatTheUserSays) {
  EXPECT_EQ(messages_of(R"("hi\u00e9")"), R"([{"role":"user","content":"hi\u00e9"}])");
  EXPECT_EQ(messages_of(R"("hi")", R"(,"instructions":"be kind")"),
            R"([{"role":"system","content":"be kind"},{"role":"user","content":"hi"}])");
  EXPECT_EQ(messages_of(R"("hi")", R"(,"instructions":"")"), R"([{"role":"user","content":"hi"}])");
  EXPECT_EQ(messages_of(R"("hi")", R"(,"instructions":[{"role":"developer","content":"d"}])"),
            R"([{"role":"developer","content":"d"},{"role":"user","content":"hi"}])");
}

TEST(ToChatBody, PartsAreTranslated) {
  EXPECT_EQ(
      messages_of(
          R"([{"type":"message","role":"user","content":[{"type":"input_text","text":"a"},)"
          R"({"type":"input_image","image_url":"data:x","detail":"low"},)"
          R"({"type":"input_image","file_id":"f"},{"type":"input_file","filename":"n","file_data":"d"},)"
          R"({"type":"input_audio","input_audio":{"data":"d","format":"wav"}}]}])"),
      R"([{"role":"user","content":[{"type":"text","text":"a"},)"
      R"({"type":"image_url","image_url":{"url":"data:x"}},)"
      R"({"type":"text","text":"[image omitted: only URLs can be shown]"},)"
      R"({"type":"text","text":"[file omitted: it cannot be read: n]"},)"
      R"({"type":"input_audio","input_audio":{"data":"d","format":"wav"}}]}])");
}

TEST(ToChatBody, ItemsOfOneAnswerAreOneMessage) {
  EXPECT_EQ(
      messages_of(
          R"([{"role":"user","content":"q"},)"
          R"({"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"s"}],)"
          R"("content":[{"type":"reasoning_text","text":"t"}]},)"
          R"({"type":"message","role":"assistant","content":[{"type":"output_text","text":"a"},)"
          R"({"type":"output_text","text":"b"}]},)"
          R"({"type":"function_call","call_id":"c1","name":"f","arguments":"{\"x\":1}"},)"
          R"({"type":"custom_tool_call","call_id":"c2","name":"g","input":"in"},)"
          R"({"type":"local_shell_call","call_id":"c3","action":{"type":"exec","command":["ls"],"user":null}},)"
          R"({"type":"function_call_output","call_id":"c1","output":"o"},)"
          R"({"type":"custom_tool_call_output","call_id":"c2","output":[{"type":"input_text","text":"p"}]},)"
          R"({"type":"local_shell_call_output","id":"c3","output":"{}"}])"),
      R"([{"role":"user","content":"q"},{"role":"assistant","content":"ab","reasoning_content":"t",)"
      R"("tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}},)"
      R"({"id":"c2","type":"function","function":{"name":"g","arguments":"{\"input\":\"in\"}"}},)"
      R"({"id":"c3","type":"function","function":{"name":"local_shell","arguments":"{\"command\":[\"ls\"]}"}}]},)"
      R"({"role":"tool","tool_call_id":"c1","content":"o"},)"
      R"({"role":"tool","tool_call_id":"c2","content":[{"type":"text","text":"p"}]},)"
      R"({"role":"tool","tool_call_id":"c3","content":"{}"}])");
}

TEST(ToChatBody, ReasoningThatCannotBeReadIsLeftOut) {
  EXPECT_EQ(
      messages_of(R"([{"type":"reasoning","summary":[],"encrypted_content":"x"},)"
                  R"({"role":"assistant","content":"a"},{"role":"assistant","content":"b"}])"),
      R"([{"role":"assistant","content":"a"},{"role":"assistant","content":"b"}])");
  EXPECT_EQ(messages_of(R"([{"type":"reasoning","summary":[{"type":"summary_text","text":"s"}]},)"
                        R"({"role":"assistant","content":"a"}])"),
            R"([{"role":"assistant","content":"a","reasoning_content":"s"}])");
}

TEST(ToChatBody, ItemsThatOnlyOpenAiCanReadAreLeftOut) {
  EXPECT_EQ(messages_of(R"([{"type":"item_reference","id":"msg_1"},{"role":"user","content":"q"},)"
                        R"({"type":"web_search_call","id":"ws_1","status":"completed"},)"
                        R"({"type":"compaction","encrypted_content":"x"}])"),
            R"([{"role":"user","content":"q"}])");
}

TEST(ToChatBody, ToolsBecomeFunctions) {
  EXPECT_EQ(
      tools_of(
          R"([{"type":"function","name":"f","description":"d","parameters":{"type":"object"},"strict":true},)"
          R"({"type":"web_search"},{"type":"mcp","server_label":"m"},{"type":"local_shell"}])"),
      R"([{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"},"strict":true}},)"
      R"({"type":"function","function":{"name":"local_shell","description":"Runs a command on the user's machine.",)"
      R"("parameters":{"type":"object","properties":{"command":{"type":"array","items":{"type":"string"}},)"
      R"("working_directory":{"type":"string"},"timeout_ms":{"type":"integer"}},"required":["command"]}}}])");
  EXPECT_EQ(
      tools_of(R"([{"type":"custom","name":"patch","description":"d",)"
               R"("format":{"type":"grammar","syntax":"lark","definition":"start: x"}}])"),
      R"([{"type":"function","function":{"name":"patch","description":)"
      R"("d\n\nThe input has to follow this grammar (lark):\nstart: x",)"
      R"("parameters":{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}}}])");
  EXPECT_EQ(
      tools_of(R"([{"type":"namespace","name":"mcp__a__","description":"d","tools":[)"
               R"({"type":"function","name":"f"}]}])"),
      R"([{"type":"function","function":{"name":"mcp__a__f","parameters":{"type":"object","properties":{}}}}])");
  EXPECT_EQ(tools_of(R"([{"type":"web_search"}])", R"(,"tool_choice":"auto")"), "");
}

TEST(ToChatBody, AChoiceOfToolsLeavesTheOthersOut) {
  const std::string tools =
      R"([{"type":"function","name":"f"},{"type":"custom","name":"g"},{"type":"function","name":"h"}])";
  const auto chosen = [&](const std::string& choice) {
    const std::string chat =
        translate(R"({"input":"x","tools":)" + tools + R"(,"tool_choice":)" + choice + "}");
    std::string out = json::Value(chat).find("tool_choice").string().value_or("-");
    for (const json::Value tool : json::Value(chat).find("tools").elements()) {
      out += ' ' + tool.find("function").find("name").string().value_or("?");
    }
    return out;
  };
  EXPECT_EQ(chosen(R"("required")"), "required f g h");
  EXPECT_EQ(chosen(R"({"type":"function","name":"f"})"), "required f");
  EXPECT_EQ(chosen(R"({"type":"custom","name":"g"})"), "required g");
  EXPECT_EQ(
      chosen(R"({"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"f"},)"
             R"({"type":"function","name":"h"}]})"),
      "auto f h");
  EXPECT_EQ(chosen(R"({"type":"web_search"})"), "- f g h");
}

TEST(ToChatBody, SettingsAreMappedKeptOrDropped) {
  EXPECT_EQ(
      translate(
          R"({"model":"m","input":"x","max_output_tokens":5,"max_tokens":9,"temperature":0.50,)"
          R"("text":{"format":{"type":"json_schema","name":"n","schema":{"a":1},"strict":null},"verbosity":"low"},)"
          R"("reasoning":{"effort":"low","summary":"auto"},"include":["x"],"truncation":"auto",)"
          R"("stream":true,"stream_options":{"include_obfuscation":false},"store":false,"seed":1e2,)"
          R"("previous_response_id":null,"prompt_cache_key":"k"})"),
      R"({"model":"m","temperature":0.50,"stream":true,"store":false,"seed":1e2,"prompt_cache_key":"k",)"
      R"("max_tokens":5,"reasoning_effort":"low","response_format":{"type":"json_schema","json_schema":)"
      R"({"name":"n","schema":{"a":1}}},"messages":[{"role":"user","content":"x"}]})");
  EXPECT_EQ(
      translate(R"({"input":"x","text":{"format":{"type":"json_object"}}})"),
      R"({"response_format":{"type":"json_object"},"messages":[{"role":"user","content":"x"}]})");
}

TEST(ToChatBody, WhatCannotBeMeantIsRefused) {
  EXPECT_EQ(translate("[]"), "refused: the body must be a JSON object");
  EXPECT_EQ(translate("{}"), "refused: 'input' must be a string or an array");
  EXPECT_EQ(translate(R"({"input":"a","input":"b"})"), "refused: 'input' appears twice");
  EXPECT_EQ(messages_of("[1]"), "refused: 'input[0]' must be an object");
  EXPECT_EQ(messages_of("[{}]"), "refused: 'input[0]' must have a role or a type");
  EXPECT_EQ(messages_of(R"([{"role":"user","content":5}])"),
            "refused: 'input[0].content' must be a string or an array");
  EXPECT_EQ(messages_of(R"([{"type":"function_call","name":"f"}])"),
            "refused: 'input[0]' needs a call_id and a name");
  EXPECT_EQ(messages_of(R"([{"type":"function_call_output","output":"f"}])"),
            "refused: 'input[0]' needs a call_id");
  EXPECT_EQ(
      translate(R"({"input":"x","previous_response_id":"resp_1"})"),
      "refused: 'previous_response_id' is not supported: send the whole conversation as 'input'");
}

}  // namespace
}  // namespace keep::openai::responses
