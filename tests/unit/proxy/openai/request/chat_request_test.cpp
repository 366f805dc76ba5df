#include "openai/request/chat_request.hpp"

#include "openai/request/request_limits.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace keep::openai {
namespace {

constexpr std::string_view kOne = R"("messages":[{"role":"user","content":"hi"}])";

std::string with(std::string_view more) {
  return "{" + std::string(kOne) + (more.empty() ? "" : ",") + std::string(more) + "}";
}

// The body lives as long as the request that views it.
struct Parsed {
  std::string body;
  ChatRequest request;
};

std::unique_ptr<Parsed> parse(std::string body, Surface surface = Surface::kChat) {
  auto out = std::make_unique<Parsed>();
  out->body = std::move(body);
  out->request = parse_chat_request(out->body, surface).value();
  return out;
}

std::string refusal(const std::string& body, Surface surface = Surface::kChat) {
  const auto result = parse_chat_request(body, surface);
  if (result) return "accepted";
  EXPECT_EQ(result.error().fault, Fault::kBadRequest);
  EXPECT_EQ(result.error().side, Side::kDownstream);
  return result.error().detail;
}

TEST(ParseChatRequest, HasDefaults) {
  const auto parsed = parse(with(""));
  const ChatRequest& request = parsed->request;
  EXPECT_EQ(request.root.raw(), parsed->body);
  EXPECT_EQ(request.model, "");
  EXPECT_FALSE(request.stream || request.return_progress || request.include_usage);
  EXPECT_TRUE(request.store);
  EXPECT_EQ(request.choices, 1);
  EXPECT_FALSE(request.max_tokens || request.id_slot);
  EXPECT_TRUE(request.tools.missing());
  EXPECT_EQ(request.tools_hash, 0U);
}

TEST(ParseChatRequest, ReadsTheFieldsWeActOn) {
  const auto parsed =
      parse(with(R"("model":"m\u00e9","stream":true,"stream_options":{"include_usage":true},"n":2,)"
                 R"("max_tokens":5,"id_slot":3,"return_progress":true,"store":false,"tools":[])"));
  const ChatRequest& request = parsed->request;
  EXPECT_EQ(request.model, "m\u00e9");
  EXPECT_TRUE(request.stream && request.return_progress && request.include_usage);
  EXPECT_FALSE(request.store);
  EXPECT_EQ(request.choices, 2);
  EXPECT_EQ(request.max_tokens, 5);
  EXPECT_EQ(request.id_slot, 3);
}

TEST(ParseChatRequest, TakesWrongTypesAsMissing) {
  const auto parsed =
      parse(with(R"("model":3,"stream":null,"stream_options":null,"n":null,"max_tokens":null,)"
                 R"("id_slot":-1,"store":null,"tools":null,"return_progress":"yes")"));
  const ChatRequest& request = parsed->request;
  EXPECT_FALSE(request.stream || request.return_progress || request.include_usage);
  EXPECT_TRUE(request.store);
  EXPECT_EQ(request.choices, 1);
  EXPECT_FALSE(request.max_tokens || request.id_slot);
  EXPECT_EQ(request.tools_hash, 0U);
}

TEST(ParseChatRequest, KnowsEveryNameOfTheTokenLimit) {
  EXPECT_EQ(parse(with(R"("max_tokens":1,"max_completion_tokens":2)"))->request.max_tokens, 2);
  EXPECT_EQ(parse(with(R"("n_predict":4)"))->request.max_tokens, 4);
  EXPECT_EQ(parse(with(R"("max_tokens":-1,"n_predict":-1)"))->request.max_tokens, std::nullopt);
  EXPECT_EQ(parse(with(R"("max_tokens":1e2)"))->request.max_tokens, 100);
  EXPECT_EQ(parse(with(R"("slot_id":2)"))->request.id_slot, 2);
}

TEST(ParseChatRequest, HandsOutMessagesWithTheirBytes) {
  const auto parsed = parse(
      R"({ "messages" : [ {"role":"system","content":"s"} , {"role":"user","content":"u"}]})");
  const ChatRequest& request = parsed->request;
  ASSERT_EQ(request.messages.size(), 2U);
  EXPECT_EQ(request.messages[0].role, "system");
  EXPECT_EQ(request.messages[1].raw.raw(), R"({"role":"user","content":"u"})");
  EXPECT_TRUE(request.messages_raw.is_array());
}

TEST(ParseChatRequest, KnowsWhetherThereIsAnythingButText) {
  const auto media = [](const std::string& content) {
    return holds_media(
        parse(
            R"({"messages":[{"role":"user","content":"\"image_url\""},{"role":"user","content":)" +
            content + "}]}")
            ->request);
  };
  EXPECT_FALSE(media(R"([{"type":"text","text":"input_audio"}])"));
  EXPECT_TRUE(media(R"([{"type":"image_url","image_url":{"url":"x"}}])"));
  EXPECT_TRUE(media(R"([{"type":"text","text":"x"},{"type":"input_audio","input_audio":{}}])"));
  EXPECT_TRUE(media(R"([{"type":"input_video"}])"));
}

