#include "plugins/identify/conversation_table.hpp"

#include "base/hash.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace keep::identify {
namespace {

using namespace std::chrono_literals;
using Key = ConversationTable::Key;

// A message is a string; those that begin with '<' are answers.
using Talk = std::vector<std::string>;

Fingerprint print_of(const Talk& talk, std::uint64_t tenant = 1, std::uint64_t agent = 1) {
  Fingerprint print;
  print.tenant = tenant;
  print.agent = agent;
  Link link{tenant, tenant};
  for (const std::string& text : talk) {
    link.answer = text.starts_with('<');
    link.message = hash64(text);
    link.chain = hash_combine(link.chain, link.message);
    if (!link.answer) link.asked = hash_combine(link.asked, link.message);
    print.links.push_back(link);
  }
  return print;
}

class ConversationTableTest : public testing::Test {
 protected:
  // A request that runs to its end; no answer means that it broke off.
  Key ask(const Talk& talk, const std::string& answer = "", std::uint64_t agent = 1,
          std::uint64_t tenant = 1) {
    const Fingerprint print = print_of(talk, tenant, agent);
    const Key key = table_.assign(print, now_).key;
    finish(key, print, answer);
    return key;
  }
  void finish(Key key, const Fingerprint& print, const std::string& answer) {
    std::vector<std::uint64_t> answers;
    if (!answer.empty()) answers.push_back(hash64(answer));
    table_.finish(key, print, answers, now_);
  }
  void wait(Duration by) { now_ += by; }

