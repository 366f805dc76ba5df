#include "base/json/json.hpp"

#include <gtest/gtest.h>

namespace keep::json {
namespace {

std::string detail_of(const std::string& text) {
  const auto result = validate(text);
  return result ? "valid" : result.error().detail;
}

TEST(JsonValidate, AcceptsAnyRoot) {
  for (const char* text : {"{}", " [1, 2] ", "\"a\"", "3", "null", "true"}) {
    EXPECT_TRUE(validate(text)) << text;
  }
}

TEST(JsonValidate, ReturnsTheRootWithoutTheSpaceAround) {
  const std::string text = "  {\"a\": 1}\n";
  EXPECT_EQ(validate(text)->raw(), "{\"a\": 1}");
}

TEST(JsonValidate, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(detail_of(""), "invalid JSON near byte 0: the text ends too early");
  EXPECT_EQ(detail_of("{\"a\":1,}"), "invalid JSON near byte 7: expected a key in quotes");
  EXPECT_EQ(detail_of("{\"a\" 1}"), "invalid JSON near byte 5: expected a colon");
  EXPECT_EQ(detail_of("{\"a\":tru}"), "invalid JSON near byte 5: expected a value");
  EXPECT_EQ(detail_of("[1 2]"), "invalid JSON near byte 3: expected a comma or the end");
  EXPECT_EQ(detail_of("[01]"), "invalid JSON near byte 1: malformed number");
  EXPECT_EQ(detail_of("{} x"), "invalid JSON near byte 3: more text after the value");
  EXPECT_EQ(detail_of("[\"a\xFF\"]"), "invalid JSON near byte 3: bytes that are not UTF-8");
  EXPECT_EQ(detail_of("[\"\\ud800\"]"), "invalid JSON near byte 2: lone surrogate");
  EXPECT_EQ(detail_of("[\"a\nb\"]"), "invalid JSON near byte 3: control character in a string");
  EXPECT_EQ(detail_of("[\"a"), "invalid JSON near byte 3: the text ends inside a string");
  EXPECT_EQ(detail_of("[\"\\q\"]"), "invalid JSON near byte 2: unknown escape");
}

TEST(JsonValidate, RefusesAsTheClientsFault) {
  const auto result = validate("{");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().fault, Fault::kBadRequest);
  EXPECT_EQ(result.error().side, Side::kDownstream);
}

TEST(JsonValidate, AcceptsNumbersOfAnySize) {
  EXPECT_EQ(detail_of("{\"seed\":123456789012345678901234567890}"), "valid");
  EXPECT_EQ(detail_of("[1e999, -1e999]"), "valid");
  EXPECT_EQ(detail_of("[1e999, }"), "invalid JSON near byte 8: expected a value");
}

TEST(JsonValidate, BoundsTheDepth) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_EQ(detail_of(nested(1024)), "valid");
  EXPECT_EQ(detail_of(nested(1025)), "invalid JSON near byte 1024: nested too deep");
  EXPECT_EQ(detail_of("[1e999," + nested(1024) + "]"),
            "invalid JSON near byte 1030: nested too deep");
}

TEST(JsonValidate, ReadsLargeTextsOnTheWayAndAfter) {
  const std::string large = "[\"" + std::string(3 << 20, 'x') + "\"]";
  EXPECT_TRUE(validate(large));
  EXPECT_TRUE(validate("[1]"));
}

TEST(JsonValidate, NeedsNoSpareCapacity) {
  std::string text = "{\"a\":[1,2,3],\"b\":\"some text\"}";
  text.shrink_to_fit();
  EXPECT_TRUE(validate(text));
}

}  // namespace
}  // namespace keep::json
