// Clients that decorate the newest turn and send it plain later: through the whole plugin.
#include "openai/request/message.hpp"
#include "plugins/identify/identify_plugin.hpp"
#include "tests/unit/plugins/plugin_harness.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace keep::identify {
namespace {

using Turns = std::vector<std::pair<std::string, std::string>>;
using Decorate = std::function<std::string(const std::string&)>;

std::string with_notes(const std::string& text) {
  return "### Task: answer from the notes.\n<notes>\nThe sea is " + std::to_string(text.size()) +
         " deep.\n</notes>\n\n" + text;
}

class DecoratedTurn : public testing::Test {
 protected:
  // -> conversation
  std::string run(const Turns& turns, const std::string& answer = "OK.", Headers headers = {},
                  const std::string& tenant = "t") {
    auto exchange =
        harness_.begin(test::make_exchange(test::chat_body(turns), tenant, std::move(headers)));
    exchange.request();
    test::set_answer(*exchange, answer);
    exchange.finish();
    return exchange->identity.conversation;
  }

  struct Chat {
    std::string question, answer;
    Decorate decorate = with_notes;
    std::string tenant = "t";
    Turns turns{};
    std::set<std::string> ids{};
    std::string last_id{};
  };
  // The next turn: decorated now, plain from then on.
  void go_on(Chat& chat, const std::string& more = "") {
    const std::string plain = chat.question + more;
    chat.turns.emplace_back("user", chat.decorate(plain));
    chat.last_id = run(chat.turns, chat.answer, {}, chat.tenant);
    chat.ids.insert(chat.last_id);
    chat.turns.back().second = plain;
    chat.turns.emplace_back("assistant", chat.answer);
  }
  void expect_one(Decorate decorate) {
    Chat chat{"Where do the herons nest", "OK.", std::move(decorate)};
    for (int i = 0; i < 10; ++i) go_on(chat, " in year " + std::to_string(i) + "?");
    EXPECT_EQ(chat.ids.size(), 1U);
  }