TEST(ParseChatRequest, RefusesBodiesWithoutMessages) {
  EXPECT_EQ(refusal("[]"), "the body must be a JSON object");
  EXPECT_EQ(refusal("{}"), "'messages' must be a non-empty array");
  EXPECT_EQ(refusal(R"({"messages":[]})"), "'messages' must be a non-empty array");
  EXPECT_EQ(refusal(R"({"messages":"hi"})"), "'messages' must be a non-empty array");
  EXPECT_EQ(refusal(R"({"messages":[{"role":"user"},3]})"), "'messages[1]' must be an object");
  EXPECT_EQ(refusal(R"({"messages":[{}]})"), "'messages[0].role' must be a string");
  EXPECT_TRUE(refusal("{").starts_with("invalid JSON near byte 1: "));
}

TEST(ParseChatRequest, RefusesFieldsThatAppearTwice) {
  EXPECT_EQ(refusal(with(R"("model":"a","model":"b")")), "'model' appears twice");
  EXPECT_EQ(refusal(with(R"("id_slot":1,"id\u005fslot":2)")), "'id_slot' appears twice");
  EXPECT_EQ(refusal(with(kOne)), "'messages' appears twice");
  EXPECT_EQ(refusal(with(R"("conversation_id":"a","conversation_id":"a")")),
            "'conversation_id' appears twice");
  EXPECT_EQ(refusal(with(R"("seed":1,"seed":2)")), "accepted");
}

TEST(ParseChatRequest, HashesTheNamesOfTools) {
  const auto hash = [](std::string_view tools) {
    return parse(with("\"tools\":" + std::string(tools)))->request.tools_hash;
  };
  const auto first = hash(R"([{"type":"function","function":{"name":"a","description":"x"}}])");
  EXPECT_NE(first, 0U);
  EXPECT_EQ(first, hash(R"([{"type":"function","function":{"name":"a","description":"y"}}])"));
  EXPECT_EQ(first, hash(R"([{"type":"function","name":"a"}])"));
  EXPECT_NE(first, hash(R"([{"type":"function","function":{"name":"b"}}])"));
  EXPECT_NE(hash(R"([{"name":"a"},{"name":"b"}])"), hash(R"([{"name":"b"},{"name":"a"}])"));
}

TEST(ParseChatRequest, ReadsCompletionPrompts) {
  const auto text = parse(R"({"prompt":"Once","n_predict":4})", Surface::kCompletion);
  ASSERT_EQ(text->request.messages.size(), 1U);
  EXPECT_EQ(text->request.messages[0].role, "user");
  EXPECT_EQ(content_text(text->request.messages[0].content), "Once");
  EXPECT_TRUE(text->request.messages_raw.missing());
  const auto tokens = parse(R"({"prompt":[1,2,3]})", Surface::kCompletion);
  EXPECT_EQ(tokens->request.messages[0].content.raw(), "[1,2,3]");
  EXPECT_EQ(refusal("{}", Surface::kCompletion), "'prompt' is required");
}

// As llama-server 0.7.0 counts them.
TEST(ParseChatRequest, CountsTheAnswersThatAreAskedFor) {
  const std::pair<const char*, int> kCases[] = {
      {R"({"prompt":"a","n":2})", 2},
      {R"({"prompt":["a","b"]})", 2},
      {R"({"prompt":["a",[1,2]],"n":2})", 4},
      {R"({"prompt":[[1,2],[3],["a",4]]})", 3},
      {R"({"prompt":["a",1,2]})", 1},
      {R"({"prompt":[1,2],"n_cmpl":3})", 3},
      {R"({"prompt":"a","n":3,"n_cmpl":1})", 1},
      {R"({"prompt":"a","n":3,"n_cmpl":null})", 3},
      {R"({"prompt":[],"n":0})", 1},
      {R"({"prompt":{"prompt_string":"a"},"n":2147483648})", 1},
      {R"({"prompt":["a","b"],"n":2147483647})", 2147483647},
  };
  for (const auto& [body, choices] : kCases) {
    const std::string text = body;
    const auto request = parse_chat_request(text, Surface::kCompletion);
    ASSERT_TRUE(request) << body;
    EXPECT_EQ(request->choices, choices) << body;
  }
}

TEST(ParseChatRequest, TakesLargeBodies) {
  std::string body = R"({"messages":[)";
  const std::string text(6000, 'x');
  for (int i = 0; i < 10000; ++i) {
    if (i > 0) body += ',';
    body += R"({"role":"user","content":")" + text + "\"}";
  }
  body += "]}";
  const auto parsed = parse(std::move(body));
  EXPECT_EQ(parsed->request.messages.size(), 10000U);
}

TEST(ParseChatRequest, AsManyMessagesAsThereMayBe) {
  const std::string message = R"({"role":"user","content":"x"})";
  std::string list = message;
  for (std::size_t i = 1; i < RequestLimits::kMessages; ++i) list += "," + message;
  EXPECT_EQ(refusal("{\"messages\":[" + list + "]}"), "accepted");
  EXPECT_EQ(refusal("{\"messages\":[" + list + "," + message + "]}"),
            "'messages' must hold 100000 elements at most");
}

TEST(ParseChatRequest, APromptOfTokensHasNoLimit) {
  std::string body = R"({"prompt":[1)";
  for (std::size_t i = 0; i < 2 * RequestLimits::kParts; ++i) body += ",1";
  EXPECT_EQ(refusal(body + "]}", Surface::kCompletion), "accepted");
}

}  // namespace
}  // namespace keep::openai
