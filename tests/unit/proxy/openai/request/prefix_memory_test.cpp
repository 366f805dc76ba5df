#include "openai/request/prefix_memory.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace keep::openai {
namespace {

const std::string kLong(PrefixMemory::kMinBody, 'x');

std::string user(const std::string& text) { return R"({"role":"user","content":")" + text + "\"}"; }
std::string answer(const std::string& text) {
  return R"({"content":")" + text + R"(","role":"assistant"})";
}
std::string chat(const std::vector<std::string>& messages, const std::string& gap = ",",
                 const std::string& end = R"(],"stream":true})") {
  std::string body = R"({"model":"m","messages":[)";
  for (std::size_t i = 0; i < messages.size(); ++i) body += (i == 0 ? "" : gap) + messages[i];
  return body + end;
}

void expect_same(const ChatRequest& a, const ChatRequest& b) {
  EXPECT_EQ(a.root.raw(), b.root.raw());
  EXPECT_EQ(a.messages_raw.raw(), b.messages_raw.raw());
  EXPECT_EQ(a.fields.size(), b.fields.size());
  EXPECT_EQ(a.model, b.model);
  EXPECT_EQ(a.stream, b.stream);
  EXPECT_EQ(a.tools_hash, b.tools_hash);
  EXPECT_EQ(a.max_tokens, b.max_tokens);
  ASSERT_EQ(a.messages.size(), b.messages.size());
  for (std::size_t i = 0; i < a.messages.size(); ++i) {
    const Message& x = a.messages[i];
    const Message& y = b.messages[i];
    EXPECT_EQ(x.role, y.role);
    EXPECT_EQ(x.raw.raw().data(), y.raw.raw().data());
    EXPECT_EQ(x.raw.raw().size(), y.raw.raw().size());
    EXPECT_EQ(x.content.raw(), y.content.raw());
    EXPECT_EQ(x.hash, y.hash);
    EXPECT_EQ(x.raw_hash, y.raw_hash);
    EXPECT_EQ(x.text_bytes, y.text_bytes);
    EXPECT_EQ(x.media, y.media);
    EXPECT_EQ(x.calls, y.calls);
  }
}

// Whatever is remembered, a body is read as if nothing were.
void expect_read_alike(const std::string& body, PrefixMemory& memory,
                       Surface surface = Surface::kChat) {
  const auto anew = parse_chat_request(body, surface);
  const auto remembered = parse_chat_request(body, surface, memory);
  ASSERT_EQ(anew.has_value(), remembered.has_value()) << body;
  if (anew) return expect_same(*anew, *remembered);
  EXPECT_EQ(anew.error().detail, remembered.error().detail);
  EXPECT_EQ(anew.error().fault, remembered.error().fault);
}

TEST(PrefixMemory, KnowsAllMessagesOfAConversationThatGoesOn) {
  PrefixMemory memory;
  const std::string before = chat({user(kLong), answer("a"), user("b")});
  EXPECT_EQ(memory.find(before, Surface::kChat).messages.size(), 0U);
  expect_read_alike(before, memory);
  const std::string next = chat({user(kLong), answer("a"), user("b"), answer("c"), user("d")});
  const auto known = memory.find(next, Surface::kChat);
  EXPECT_EQ(known.messages.size(), 3U);
  EXPECT_EQ(known.bytes, before.rfind("]"));
  expect_read_alike(next, memory);
  EXPECT_EQ(memory.find(next, Surface::kChat).messages.size(), 5U);
}

TEST(PrefixMemory, FollowsTheBranchThatIsSent) {
  PrefixMemory memory;
  const std::string left = chat({user(kLong), user("one"), user("two")});
  const std::string right = chat({user(kLong), user("another"), user("three")});
  const std::string spaced = chat({user(kLong), user("one"), user("two")}, " ,\n ");
  for (const std::string& body : {left, right, spaced}) expect_read_alike(body, memory);
  for (const std::string& body : {left, right, spaced, left}) {
    EXPECT_EQ(memory.find(body, Surface::kChat).messages.size(), 3U);
    expect_read_alike(body, memory);
  }
  const std::string fork = chat({user(kLong), user("one"), user("TWO")});
  EXPECT_EQ(memory.find(fork, Surface::kChat).messages.size(), 2U);
}

TEST(PrefixMemory, KnowsNothingOfOtherHeadsSurfacesAndSmallBodies) {
  PrefixMemory memory;
  const std::string body = chat({user(kLong)});
  expect_read_alike(body, memory);
  std::string other = body;
  other.replace(other.find("\"m\""), 3, "\"n\"");
  EXPECT_EQ(memory.find(other, Surface::kChat).bytes, 0U);
  EXPECT_EQ(memory.find(body, Surface::kCompletion).bytes, 0U);
  expect_read_alike(chat({user("small")}), memory);
  EXPECT_EQ(memory.find(chat({user("small")}), Surface::kChat).bytes, 0U);
}

