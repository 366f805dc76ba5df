#include "openai/anthropic/anthropic.hpp"
#include "tests/unit/proxy/openai/replay.hpp"

namespace keep::openai {
namespace {

std::string translated(const std::string& body) {
  const auto chat = anthropic::to_chat_body(body);
  EXPECT_TRUE(chat) << chat.error().detail;
  if (!chat) return "{}";
  EXPECT_TRUE(json::validate(*chat)) << *chat;
  return *chat;
}

std::string field(const std::string& body, const char* name) {
  const std::string chat = translated(body);
  return std::string(json::Value(chat).find(name).raw());
}

// The messages of a body with this system (empty for none) and these turns.
std::string messages(const std::string& turns, const std::string& system = "") {
  const std::string head = system.empty() ? "" : R"("system":)" + system + ",";
  return field('{' + head + R"("messages":)" + turns + '}', "messages");
}

std::string refusal(const std::string& body) {
  const auto chat = anthropic::to_chat_body(body);
  EXPECT_FALSE(chat) << *chat;
  if (chat) return "";
  EXPECT_EQ(chat.error().fault, Fault::kBadRequest);
  EXPECT_EQ(chat.error().side, Side::kDownstream);
  return chat.error().detail;
}

const std::string kUser = R"([{"role":"user","content":"hi"}])";

TEST(ToChatBody, KeepsWhatBothApisShareAndWhatNeitherKnows) {
  const std::string body =
      R"({"model":"claude-x","max_tokens":5,"temperature":0.70,"top_p":1e-1,"top_k":3,)"
      R"("stream":true,"metadata":{"user_id":"u_\u00e9"},"id_slot":2, "cache_prompt" : false ,)"
      R"("x_keep":{"a": [1, 2.50]},"service_tier":"auto","messages":)" +
      kUser + "}";
  EXPECT_EQ(translated(body),
            R"({"model":"claude-x","max_tokens":5,"temperature":0.70,"top_p":1e-1,"top_k":3,)"
            R"("stream":true,"metadata":{"user_id":"u_\u00e9"},"id_slot":2,"cache_prompt":false,)"
            R"("x_keep":{"a": [1, 2.50]},"service_tier":"auto","messages":)" +
                kUser + "}");
}

TEST(ToChatBody, DropsAnthropicsOwnFields) {
  const std::string body =
      R"({"cache_control":{"type":"ephemeral"},"container":"c","context_management":{},)"
      R"("mcp_servers":[],"betas":["x"],"anthropic_version":"v","messages":)" +
      kUser + "}";
  EXPECT_EQ(translated(body), R"({"messages":)" + kUser + "}");
}

TEST(ToChatBody, SystemStringAndBlocks) {
  EXPECT_EQ(messages("[]", R"("be \"kind\"")"), R"([{"role":"system","content":"be \"kind\""}])");
  EXPECT_EQ(messages("[]", R"([{"type":"text","text":"a","cache_control":{"type":"ephemeral"}},)"
                           R"({"type":"text","text":"b"}])"),
            R"([{"role":"system","content":[{"type":"text","text":"a"},)"
            R"({"type":"text","text":"b"}]}])");
  for (const char* const none : {R"("")", "[]", "null"}) EXPECT_EQ(messages("[]", none), "[]");
  EXPECT_NE(refusal(R"({"system":3,"messages":[]})").find("system"), std::string::npos);
}

TEST(ToChatBody, UserParts) {
  EXPECT_EQ(messages(R"([{"role":"user","content":[{"type":"text","text":"look"},)"
                     R"({"type":"image","source":{"type":"base64","media_type":"image/png",)"
                     R"("data":"aGk="},"cache_control":{"type":"ephemeral"}},)"
                     R"({"type":"image","source":{"type":"url","url":"http:\/\/x/a.png"}}]}])"),
            R"([{"role":"user","content":[{"type":"text","text":"look"},)"
            R"({"type":"image_url","image_url":{"url":"data:image/png;base64,aGk="}},)"
            R"({"type":"image_url","image_url":{"url":"http:\/\/x/a.png"}}]}])");
}

TEST(ToChatBody, Documents) {
  EXPECT_EQ(messages(R"([{"role":"user","content":[{"type":"document","title":"T",)"
                     R"("source":{"type":"text","media_type":"text/plain","data":"D"}},)"
                     R"({"type":"document","source":{"type":"content","content":)"
                     R"([{"type":"text","text":"C"}]}},)"
                     R"({"type":"document","source":{"type":"base64",)"
                     R"("media_type":"application/pdf","data":"JVBERg=="}}]}])"),
            R"([{"role":"user","content":[{"type":"text","text":"T"},{"type":"text","text":"D"},)"
            R"({"type":"text","text":"C"},)"
            R"({"type":"text","text":"[document omitted: only text documents can be read]"}]}])");
}

TEST(ToChatBody, UnknownBlocksBecomeTextWithoutCacheMarks) {
  EXPECT_EQ(messages(R"([{"role":"user","content":[{"type":"tool_reference","tool_name":"f",)"
                     R"("cache_control":{"type":"ephemeral"}}]}])"),
            R"([{"role":"user","content":[{"type":"text",)"
            R"("text":"{\"type\":\"tool_reference\",\"tool_name\":\"f\"}"}]}])");
}

