#include "plugins/hygiene/changes.hpp"

#include "plugins/hygiene/frozen_values.hpp"

#include <gtest/gtest.h>

#include <string>
#include <variant>

namespace keep::hygiene {
namespace {

class ChangesTest : public testing::Test {
 protected:
  // Of a request with one message: its text after the values were put in.
  std::string frozen(const std::string& text, RuleValues values, bool take_first) {
    body_ = R"({"messages":[{"role":"user","content":")" + text + "\"}]}";
    const auto request = openai::parse_chat_request(body_, openai::Surface::kChat);
    EXPECT_TRUE(request);
    result_ = freeze_messages(rules_, *request, {0}, std::move(values), take_first);
    if (result_.edits.empty()) return "none";
    const auto& edit = std::get<openai::ReplaceMessage>(result_.edits[0]);
    return json::Value(edit.json).find("content").string().value_or("?");
  }

  HygieneSettings settings_{
      true, false, {{"time", "", "\\d\\d:\\d\\d", "freeze"}, {"place", "", "in \\w+", "freeze"}}};
  RuleSet rules_ = *RuleSet::make(settings_);
  std::string body_;
  Frozen result_;
};

TEST_F(ChangesTest, KnownValuesStandForMatches) {
  EXPECT_EQ(frozen("12:00 in Rome", {"11:00", std::nullopt}, false), "11:00 in Rome");
  EXPECT_EQ(frozen("nothing here", {"11:00", "in Oslo"}, true), "none");
}

TEST_F(ChangesTest, TheFirstMatchBecomesAValueOnlyIfThatIsWanted) {
  EXPECT_EQ(frozen("12:00 and 13:00", {std::nullopt, std::nullopt}, true), "12:00 and 12:00");
  EXPECT_EQ(result_.values[0], "12:00");
  EXPECT_EQ(result_.values[1], std::nullopt);
  EXPECT_EQ(frozen("12:00 and 13:00", {std::nullopt, std::nullopt}, false), "12:00 and 13:00");
  EXPECT_EQ(result_.values[0], std::nullopt);
}

TEST_F(ChangesTest, AMatchThatIsTooLongIsNoValue) {
  const std::string place = "in " + std::string(FrozenValues::kMaxValueBytes, 'x');
  EXPECT_EQ(frozen(place + " in y", {std::nullopt, std::nullopt}, true), place + " in y");
  EXPECT_EQ(result_.values[1], "in y");
}

}  // namespace
}  // namespace keep::hygiene