  test::PluginHarness harness_{[](Services& s) { return make_identify({}, s); }};
};

TEST_F(DecoratedTurn, IsOneConversation) {
  expect_one(with_notes);
  expect_one([](const std::string& text) { return text + "\n<reminder>Be brief.</reminder>"; });
  expect_one([n = 0](const std::string& text) mutable {
    return "[10:0" + std::to_string(n++) + "] " + text;
  });
  expect_one([](const std::string& text) {
    std::string book;
    for (int i = 0; i < 5000; ++i) book += "word" + std::to_string(i) + (i % 9 == 0 ? "\n" : " ");
    return book + "\n" + text;
  });
}

TEST_F(DecoratedTurn, LookAlikesStayApart) {
  Chat one{"Where do herons nest?", "OK."}, two{"Where do otters nest?", "OK."};
  for (int i = 0; i < 10; ++i) {
    go_on(one);
    go_on(two);
  }
  EXPECT_EQ(one.ids.size(), 1U);
  EXPECT_EQ(two.ids.size(), 1U);
  EXPECT_NE(one.ids, two.ids);
}

TEST_F(DecoratedTurn, TenantsStayApart) {
  Chat one{"Where do herons nest?", "OK."}, two = one;
  two.tenant = "u";
  for (int i = 0; i < 5; ++i) {
    go_on(one);
    go_on(two);
  }
  EXPECT_EQ(one.ids.size(), 1U);
  EXPECT_EQ(two.ids.size(), 1U);
  EXPECT_NE(one.ids, two.ids);
}

// The same question, the same answer, other notes: what comes next could be of either.
TEST_F(DecoratedTurn, OfTwinsNeitherIsTaken) {
  Chat one{"hi", "Hello!", [](const std::string& text) { return "Notes A\n" + text; }};
  Chat two{"hi", "Hello!", [](const std::string& text) { return "Notes B\n" + text; }};
  for (int i = 0; i < 4; ++i) {
    go_on(one);
    go_on(two);
    EXPECT_NE(one.last_id, two.last_id);
  }
  for (const std::string& id : one.ids) EXPECT_FALSE(two.ids.contains(id));
}

TEST_F(DecoratedTurn, LongQuestionsThatBeginAlikeStayApart) {
  std::string form;
  for (int i = 0; i < 200; ++i) form += "Rule " + std::to_string(i) + " holds. ";
  std::vector<Chat> chats;
  std::set<std::string> ids;
  for (int i = 0; i < 40; ++i)
    chats.push_back(Chat{form + "Sort item " + std::to_string(i), "OK."});
  for (int turn = 0; turn < 3; ++turn) {
    for (Chat& chat : chats) go_on(chat);
  }
  for (const Chat& chat : chats) {
    EXPECT_EQ(chat.ids.size(), 1U);
    ids.insert(chat.ids.begin(), chat.ids.end());
  }
  EXPECT_EQ(ids.size(), chats.size());
}

TEST_F(DecoratedTurn, OfTooManyThatAreAlikeNoneIsTaken) {
  std::vector<std::string> ids;
  for (int i = 0; i < 300; ++i) {
    ids.push_back(run({{"user", with_notes("Where does number " + std::to_string(i) + " nest?")}}));
  }
  const std::string next =
      run({{"user", "Where does number 7 nest?"}, {"assistant", "OK."}, {"user", "Why?"}});
  EXPECT_EQ(std::ranges::count(ids, next), 0);
  // What they say word for word still finds them.
  EXPECT_EQ(run({{"user", with_notes("Where does number 7 nest?")},
                 {"assistant", "OK."},
                 {"user", "Why?"}}),
            ids[7]);
}

TEST_F(DecoratedTurn, ARegenerateIsTheSameWhateverIsAlike) {
  const auto wait = [this] { harness_.clock().turn(std::chrono::minutes(1)); };
  const std::string id = run({{"user", "hi"}});
  const Turns last = {{"user", "hi"}, {"assistant", "OK."}, {"user", "Where to?"}};
  EXPECT_EQ(run(last, "North."), id);
  for (const char* notes : {"Notes A\nhi", "Notes B\nhi"}) {
    wait();
    run({{"user", notes}});
  }
  EXPECT_EQ(run(last, "South."), id);
}

// One after the other they are told apart by who has gone on.
TEST_F(DecoratedTurn, ALaterTwinIsAConversationOfItsOwn) {
  Chat one{"hi", "Hello!", [](const std::string& text) { return "Notes A\n" + text; }};
  Chat two{"hi", "Hello!", [](const std::string& text) { return "Notes B\n" + text; }};
  for (int i = 0; i < 5; ++i) go_on(one);
  for (int i = 0; i < 5; ++i) go_on(two);
  EXPECT_EQ(one.ids.size(), 1U);
  EXPECT_EQ(two.ids.size(), 1U);
  EXPECT_NE(one.ids, two.ids);
  // The first one's client goes back to its second turn.
  one.turns.resize(2);
  go_on(one, ", anew");
  EXPECT_FALSE(two.ids.contains(one.last_id));
}

TEST_F(DecoratedTurn, TwoBehindOneOpeningAreSplit) {
  Chat one{"hi", "Hello!"}, two = one;
  go_on(one);
  go_on(two);  // looks like a retry
  EXPECT_EQ(one.last_id, two.last_id);
  go_on(one, ", I am Ann");
  go_on(two, ", I am Bob");
  EXPECT_NE(one.last_id, two.last_id);
}

TEST_F(DecoratedTurn, AHistoryFromElsewhereIsAnother) {
  Chat chat{"Where do herons nest?", "OK."};
  go_on(chat);
  const Turns elsewhere = {
      {"user", "Where do otters nest?"}, {"assistant", "OK."}, {"user", "Go on"}};
  EXPECT_FALSE(chat.ids.contains(run(elsewhere)));
  const Turns other_answer = {
      {"user", "Where do herons nest?"}, {"assistant", "No."}, {"user", "Go on"}};
  EXPECT_FALSE(chat.ids.contains(run(other_answer)));
}

TEST_F(DecoratedTurn, MayHaveMessagesOfItsOwn) {
  const std::string id =
      run({{"user", "Persona: a pirate"}, {"user", "[10:00] Ahoy there"}, {"user", "Be brief!"}});
  const Turns next = {{"user", "Persona: a pirate"},
                      {"user", "Ahoy there"},
                      {"assistant", "OK."},
                      {"user", "[10:01] Where to?"}};
  EXPECT_EQ(run(next), id);
}

TEST_F(DecoratedTurn, ARegenerateAndAnEditStay) {
  Chat chat{"Where do herons nest", "OK."};
  go_on(chat);
  go_on(chat, " in May?");
  Turns again = chat.turns;
  again.resize(2);
  again.emplace_back("user", "[again] Where do herons nest in May?");
  EXPECT_TRUE(chat.ids.contains(run(again, "At home.")));
  again.back().second = "Where do herons nest in June?";
  EXPECT_TRUE(chat.ids.contains(run(again, "Nowhere.")));
  go_on(chat, " in July?");
  EXPECT_EQ(chat.ids.size(), 1U);
}

TEST_F(DecoratedTurn, AnsweredTwiceGoesOnWithEither) {
  const std::string id = run({{"user", with_notes("Where to?")}}, "North.");
  EXPECT_EQ(run({{"user", with_notes("Where to?")}}, "South."), id);
  EXPECT_EQ(run({{"user", "Where to?"}, {"assistant", "North."}, {"user", "Why?"}}, "So."), id);
}

TEST_F(DecoratedTurn, AnIdOfItsOwnComesFirst) {
  Chat chat{"Where do herons nest?", "OK."};
  go_on(chat);
  const Headers headers = test::headers_of({{"X-Conversation-Id", "mine"}});
  chat.turns.emplace_back("user", "Go on");
  EXPECT_EQ(run(chat.turns, "OK.", headers), "mine");
}

TEST_F(DecoratedTurn, AnAgentWithAClockInItsInstructionsStays) {
  Turns turns;
  std::set<std::string> ids;
  for (int i = 0; i < 6; ++i) {
    Turns sent = {{"system", "It is 10:0" + std::to_string(i)}};
    sent.insert(sent.end(), turns.begin(), turns.end());
    const std::string plain = "Question number " + std::to_string(i);
    sent.emplace_back("user", with_notes(plain));
    ids.insert(run(sent));
    turns.emplace_back("user", plain);
    turns.emplace_back("assistant", "OK.");
  }
  EXPECT_EQ(ids.size(), 1U);
}

}  // namespace
}  // namespace keep::identify
