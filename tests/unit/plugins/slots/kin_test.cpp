// Which slot a conversation gets by what its prompt shares with what is there.
#include "tests/unit/plugins/slots/fakes.hpp"

#include <gtest/gtest.h>

namespace keep::slots::test {
namespace {

class KinTest : public SlotsFixture {
 protected:
  using Texts = std::vector<std::string>;
  static std::string text(char letter, std::size_t bytes) { return std::string(bytes, letter); }
  // System message first, then user and assistant in turn.
  Client& say(const std::string& conversation, const Texts& texts) {
    Client& c = client(conversation);
    std::string body = R"({"messages":[{"role":"system","content":")" + texts[0] + "\"}";
    for (std::size_t i = 1; i < texts.size(); ++i) {
      body += R"(,{"role":")" + std::string(i % 2 == 1 ? "user" : "assistant") +
              R"(","content":")" + texts[i] + "\"}";
    }
    c.body(body + R"(],"max_tokens":10})");
    return route(c);
  }
  // About a token for each four bytes. -> its slot
  int hold(const std::string& conversation, const Texts& texts) {
    std::size_t bytes = 0;
    for (const std::string& part : texts) bytes += part.size();
    Client& c = say(conversation, texts);
    const int slot = c.slot();
    answer(c, static_cast<std::int64_t>(bytes / 4), 1);
    return slot;
  }
};

TEST_F(KinTest, SharedBeginningBeatsAFreeSlotWhenItPays) {
  add_upstream(4);
  start();
  const int first = hold("a", {text('s', 4000), text('a', 400)});
  EXPECT_EQ(say("b", {text('s', 4000), text('b', 400)}).slot(), first);
}

TEST_F(KinTest, NotWhenMoreIsLostThanGained) {
  add_upstream(4);
  start();
  const int first = hold("a", {text('s', 400), text('a', 4000)});
  EXPECT_NE(say("b", {text('s', 400), text('b', 400)}).slot(), first);
}

TEST_F(KinTest, LongestPrefixOfSeveral) {
  add_upstream(3);
  start();
  hold("a", {text('s', 4000), text('a', 400)});
  hold("x", {text('x', 4000), text('a', 400)});
  const int right = hold("y", {text('y', 4000), text('a', 4000), text('b', 100)});
  EXPECT_EQ(say("z", {text('y', 4000), text('a', 4000), text('c', 100)}).slot(), right)
      << "not the least recently used one";
}

TEST_F(KinTest, ThreadThatComesBackIsDearer) {
  add_upstream(4);
  start();
  hold("a", {text('s', 2000), text('a', 800)});
  const int first = hold("a", {text('s', 2000), text('a', 800), text('b', 40), text('c', 40)});
  EXPECT_NE(say("b", {text('s', 2000), text('d', 400)}).slot(), first);
}

// A question that was decorated in one request and is plain in the next is a new conversation to
// whoever goes by content.
TEST_F(KinTest, SameConversationUnderAnotherNameGoesOnInItsSlot) {
  add_upstream(4);
  start();
  Texts texts{text('s', 200), text('q', 400), text('a', 400), text('r', 900)};
  hold("one", texts);
  const int slot = hold("one", texts);  // it counts as one that comes back
  texts[3] = text('r', 100);            // plain now
  texts.insert(texts.end(), {text('b', 400), text('t', 900)});
  EXPECT_EQ(say("two", texts).slot(), slot);
}

TEST_F(KinTest, TenantsDoNotShare) {
  add_upstream(4);
  start();
  const int first = hold("a", {text('s', 4000), text('a', 400)});
  Client& c = client("b", "another");
  c.body(R"({"messages":[{"role":"system","content":")" + text('s', 4000) + R"("}]})");
  EXPECT_NE(route(c).slot(), first);
}

}  // namespace
}  // namespace keep::slots::test
