#include "exchange/explanation.hpp"

#include <gtest/gtest.h>

#include <set>

namespace keep {
namespace {

using Name = Explanation::Name;

TEST(ExplanationTest, IsTakenBackBySayingAnotherThingOfTheSame) {
  Explanation explanation;
  explanation.say(Name::kCache, "bypass");
  explanation.say(Name::kSlot, std::int64_t{3});
  explanation.say(Name::kCache, "hit");
  ASSERT_EQ(explanation.lines().size(), 2U);
  EXPECT_EQ(explanation.lines()[0].value, "hit");
  EXPECT_FALSE(explanation.lines()[0].is_number);
  EXPECT_EQ(explanation.find(Name::kSlot), "3");
  EXPECT_TRUE(explanation.lines()[1].is_number);
  EXPECT_EQ(explanation.find(Name::kWindow), std::nullopt);
}

TEST(ExplanationTest, EveryNameIsOneHeaderAndOneField) {
  std::set<std::string_view> headers, fields;
  for (int i = 0; i <= static_cast<int>(Name::kOverheadUs); ++i) {
    const auto name = static_cast<Name>(i);
    EXPECT_TRUE(header_of(name).starts_with("X-Keep-"));
    headers.insert(header_of(name));
    fields.insert(field_of(name));
  }
  EXPECT_EQ(headers.size(), 12U);
  EXPECT_EQ(fields.size(), 12U);
  EXPECT_EQ(header_of(Name::kCachedTokens), "X-Keep-Cached-Tokens");
  EXPECT_EQ(field_of(Name::kCachedTokens), "cached_tokens");
}

}  // namespace
}  // namespace keep