TEST(ToChatBody, AssistantTextThinkingAndCalls) {
  EXPECT_EQ(messages(R"([{"role":"assistant","content":[)"
                     R"({"type":"thinking","thinking":"hm\n","signature":"s"},)"
                     R"({"type":"redacted_thinking","data":"xx"},)"
                     R"({"type":"text","text":"I "},{"type":"text","text":"look"},)"
                     R"({"type":"tool_use","id":"t1","name":"f","input":{"b": "\u00e9","a":1.0}},)"
                     R"({"type":"tool_use","id":"t2","name":"g","input":{},)"
                     R"("cache_control":{"type":"ephemeral"}}]}])"),
            R"([{"role":"assistant","content":"I look","reasoning_content":"hm\n","tool_calls":[)"
            R"({"id":"t1","type":"function","function":{"name":"f",)"
            R"("arguments":"{\"b\": \"\\u00e9\",\"a\":1.0}"}},)"
            R"({"id":"t2","type":"function","function":{"name":"g","arguments":"{}"}}]}])");
  EXPECT_EQ(messages(R"([{"role":"assistant","content":[]}])"),
            R"([{"role":"assistant","content":""}])");
}

TEST(ToChatBody, ResultsComeBeforeTheTextOfTheirTurn) {
  EXPECT_EQ(messages(R"([{"role":"user","content":[{"type":"text","text":"and"},)"
                     R"({"type":"tool_result","tool_use_id":"t1","content":"r"},)"
                     R"({"type":"tool_result","tool_use_id":"t2","is_error":true,"content":)"
                     R"([{"type":"text","text":"bad"}]},)"
                     R"({"type":"tool_result","tool_use_id":"t3"}]}])"),
            R"([{"role":"tool","tool_call_id":"t1","content":"r"},)"
            R"({"role":"tool","tool_call_id":"t2","content":[{"type":"text","text":"Error:"},)"
            R"({"type":"text","text":"bad"}]},)"
            R"({"role":"tool","tool_call_id":"t3","content":[]},)"
            R"({"role":"user","content":[{"type":"text","text":"and"}]}])");
  EXPECT_EQ(messages(R"([{"role":"user","content":[{"type":"tool_result","tool_use_id":"t",)"
                     R"("content":[{"type":"text","text":"a"}],"is_error":false}]}])"),
            R"([{"role":"tool","tool_call_id":"t","content":[{"type":"text","text":"a"}]}])");
}

TEST(ToChatBody, Tools) {
  const std::string body =
      R"({"tools":[{"name":"f","description":"d","input_schema":{"type": "object"},)"
      R"("cache_control":{"type":"ephemeral"}},{"type":"custom","name":"g"},)"
      R"({"type":"web_search_20250305","name":"web_search","max_uses":3}],)"
      R"("tool_choice":{"type":"any","disable_parallel_tool_use":true},"messages":[]})";
  EXPECT_EQ(translated(body),
            R"({"tools":[{"type":"function","function":{"name":"f","description":"d",)"
            R"("parameters":{"type": "object"}}},{"type":"function","function":{"name":"g",)"
            R"("parameters":{"type":"object","properties":{}}}}],"tool_choice":"required",)"
            R"("parallel_tool_calls":false,"messages":[]})");
}

