#include "plugins/hygiene/rules.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace keep::hygiene {
namespace {

const RuleSet::Freeze kFrozen = [](std::size_t, std::string_view) { return std::string("<F>"); };

RuleSet rules(std::vector<RuleSettings> list, bool billing = true) {
  HygieneSettings settings;
  settings.billing_header = billing;
  settings.rules = std::move(list);
  return *RuleSet::make(settings);
}

// The new content, "-" if no rule fired, "gone" if nothing is left.
std::string apply(const RuleSet& set, const std::string& role, const std::string& content) {
  const auto cleaned = set.apply(role, json::Value(content), kFrozen);
  if (!cleaned) return "-";
  return cleaned->content.empty() ? "gone" : cleaned->content;
}

TEST(BillingHeader, APartOfItsOwnGoes) {
  const auto set = rules({});
  EXPECT_EQ(apply(set, "system",
                  R"([{"type":"text","text":"x-anthropic-billing-header: cc_version=2; cch=1a2;"},)"
                  R"({"type":"text","text":"You code.","cache_control":{"type":"ephemeral"}}])"),
            R"([{"type":"text","text":"You code.","cache_control":{"type":"ephemeral"}}])");
  EXPECT_EQ(apply(set, "system", R"("x-anthropic-billing-header: cch=1;\n\n")"), "gone");
  EXPECT_EQ(apply(set, "developer", R"([{"type":"text","text":"x-anthropic-billing-header: a"}])"),
            "gone");
}

TEST(BillingHeader, TheFirstLineOfALongerTextGoes) {
  const auto set = rules({});
  EXPECT_EQ(apply(set, "system", R"("x-anthropic-billing-header: cch=1;\nYou code.\n\nWell.")"),
            R"("You code.\n\nWell.")");
}

TEST(BillingHeader, LeavesEverythingElseAlone) {
  const auto set = rules({});
  EXPECT_EQ(apply(set, "system", R"("You are x-anthropic-billing-header: no")"), "-");
  EXPECT_EQ(apply(set, "user", R"("x-anthropic-billing-header: quoted by a user")"), "-");
  EXPECT_EQ(apply(set, "system", "null"), "-");
  EXPECT_EQ(apply(set, "system", R"([{"type":"image_url","image_url":{"url":"x"}},7,"x"])"), "-");
  EXPECT_EQ(apply(rules({}, false), "system", R"("x-anthropic-billing-header: a")"), "-");
}

TEST(RuleSet, TellsWhatItMayChange) {
  const json::Value plain(R"("x-anthropic: y")"), header(R"("x-anthropic-billing-header: y")");
  const json::Value parts(R"([{"type":"text","text":"y"}])");
  EXPECT_FALSE(rules({}).may_change("system", plain));
  EXPECT_TRUE(rules({}).may_change("system", header));
  EXPECT_TRUE(rules({}).may_change("system", parts));
  EXPECT_FALSE(rules({}).may_change("user", header));
  const RuleSet searched = rules({{"d", "user", "x", "drop"}}, false);
  EXPECT_TRUE(searched.may_change("user", plain));
  EXPECT_FALSE(searched.may_change("system", plain));
}

TEST(RuleSet, DropsEveryMatch) {
  const auto set = rules({{"clock", "system", R"(Time: \d\d:\d\d\n?)", "drop"}});
  EXPECT_EQ(apply(set, "system", R"("A Time: 10:00\nB Time: 11:00 C")"), R"("A B  C")");
  EXPECT_EQ(apply(set, "user", R"("Time: 10:00")"), "-");
  EXPECT_EQ(apply(set, "system", R"("Time: soon")"), "-");
  const auto everywhere = rules({{"n", "", "nonce=[0-9]+", "drop"}});
  EXPECT_EQ(apply(everywhere, "tool", R"("nonce=12 x")"), R"(" x")");
}

TEST(RuleSet, FreezesMatches) {
  const auto set = rules({{"clock", "user", R"(\d\d:\d\d)", "freeze"}});
  const auto cleaned = set.apply("user", json::Value(R"("at 10:00 \"now\"")"), kFrozen);
  ASSERT_TRUE(cleaned);
  EXPECT_EQ(cleaned->content, R"("at <F> \"now\"")");
  EXPECT_TRUE(cleaned->frozen);
  ASSERT_EQ(cleaned->hits.size(), 1U);
  EXPECT_EQ(set.name(cleaned->hits[0]), "clock");
}

TEST(RuleSet, KeepsOtherPartsByteForByte) {
  const auto set = rules({{"x", "user", "secret", "drop"}});
  EXPECT_EQ(
      apply(
          set, "user",
          R"([ {"type":"image_url", "image_url":{"url":"secret"}} , {"text" : "a secret", "type":"text"} ])"),
      R"([{"type":"image_url", "image_url":{"url":"secret"}},{"text" : "a ", "type":"text"}])");
}

TEST(RuleSet, OnlySystemMessagesMayEndUpEmpty) {
  const auto set = rules({{"all", "", "(?s).+", "drop"}});
  EXPECT_EQ(apply(set, "system", R"("gone")"), "gone");
  EXPECT_EQ(apply(set, "user", R"("kept")"), R"("")");
  EXPECT_EQ(apply(set, "user", R"([{"type":"text","text":"kept"}])"), R"("")");
}

TEST(RuleSet, RulesRunInOrderOverWhatIsLeft) {
  const auto set = rules({{"a", "system", "one", "drop"}, {"b", "system", "^two", "freeze"}});
  EXPECT_EQ(apply(set, "system", R"("x-anthropic-billing-header: c\nonetwo")"), R"("<F>")");
}

TEST(RuleSet, EmptyMatchesChangeNothing) {
  const auto set = rules({{"e", "", "x*", "drop"}});
  EXPECT_EQ(apply(set, "user", R"("aaxxa")"), R"("aaa")");
  EXPECT_EQ(apply(set, "user", R"("aaa")"), "-");
  EXPECT_EQ(apply(set, "user", R"("")"), "-");
}

TEST(RuleSet, NamesTheRuleThatIsWrong) {
  const auto error = [](RuleSettings rule) {
    HygieneSettings settings;
    settings.rules = {std::move(rule)};
    const auto made = RuleSet::make(settings);
    return made ? std::string() : made.error().detail;
  };
  EXPECT_NE(error({"clock", "system", "(", "drop"}).find("'clock'"), std::string::npos);
  EXPECT_NE(error({"clock", "system", "a", "remove"}).find("\"remove\""), std::string::npos);
  EXPECT_NE(error({"", "system", "a", "drop"}), "");
  EXPECT_NE(error({"e", "system", "", "drop"}), "");
  EXPECT_NE(error({"billing_header", "system", "a", "drop"}).find("taken"), std::string::npos);
  EXPECT_EQ(error({"ok", "system", "a", "drop"}), "");
}

TEST(RuleSet, TakesLinearTime) {
  const auto set = rules({{"evil", "", "(a*)*b|x(.*y)?", "drop"}});
  const std::string text = '"' + std::string(1 << 18, 'x') + std::string(1 << 18, 'a') + '"';
  const auto begin = std::chrono::steady_clock::now();
  apply(set, "user", text);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

}  // namespace
}  // namespace keep::hygiene