TEST(PrefixMemory, TellsHowMuchOfTheMessagesIsKnown) {
  PrefixMemory memory;
  const std::string before = chat({user(kLong), answer("a")});
  const std::size_t messages = before.rfind(']') - before.find('[');
  EXPECT_EQ(parse_chat_request(before, Surface::kChat, memory)->known_bytes, 0U);
  EXPECT_EQ(parse_chat_request(before, Surface::kChat, memory)->known_bytes, messages);
  const std::string next = chat({user(kLong), answer("a"), user("b")});
  EXPECT_EQ(parse_chat_request(next, Surface::kChat, memory)->known_bytes, messages);
  EXPECT_EQ(parse_chat_request(next, Surface::kChat)->known_bytes, 0U);
}

TEST(PrefixMemory, KnowsWhichMessagesHaveCalls) {
  PrefixMemory memory;
  const std::string call = R"({"role":"assistant","content":null,"tool_calls":[{"id":"c"}]})";
  const std::string none = R"({"role":"assistant","content":"a","tool_calls":[]})";
  const std::string body = chat({user(kLong), call, none, answer("a")});
  for (int i = 0; i < 2; ++i) {
    const auto request = parse_chat_request(body, Surface::kChat, memory);
    ASSERT_EQ(request->messages.size(), 4U);
    for (std::size_t at = 0; at < 4; ++at) EXPECT_EQ(request->messages[at].calls, at == 1) << at;
  }
}

// The faults of a body stay its own, wherever they are.
TEST(PrefixMemory, RefusesWhatIsRefusedWithoutIt) {
  PrefixMemory memory;
  const std::vector<std::string> said{user(kLong), answer("a")};
  expect_read_alike(chat(said), memory);
  for (const std::string end :
       {"]", "}", "", "]}}", "]} x", ",]}", "],}", R"(],"messages":[]})", R"(],"model":"n"})",
        "]]}", R"(,{"role":1}]})", R"(,{"role":"user","role":"user"}]})",
        R"(,{"role":"user","content":"\x"}]})", R"(,3]})", R"(,{"role":"user"},]})",
        R"(],"a":tru})", "],\"\xff\":1}", R"(],"a":1e999})"}) {
    SCOPED_TRACE(end);
    expect_read_alike(chat(said, ",", end), memory);
  }
  expect_read_alike("[1," + kLong + "]", memory);
  expect_read_alike(R"({"messages":")" + kLong + "\"}", memory);
  expect_read_alike(R"({"messages":)" + kLong, memory);
}

TEST(PrefixMemory, HoldsNoMoreThanItMay) {
  constexpr std::size_t kNodes = 64, kMoved = 10;  // of a body here, in either generation
  PrefixMemory memory(kNodes);
  for (int i = 0; i < 100; ++i) {
    const std::string name = std::to_string(i);
    expect_read_alike(chat({user(kLong), user(name), answer(name), user("more")}), memory);
    EXPECT_LE(memory.size(), kNodes + kMoved);
  }
  const std::string last = chat({user(kLong), user("99"), answer("99"), user("more")});
  EXPECT_EQ(memory.find(last, Surface::kChat).messages.size(), 4U);
  const std::vector<std::string> many(2 * kNodes, user("m"));
  expect_read_alike(chat(many, "," + std::string(64, ' ')), memory);
  EXPECT_LE(memory.size(), kNodes + kMoved);
}

// Conversations that grow, branch, shrink and are damaged at random.
TEST(PrefixMemory, IsNeverSeenInWhatIsRead) {
  PrefixMemory memory(256);
  std::mt19937 random(7);
  const auto below = [&random](std::size_t n) { return random() % n; };
  std::vector<std::string> said{user(kLong)};
  for (int i = 0; i < 2000; ++i) {
    if (said.size() > 1 && below(4) == 0) said.resize(1 + below(said.size() - 1));
    const std::string text(below(40), static_cast<char>('a' + below(3)));
    said.push_back(below(2) == 0 ? user(text + "\\n") : answer(text));
    std::string body = chat(said, below(5) == 0 ? ", " : ",");
    if (below(3) == 0) body[below(body.size())] = "\"\\{}[],: x"[below(10)];
    if (below(8) == 0) body.resize(below(body.size()));
    expect_read_alike(body, memory);
  }
}

}  // namespace
}  // namespace keep::openai