  Instant now_ = Instant() + 1h;
  ConversationTable table_{10000};
};

TEST_F(ConversationTableTest, FollowsAConversation) {
  const Key key = ask({"a"}, "<1");
  EXPECT_EQ(ask({"a", "<1", "b"}, "<2"), key);
  EXPECT_EQ(ask({"a", "<1", "b", "<2", "c"}, "<3"), key);
  EXPECT_EQ(table_.derived(), 1U);
}

TEST_F(ConversationTableTest, OtherOpeningsAreOthers) {
  const Key key = ask({"a"}, "<1");
  EXPECT_NE(ask({"b"}, "<1"), key);
  EXPECT_NE(ask({"a", "x"}, "<1"), key);
  EXPECT_EQ(table_.derived(), 3U);
}

TEST_F(ConversationTableTest, KeepsTenantsApart) {
  const Key key = ask({"a"}, "<1", 1, 1);
  EXPECT_NE(ask({"a", "<1", "b"}, "<2", 1, 2), key);
  EXPECT_EQ(ask({"a", "<1", "b"}, "<2", 1, 1), key);
}

TEST_F(ConversationTableTest, AnEditInTheMiddleIsABranch) {
  const Key key = ask({"a"}, "<1");
  ask({"a", "<1", "b"}, "<2");
  ask({"a", "<1", "b", "<2", "c"}, "<3");
  EXPECT_EQ(ask({"a", "<1", "B"}, "<4"), key);
  EXPECT_EQ(ask({"a", "<1", "B", "<4", "d"}, "<5"), key);
  EXPECT_EQ(ask({"a", "<1", "b", "<2", "c", "<3", "d"}, "<6"), key);  // and back again
}

TEST_F(ConversationTableTest, ARegenerateIsTheSame) {
  const Key key = ask({"a"}, "<1");
  EXPECT_EQ(ask({"a"}, "<1 again"), key);
  EXPECT_EQ(ask({"a", "<1 again", "b"}, "<2"), key);
  EXPECT_EQ(ask({"a", "<1 again", "b"}, "<2 again"), key);
  EXPECT_EQ(ask({"a", "<1 again", "b", "<2 again", "c"}, "<3"), key);
}

TEST_F(ConversationTableTest, ARetryAfterAFailureIsTheSame) {
  const Key key = ask({"a"});
  wait(5min);
  EXPECT_EQ(ask({"a"}, "<1"), key);
  ask({"a", "<1", "b"});
  EXPECT_EQ(ask({"a", "<1", "b"}, "<2"), key);
}

TEST_F(ConversationTableTest, AnOpeningAgainMuchLaterIsNew) {
  const Key key = ask({"a"}, "<1");
  wait(31s);
  EXPECT_NE(ask({"a"}, "<1"), key);
}

TEST_F(ConversationTableTest, AnOpeningThatHasGoneOnIsNew) {
  const Key key = ask({"a"}, "<1");
  ask({"a", "<1", "b"}, "<2");
  const Key other = ask({"a"}, "<1");
  EXPECT_NE(other, key);
  EXPECT_EQ(ask({"a", "<1", "c"}, "<3"), other);  // it has not gone on from there, the first has
  EXPECT_EQ(ask({"a", "<1", "b", "<2", "d"}, "<4"), key);
}

TEST_F(ConversationTableTest, ARunningRequestIsNobodyElses) {
  const Fingerprint print = print_of({"a"});
  std::set<Key> keys;
  for (int i = 0; i < 8; ++i) keys.insert(table_.assign(print, now_).key);
  EXPECT_EQ(keys.size(), 8U);
  for (const Key key : keys) finish(key, print, "<1");
  // Each goes on as one of them, all with the same answer.
  std::set<Key> next;
  for (int i = 0; i < 8; ++i) next.insert(ask({"a", "<1", "b" + std::to_string(i)}, "<2"));
  EXPECT_EQ(next, keys);
  // One of them lets its last turn be answered anew.
  const Key again = ask({"a", "<1", "b3"}, "<2 again");
  EXPECT_EQ(ask({"a", "<1", "b3", "<2", "c"}, "<3"), again);
  EXPECT_TRUE(keys.contains(again));
}

TEST_F(ConversationTableTest, ClientsThatHidBehindOneOpeningAreSplit) {
  const Key one = ask({"hi"}, "<hello");
  EXPECT_EQ(ask({"hi"}, "<hello"), one);  // looks like a retry
  EXPECT_EQ(ask({"hi"}, "<hello"), one);
  std::set<Key> keys;
  for (const char* text : {"x", "y", "z"}) keys.insert(ask({"hi", "<hello", text}, "<2"));
  EXPECT_EQ(keys.size(), 3U);
  EXPECT_TRUE(keys.contains(one));
}

TEST_F(ConversationTableTest, ExamplesInFrontAreNoHistory) {
  // Few-shot examples and greetings are the same in every request.
  const Key one = ask({"ex", "<ex", "q1"}, "<1");
  const Key two = ask({"ex", "<ex", "q2"}, "<2");
  EXPECT_NE(one, two);
  EXPECT_NE(ask({"<greeting", "hi"}, "<3"), ask({"<greeting", "hello"}, "<4"));
  EXPECT_EQ(ask({"ex", "<ex", "q1", "<1", "more"}, "<5"), one);
}

TEST_F(ConversationTableTest, RewrittenAnswersStillMatch) {
  const Key key = ask({"a"}, "<1");
  EXPECT_EQ(ask({"a", "<rewritten", "b"}, "<2"), key);
  EXPECT_EQ(ask({"a", "<rewritten", "b", "<anew", "c"}, "<3"), key);
  EXPECT_EQ(ask({"a", "<again", "b", "<differently", "c", "<each time", "d"}, "<4"), key);
}

TEST_F(ConversationTableTest, AnAnswerThatBrokeOffMatches) {
  const Key key = ask({"a"}, "<1");
  ask({"a", "<1", "b"});  // the client left
  EXPECT_EQ(ask({"a", "<1", "b", "<half of", "c"}, "<2"), key);
}

TEST_F(ConversationTableTest, RewrittenAnswersOfTwoAreNobodys) {
  const Key one = ask({"a"}, "<1");
  wait(1min);
  const Key two = ask({"a"}, "<2");
  const Key other = ask({"a", "<rewritten", "b"}, "<3");
  EXPECT_NE(other, one);
  EXPECT_NE(other, two);
}

TEST_F(ConversationTableTest, AnotherAgentWithTheSameTextIsAnother) {
  const Key one = ask({"hi"}, "<hello", 1);
  const Key two = ask({"hi"}, "<hello", 2);
  EXPECT_NE(one, two);
  EXPECT_EQ(ask({"hi", "<hello", "x"}, "<2", 2), two);
  EXPECT_EQ(ask({"hi", "<hello", "y"}, "<2", 1), one);
}

TEST_F(ConversationTableTest, AChangedSystemPromptStaysTheConversation) {
  const Key key = ask({"a"}, "<1", 1);
  EXPECT_EQ(ask({"a", "<1", "b"}, "<2", 2), key);
  EXPECT_EQ(ask({"a", "<1", "b", "<2", "c"}, "<3", 3), key);
}

TEST_F(ConversationTableTest, ForgetsTheOldestAndStaysBounded) {
  ConversationTable table(100);
  std::vector<Key> keys;
  for (int i = 0; i < 1000; ++i) {
    const auto print = print_of({std::to_string(i)});
    keys.push_back(table.assign(print, now_).key);
    const std::uint64_t answers[] = {hash64("<1")};
    table.finish(keys.back(), print, answers, now_);
  }
  EXPECT_EQ(table.derived(), 100U);
  EXPECT_LE(table.marks(), 400U);
  EXPECT_EQ(table.assign(print_of({"999", "<1", "x"}), now_).key, keys.back());
  EXPECT_NE(table.assign(print_of({"0", "<1", "x"}), now_).key, keys.front());
}

TEST_F(ConversationTableTest, AForgottenRequestFinishesQuietly) {
  ConversationTable table(1);
  const auto print = print_of({"a"});
  const Key key = table.assign(print, now_).key;
  table.note_explicit(7, 0, now_);
  table.finish(key, print, {}, now_);
  EXPECT_EQ(table.derived(), 0U);
  EXPECT_EQ(table.with_id(), 1U);
  table.assign(print, now_);
  EXPECT_EQ(table.with_id(), 0U);
  EXPECT_EQ(table.marks(), 1U);
}

TEST_F(ConversationTableTest, ALongConversationIsBounded) {
  Talk talk;
  Key key = 0;
  for (int i = 0; i < 500; ++i) {
    talk.push_back("q" + std::to_string(i));
    const Key now = ask(talk, "<" + std::to_string(i));
    ASSERT_TRUE(i == 0 || now == key) << i;
    key = now;
    talk.push_back("<" + std::to_string(i));
  }
  EXPECT_LE(table_.marks(), ConversationTable::kMaxMarks + ConversationTable::kMaxAsked +
                                ConversationTable::kMaxRetold + 1);
  // Edits near the end and far back still find home.
  talk.resize(talk.size() - 2);
  talk.push_back("edited");
  EXPECT_EQ(ask(talk, "<x"), key);
  EXPECT_EQ(ask({"q0", "<0", "edited"}, "<x"), key);
}

TEST_F(ConversationTableTest, KeepsIdsOverFiftyTurnsAmongOthersWithTheSameOpening) {
  constexpr int kTalks = 200;
  constexpr int kTurns = 50;
  std::vector<Talk> talks(kTalks, Talk{"hello"});
  std::vector<Key> keys(kTalks);
  const Fingerprint opening = print_of({"hello"});
  for (Key& key : keys) key = table_.assign(opening, now_).key;
  for (int i = 0; i < kTalks; ++i) {
    const std::string answer = "<hello " + std::to_string(i % 3);  // few different answers
    finish(keys[static_cast<std::size_t>(i)], opening, answer);
    talks[static_cast<std::size_t>(i)].push_back(answer);
  }
  std::map<Key, int> owner;
  for (int turn = 1; turn < kTurns; ++turn) {
    wait(1s);
    for (int i = 0; i < kTalks; ++i) {
      const int who = (i * 7 + turn * 13) % kTalks;
      Talk& talk = talks[static_cast<std::size_t>(who)];
      talk.push_back(turn < 3 ? "go on as " + std::to_string(who) : "go on");
      const std::string answer = "<ok";
      const Key key = ask(talk, answer);
      talk.push_back(answer);
      if (turn == 1) {
        EXPECT_TRUE(owner.emplace(key, who).second) << "two conversations share an id";
      }
      ASSERT_EQ(owner[key], who) << "turn " << turn;
    }
  }
  EXPECT_EQ(table_.derived(), static_cast<std::size_t>(kTalks));
}

TEST_F(ConversationTableTest, ThousandInterleavedStayApart) {
  constexpr int kTalks = 1000;
  std::vector<Talk> talks(kTalks);
  std::vector<Key> keys(kTalks);
  for (int turn = 0; turn < 5; ++turn) {
    for (std::size_t i = 0; i < kTalks; ++i) {
      talks[i].push_back("I am " + std::to_string(i) + " at " + std::to_string(turn));
      const Key key = ask(talks[i], "<noted");
      talks[i].push_back("<noted");
      if (turn == 0) keys[i] = key;
      ASSERT_EQ(key, keys[i]);
    }
  }
  EXPECT_EQ(std::set<Key>(keys.begin(), keys.end()).size(), 1000U);
}

TEST_F(ConversationTableTest, WhoOpensWithoutEndLosesItsOwn) {
  ConversationTable table(100);
  const Talk quiet{"hello from the quiet one"};
  const Fingerprint print = print_of(quiet, 1);
  const Key key = table.assign(print, now_).key;
  const std::vector<std::uint64_t> answers{hash64("<ok")};
  table.finish(key, print, answers, now_);
  for (int i = 0; i < 1000; ++i) {
    table.note_explicit(1000 + static_cast<Key>(i), 2, now_);
    const Fingerprint loud = print_of({"loud " + std::to_string(i)}, 2);
    table.finish(table.assign(loud, now_).key, loud, answers, now_);
  }
  EXPECT_EQ(table.derived() + table.with_id(), 100U);
  EXPECT_EQ(table.find(print_of({quiet.front(), "<ok", "go on"}, 1)), key);
}

}  // namespace
}  // namespace keep::identify