TEST(ToChatBody, ToolChoice) {
  const auto choice = [](const std::string& value, const char* name) {
    return field(R"({"tools":[{"name":"f","input_schema":{}},{"name":"g","input_schema":{}}],)"
                 R"("tool_choice":)" +
                     value + R"(,"messages":[]})",
                 name);
  };
  EXPECT_EQ(choice(R"({"type":"auto"})", "tool_choice"), R"("auto")");
  EXPECT_EQ(choice(R"({"type":"none"})", "tool_choice"), R"("none")");
  EXPECT_EQ(choice(R"({"type":"tool","name":"g"})", "tool_choice"), R"("required")");
  EXPECT_EQ(choice(R"({"type":"tool","name":"g"})", "tools"),
            R"([{"type":"function","function":{"name":"g","parameters":{}}}])");
  EXPECT_EQ(choice("null", "tool_choice"), "");
  refusal(R"({"tools":[{"name":"f","input_schema":{}}],"tool_choice":{"type":"tool","name":"x"},)"
          R"("messages":[]})");
  // A server tool alone leaves nothing to choose from.
  EXPECT_EQ(translated(R"({"tools":[{"type":"bash_20250124","name":"bash"}],)"
                       R"("tool_choice":{"type":"auto"},"messages":[]})"),
            R"({"messages":[]})");
}

TEST(ToChatBody, StopSequencesAskForTheStopWord) {
  EXPECT_EQ(translated(R"({"stop_sequences":["a\n"],"stop":["old"],"messages":[]})"),
            R"({"stop":["a\n"],"verbose":true,"response_fields":["stop_type","stopping_word"],)"
            R"("messages":[]})");
  EXPECT_EQ(translated(R"({"verbose":false,"response_fields":["content"],)"
                       R"("stop_sequences":["a"],"messages":[]})"),
            R"({"stop":["a"],"verbose":true,"response_fields":["stop_type","stopping_word"],)"
            R"("messages":[]})");
  EXPECT_EQ(translated(R"({"stop_sequences":[],"messages":[]})"), R"({"messages":[]})");
}

TEST(ToChatBody, ThinkingAndOutputFormat) {
  EXPECT_EQ(field(R"({"thinking":{"type":"enabled","budget_tokens":1024},"messages":[]})",
                  "thinking_budget_tokens"),
            "1024");
  EXPECT_EQ(translated(R"({"thinking":{"type":"disabled"},"messages":[]})"), R"({"messages":[]})");
  EXPECT_EQ(field(R"({"output_config":{"format":{"type":"json_schema","schema":{"a":1}}},)"
                  R"("messages":[]})",
                  "response_format"),
            R"({"type":"json_schema","json_schema":{"name":"output","schema":{"a":1}}})");
}

TEST(ToChatBody, Refuses) {
  const char* const kBodies[] = {
      "",
      "[]",
      "{",
      R"({})",
      R"({"messages":{}})",
      R"({"messages":[1]})",
      R"({"messages":[],"messages":[]})",
      R"({"messages":[{"role":"tool","content":"x"}]})",
      R"({"messages":[{"role":"user"}]})",
      R"({"messages":[{"role":"user","role":"assistant","content":"x"}]})",
      R"({"messages":[{"role":"user","content":[1]}]})",
      R"({"messages":[{"role":"user","content":[{"type":"text"}]}]})",
      R"({"messages":[{"role":"user","content":3}]})",
      R"({"messages":[{"role":"assistant","content":{}}]})",
      R"({"messages":[null]})",
      R"({"messages":[{"role":"assistant","content":[null]}]})",
      R"({"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":3}]}]})",
      R"({"messages":[{"role":"user","content":[{"type":"tool_result"}]}]})",
      R"({"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"x"}]}]})",
      R"({"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64"}}]}]})",
      R"({"messages":[],"tools":{}})",
      R"({"messages":[],"tools":[{}]})",
      R"({"messages":[],"tools":[{"name":"f"}],"tool_choice":{"type":"zzz"}})",
  };
  for (const char* const body : kBodies) {
    SCOPED_TRACE(body);
    EXPECT_FALSE(refusal(body).empty());
  }
  EXPECT_EQ(refusal(R"({"messages":[{"role":"user","content":[{"type":"text","text":3}]}]})"),
            "messages[0].content[0]: text must be a string");
}

