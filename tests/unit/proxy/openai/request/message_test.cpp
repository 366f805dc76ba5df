#include "openai/request/message.hpp"

#include <gtest/gtest.h>

namespace keep::openai {
namespace {

// Keeps the text alive that the views of the last message point into.
Message chat(const std::string& text) {
  static std::string kept;
  kept = text;
  return read_chat_message(json::Value(kept), "m").value();
}

std::uint64_t hash_of(const std::string& text) { return chat(text).hash; }

TEST(ReadChatMessage, ReadsRoleAndContent) {
  const std::string text = R"( {"content":"hi \u00e9","role":"user","name":"n"} )";
  const Message message = read_chat_message(json::Value(text), "m").value();
  EXPECT_EQ(message.role, "user");
  EXPECT_EQ(message.content.raw(), R"("hi \u00e9")");
  EXPECT_EQ(message.raw.raw(), text.substr(1, text.size() - 2));
  EXPECT_EQ(message.text_bytes, 5U);
}

TEST(ReadChatMessage, RefusesWithAPlace) {
  const auto detail = [](const char* text) {
    const auto result = read_chat_message(json::Value(text), "messages[2]");
    return result ? "fine" : result.error().detail;
  };
  EXPECT_EQ(detail("3"), "'messages[2]' must be an object");
  EXPECT_EQ(detail("{}"), "'messages[2].role' must be a string");
  EXPECT_EQ(detail(R"({"role":1})"), "'messages[2].role' must be a string");
  EXPECT_EQ(detail(R"({"role":"user","role":"user"})"), "'messages[2].role' appears twice");
  EXPECT_EQ(detail(R"({"role":"user","content":"a","content":"b"})"),
            "'messages[2].content' appears twice");
}

TEST(MessageHash, ComparesTextNotForm) {
  const std::uint64_t plain = hash_of(R"({"role":"user","content":"hi"})");
  EXPECT_EQ(plain, hash_of(R"({"content":"\u0068i" , "role":"user"})"));
  EXPECT_EQ(plain, hash_of(R"({"role":"user","content":[{"type":"text","text":"hi"}]})"));
  EXPECT_EQ(plain, hash_of(R"({"role":"user","content":"hi","name":"x"})"));
  EXPECT_EQ(hash_of(R"({"role":"user","content":"a\nb"})"),
            hash_of(R"({"role":"user","content":[{"text":"a","type":"text"},)"
                    R"({"type":"text","text":"b"}]})"));
}

TEST(MessageHash, TellsMessagesApart) {
  const std::uint64_t plain = hash_of(R"({"role":"user","content":"hi"})");
  EXPECT_NE(plain, hash_of(R"({"role":"system","content":"hi"})"));
  EXPECT_NE(plain, hash_of(R"({"role":"user","content":"hi "})"));
  EXPECT_NE(plain, hash_of(R"({"role":"user","content":[{"type":"text","text":"hi"},)"
                           R"({"type":"image_url","image_url":{"url":"u"}}]})"));
  EXPECT_NE(hash_of(R"({"role":"tool","content":"1","tool_call_id":"a"})"),
            hash_of(R"({"role":"tool","content":"1","tool_call_id":"b"})"));
}

TEST(MessageHash, OfAnAnswerIsTheAnswerHash) {
  EXPECT_EQ(hash_of(R"({"role":"assistant","content":"Hello,  you\n"})"),
            answer_hash("Hello, you"));
  EXPECT_EQ(hash_of(R"({"role":"assistant","content":"hi","reasoning_content":"hm"})"),
            answer_hash("<think>\nhm</think>\n\nhi"));
  EXPECT_EQ(hash_of(R"({"role":"assistant","content":null})"), answer_hash(""));
  const std::string calls =
      R"({"role":"assistant","content":"","tool_calls":[)"
      R"({"id":"1","function":{"name":"a","arguments":"{}"}},{"function":{"name":"b"}}]})";
  const std::string names[] = {"a", "b"};
  EXPECT_EQ(hash_of(calls), answer_hash("", names));
  EXPECT_NE(hash_of(calls), answer_hash(""));
}

TEST(MessageOfPrompt, IsAUserMessage) {
  const std::string prompt = "\"Once\"";
  const Message message = message_of_prompt(json::Value(prompt));
  EXPECT_EQ(message.role, "user");
  EXPECT_EQ(message.raw.raw(), prompt);
  EXPECT_EQ(message.hash, hash_of(R"({"role":"user","content":"Once"})"));
  EXPECT_NE(message_of_prompt(json::Value("[1,2]")).hash,
            message_of_prompt(json::Value("[1,3]")).hash);
}

TEST(ContentText, JoinsTextParts) {
  EXPECT_EQ(content_text(json::Value(R"("a\tb")")), "a\tb");
  EXPECT_EQ(content_text(json::Value(R"([{"type":"text","text":"a"},{"type":"image_url"},)"
                                     R"({"type":"text","text":""},{"type":"text","text":"b"}])")),
            "a\n\nb");
  EXPECT_EQ(content_text(json::Value("null")), "");
  EXPECT_EQ(content_text(json::Value()), "");
  EXPECT_EQ(content_text(json::Value("[]")), "");
}

TEST(NormalizedAnswer, CollapsesWhiteSpace) {
  EXPECT_EQ(normalized_answer(" a \n\t b\r\n"), "a b");
  EXPECT_EQ(normalized_answer(""), "");
  EXPECT_EQ(normalized_answer(" \n "), "");
}

TEST(NormalizedAnswer, CollapsesWhiteSpaceAtEveryPlace) {
  const std::string words = "the quick brown fox jumps over the lazy dog and runs away";
  for (std::size_t at = 0; at < words.size(); ++at) {
    for (const char* space : {" ", "\t", "\r\n", " \v ", "\f"}) {
      const std::string rest = words.substr(at);
      const std::string before = words.substr(0, at);
      const std::string wide = before + (at == 0 ? "" : "|") + space + space + rest + space;
      const std::string normal = at == 0 ? rest : before + "| " + rest;
      const bool doubled = rest.front() == ' ';
      EXPECT_EQ(normalized_answer(wide), doubled ? before + "|" + rest : normal);
    }
  }
}

TEST(NormalizedAnswer, DropsReasoning) {
  EXPECT_EQ(normalized_answer("<think>hm\nhm</think>\n\nyes"), "yes");
  EXPECT_EQ(normalized_answer("hm</think>yes"), "yes");
  EXPECT_EQ(normalized_answer("a <think>x</think> b<think>y</think>c"), "a bc");
  EXPECT_EQ(normalized_answer("\n<think>cut while thinking"), "");
  EXPECT_EQ(normalized_answer("Write the <think> tag first"), "Write the <think> tag first");
  EXPECT_EQ(normalized_answer("hm</think>a<think>b</think>c</think>d"), "ac</think>d");
}

TEST(NormalizedAnswer, IsLinearInOpenTags) {
  std::string text;
  for (int i = 0; i < 200000; ++i) text += "<think>";
  EXPECT_EQ(normalized_answer(text), "");
  EXPECT_EQ(normalized_answer(text + "</think>a"), "a");
}

}  // namespace
}  // namespace keep::openai
