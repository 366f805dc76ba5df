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

TEST(JsonValidate, SaysWhatIsWrong) {
  EXPECT_EQ(detail_of("[01]"), "invalid JSON near byte 1: Problem while parsing a number");
  EXPECT_EQ(detail_of("{\"a\":tru}"),
            "invalid JSON near byte 5: Problem while parsing an atom starting with the letter 't'");
  EXPECT_EQ(detail_of(""), "invalid JSON near byte 0: Empty: no JSON found");
}

TEST(JsonValidate, SaysWhereSimdjsonStopped) {
  const auto place_of = [](const std::string& text) {
    const std::string detail = detail_of(text), before = "invalid JSON near byte ";
    return detail.starts_with(before) ? std::stoi(detail.substr(before.size())) : -1;
  };
  EXPECT_EQ(place_of("{\"a\":1,}"), 7);
  EXPECT_EQ(place_of("{\"a\" 1}"), 5);
  EXPECT_EQ(place_of("[1 2]"), 3);
  EXPECT_EQ(place_of("[[1,2],[3 4],[5]]"), 10);
  EXPECT_EQ(place_of("{} x"), 3);
  EXPECT_EQ(place_of("1,2"), 2);
  EXPECT_EQ(place_of("[1,2}"), 4);
  // What is not closed is missed at the end.
  EXPECT_EQ(place_of("{\"a\":[1"), 7);
  // A string by where it begins, a value or a key.
  EXPECT_EQ(place_of("[1, \"a\\q\"]"), 4);
  EXPECT_EQ(place_of("[\"\\ud800\"]"), 1);
  EXPECT_EQ(place_of("{\"\\q\":1}"), 1);
}

TEST(JsonValidate, NamesNoPlaceWhereSimdjsonHasNone) {
  EXPECT_EQ(detail_of("[\"a\xFF\"]"), "invalid JSON: The input is not valid UTF-8");
  EXPECT_EQ(detail_of("[\"a"), "invalid JSON: A string is opened, but never closed.");
  EXPECT_TRUE(detail_of("[\"a\nb\"]").starts_with("invalid JSON: Within strings"));
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
  EXPECT_EQ(detail_of(" -1e999 "), "valid");
  EXPECT_EQ(detail_of("{\"a\":[\"\\u00e9\",{},[],true,false,null,-0.5E+9,1e999]}"), "valid");
}

TEST(JsonValidate, ANumberOfAnySizeExcusesNothingElse) {
  const std::string large = "[1e999";
  for (const char* rest : {", }",    "",          "}",           ",]",           "]]",
                           "],1",    " 1]",       ",01]",        ",1.]",         ",1e]",
                           ",-]",    ",+1]",      ",.5]",        ",1x]",         ",nullx]",
                           ",tru]",  ",\"\\q\"]", ",{\"a\" 1}]", ",{\"a\":1,}]", ",{\"\\q\":1}]",
                           ",{1:2}]"}) {
    EXPECT_FALSE(validate(large + rest)) << rest;
  }
  for (const char* text : {"1e999]", "1e999,2", "1e999 1", "1e999x"}) {
    EXPECT_FALSE(validate(text)) << text;
  }
  EXPECT_TRUE(detail_of("[1e999, }").starts_with("invalid JSON near byte 8: "));
}

TEST(JsonValidate, BoundsTheDepth) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  const std::string too_deep =
      "The JSON document was too deep (too many nested objects and arrays)";
  EXPECT_EQ(detail_of(nested(1024)), "valid");
  EXPECT_EQ(detail_of("[1e999," + nested(1023) + "]"), "valid");
  EXPECT_EQ(detail_of(nested(1025)), "invalid JSON near byte 1024: " + too_deep);
  EXPECT_EQ(detail_of("[1e999," + nested(1024) + "]"), "invalid JSON near byte 1030: " + too_deep);
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
