#include "plugins/recall/ask/newest_turn.hpp"

#include "plugins/recall/ask/question.hpp"
#include "tests/unit/plugins/plugin_harness.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace keep::recall {
namespace {

constexpr const char* kRoles = "sudatfx";

std::string role_named(char letter) {
  static const std::map<char, std::string> names{
      {'s', "system"}, {'u', "user"},     {'d', "developer"}, {'a', "assistant"},
      {'t', "tool"},   {'f', "function"}, {'x', "critic"}};
  return names.at(letter);
}

// A message for each letter, whose text is its index.
std::unique_ptr<Exchange> exchange_of(const std::string& shape) {
  std::vector<std::pair<std::string, std::string>> messages;
  for (const char letter : shape) {
    messages.emplace_back(role_named(letter), std::to_string(messages.size()));
  }
  auto exchange = keep::test::make_exchange(keep::test::chat_body(messages));
  exchange->zone.lead = std::min(shape.find_first_not_of("sd"), shape.size());
  return exchange;
}

std::optional<std::size_t> turn_of(const std::string& shape) {
  const auto turn = newest_turn(*exchange_of(shape));
  return turn ? std::optional(turn->index) : std::nullopt;
}

// The same in the words of the contract: all that follows the last answer, if a user speaks in it.
std::optional<std::size_t> expected(const std::string& shape) {
  const std::size_t lead = std::min(shape.find_first_not_of("sd"), shape.size());
  const std::size_t answer = shape.find_last_of("atf");
  const std::size_t begin = std::max(lead, answer == std::string::npos ? 0 : answer + 1);
  const bool asked = shape.find('u', begin) != std::string::npos;
  return asked ? std::optional(begin) : std::nullopt;
}

TEST(NewestTurn, BeginsBehindTheLastAnswer) {
  EXPECT_EQ(turn_of("u"), 0U);
  EXPECT_EQ(turn_of("su"), 1U);
  EXPECT_EQ(turn_of("suau"), 3U);
  EXPECT_EQ(turn_of("sua"), std::nullopt);
  EXPECT_EQ(turn_of("uat"), std::nullopt);
  EXPECT_EQ(turn_of("s"), std::nullopt);
}

TEST(NewestTurn, HoldsEverythingSaidSinceThen) {
  EXPECT_EQ(turn_of("uu"), 0U);
  EXPECT_EQ(turn_of("suu"), 1U);
  EXPECT_EQ(turn_of("uauu"), 2U);
  EXPECT_EQ(turn_of("uasu"), 2U);
  EXPECT_EQ(turn_of("uausd"), 2U);
  EXPECT_EQ(turn_of("uatsxu"), 3U);
}

TEST(NewestTurn, IsFoundInEveryOrderOfRoles) {
  std::vector<std::string> shapes{""};
  for (std::size_t at = 0; shapes[at].size() < 5; ++at) {
    for (const char role : std::string_view(kRoles)) {
      shapes.push_back(shapes[at] + role);
      ASSERT_EQ(turn_of(shapes.back()), expected(shapes.back())) << shapes.back();
    }
  }
}

TEST(NewestTurn, IsWhereItsFirstMessageIsOnRecord) {
  const auto exchange = exchange_of("suauu");
  EXPECT_EQ(newest_turn(*exchange).value().position, kNoPosition);
  exchange->zone.positions = {4, 5, kNoPosition, 7};
  EXPECT_EQ(newest_turn(*exchange).value().position, kNoPosition);
  exchange->zone.positions = {4, 5, 6, 7};
  EXPECT_EQ(newest_turn(*exchange).value().position, 6U);
}

TEST(NewestTurn, IsTheSameWhateverTheZone) {
  const auto exchange = exchange_of("uauau");
  exchange->zone.positions = {3, 4, 5, 6, 7};
  EXPECT_EQ(first_sent(*exchange), 3U);
  exchange->zone.planned = true;
  exchange->zone.first = 2;
  EXPECT_EQ(first_sent(*exchange), 5U);
  const Turn turn = newest_turn(*exchange).value();
  EXPECT_EQ(turn.index, 4U);
  EXPECT_EQ(turn.position, 7U);
}

TEST(NewestTurn, TheQueryIsWhatTheUserSaysSinceTheLastAnswer) {
  const auto query_in = [](const std::vector<std::pair<std::string, std::string>>& messages) {
    const auto exchange = keep::test::make_exchange(keep::test::chat_body(messages));
    return query_of(*exchange, newest_turn(*exchange).value());
  };
  const Query asked = query_in({{"user", "We met Greta there."},
                                {"assistant", "Nice."},
                                {"user", "Yes."},
                                {"system", "Be brief."},
                                {"user", "Where does she live?"}});
  EXPECT_EQ(asked.text, "Yes.\nWhere does she live?");
  EXPECT_TRUE(asked.is_question);
  ASSERT_FALSE(asked.questions.empty());
  EXPECT_EQ(asked.questions, questions_of(asked.text, "We met Greta there."));
  EXPECT_FALSE(query_in({{"user", "We met Greta there."}}).is_question);
}

TEST(NewestTurn, TheTurnBeforeIsWhatTheUserSaidThen) {
  const auto before = [](const std::string& shape) {
    const auto exchange = exchange_of(shape);
    return text_before(*exchange, newest_turn(*exchange).value());
  };
  EXPECT_EQ(before("uu"), "");
  EXPECT_EQ(before("uau"), "0");
  EXPECT_EQ(before("suusuatauu"), "1\n2\n4");
  EXPECT_EQ(before("auu"), "");
}

TEST(NewestTurn, OfABookTheEndsAreAskedFor) {
  EXPECT_EQ(ends_of("short"), "short");
  const std::string most(kMaxAsked, 'x');
  EXPECT_EQ(ends_of(most), most);
  std::string book = "Who is it? ";
  while (book.size() < 4 * kMaxAsked) book += "\u00e9\u00e9 ";
  const std::string ends = ends_of(book + "Tell me.");
  EXPECT_LE(ends.size(), kMaxAsked + 5);
  EXPECT_TRUE(ends.starts_with("Who is it?"));
  EXPECT_TRUE(ends.ends_with("Tell me."));
  EXPECT_TRUE(json::validate(json::quoted(ends)));
  EXPECT_EQ(ends.find("\ufffd"), std::string::npos);
}

}  // namespace
}  // namespace keep::recall