TEST(ToChatBody, NothingSaidIsNoError) {
  EXPECT_EQ(messages(R"([{"role":"assistant","content":null},{"role":"user","content":null}])"),
            R"([{"role":"assistant","content":""},{"role":"user","content":""}])");
  EXPECT_EQ(messages(R"([{"role":"system","content":null},{"role":"assistant"}])", "null"),
            R"([{"role":"system","content":""}])");
  EXPECT_EQ(messages(R"([{"role":"user","content":[{"type":"text","text":null},{"text":"a"}]},)"
                     R"({"role":"assistant","content":[{"type":"text","text":null},)"
                     R"({"type":"thinking","thinking":null},{"type":"thinking"}]}])",
                     R"([{"type":"text","text":null}])"),
            R"([{"role":"system","content":[]},)"
            R"({"role":"user","content":[{"type":"text","text":"a"}]},)"
            R"({"role":"assistant","content":""}])");
  EXPECT_EQ(messages(R"([{"role":"user","content":[{"type":"tool_result","tool_use_id":"c",)"
                     R"("content":[{"type":"text","text":null}]}]}])"),
            R"([{"role":"tool","tool_call_id":"c","content":[]}])");
}

// What Claude Code does from turn to turn: the cache mark moves, and with it a string becomes a
// block. The earlier messages must stay the same bytes upstream.
TEST(ToChatBody, ALongerConversationBeginsWithTheSameBytes) {
  const std::string kSystem = R"([{"type":"text","text":"sys","cache_control":{"type":"x"}}])";
  const std::string first = messages(
      R"([{"role":"user","content":[{"type":"text","text":"q","cache_control":{"type":"e"}}]}])",
      kSystem);
  const std::string second = messages(
      R"([{"role":"user","content":[{"type":"text","text":"q"}]},)"
      R"({"role":"assistant","content":[{"type":"text","text":"a"}]},)"
      R"({"role":"user","content":[{"type":"text","text":"r","cache_control":{"type":"e"}}]}])",
      kSystem);
  EXPECT_TRUE(second.starts_with(first.substr(0, first.size() - 1))) << first << '\n' << second;
}

TEST(ToErrorBody, MapsStatusAndMessage) {
  const auto body = [](int status) {
    return anthropic::to_error_body(status, R"({"error":{"message":"m","type":"t","code":1}})");
  };
  const std::pair<int, const char*> kTypes[] = {{400, "invalid_request_error"},
                                                {401, "authentication_error"},
                                                {403, "permission_error"},
                                                {404, "not_found_error"},
                                                {413, "request_too_large"},
                                                {422, "invalid_request_error"},
                                                {429, "rate_limit_error"},
                                                {500, "api_error"},
                                                {502, "api_error"},
                                                {503, "overloaded_error"},
                                                {504, "timeout_error"},
                                                {529, "overloaded_error"}};
  for (const auto& [status, type] : kTypes) {
    EXPECT_EQ(body(status),
              R"({"type":"error","error":{"type":")" + std::string(type) + R"(","message":"m"}})");
  }
}

TEST(ToErrorBody, TakesAnyText) {
  EXPECT_EQ(anthropic::to_error_body(500, "<html>"),
            R"({"type":"error","error":{"type":"api_error","message":"<html>"}})");
  EXPECT_EQ(anthropic::to_error_body(500, R"({"error":"short"})"),
            R"({"type":"error","error":{"type":"api_error","message":"short"}})");
  EXPECT_NE(anthropic::to_error_body(500, "").find("no detail"), std::string::npos);
}

TEST(ToErrorBody, AnOverflowIsSaidInAnthropicsWords) {
  EXPECT_EQ(anthropic::to_error_body(
                400, R"({"error":{"code":400,"message":"request (1522 tokens) exceeds ...",)"
                     R"("type":"exceed_context_size_error","n_prompt_tokens":1522,"n_ctx":1024}})"),
            R"({"type":"error","error":{"type":"invalid_request_error",)"
            R"("message":"prompt is too long: 1522 tokens > 1024 maximum"}})");
}

}  // namespace
}  // namespace keep::openai
