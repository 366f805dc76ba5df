#include "base/json/json.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace keep::json {
namespace {

TEST(JsonWriter, PlacesCommas) {
  Writer writer;
  writer.begin_object().member("a", 1).member("b", "x").key("c").begin_array();
  writer.integer(1).begin_object().end_object().string("").null().boolean(true).raw("[2]");
  writer.end_array().member("d", false).member_raw("e", "{}").member("f", 0.5).end_object();
  EXPECT_EQ(writer.str(),
            R"({"a":1,"b":"x","c":[1,{},"",null,true,[2]],"d":false,"e":{},"f":0.5})");
}

TEST(JsonWriter, IsNotMisledByTheEndOfAString) {
  Writer writer;
  writer.begin_array().string("{").string(":").string("[").end_array();
  EXPECT_EQ(writer.str(), R"(["{",":","["])");
}

TEST(JsonWriter, WritesNumbersThatReadBackAlike) {
  Writer writer;
  writer.begin_array().integer(INT64_MIN).number(0.1).number(1e300).number(-0.0);
  writer.number(std::numeric_limits<double>::denorm_min()).number(NAN).number(INFINITY);
  writer.end_array();
  EXPECT_EQ(writer.str(), "[-9223372036854775808,0.1,1e+300,-0,5e-324,null,null]");
  EXPECT_TRUE(validate(writer.str()));
}

TEST(JsonWriter, GivesItsTextAway) {
  Writer writer;
  writer.begin_object().end_object();
  EXPECT_EQ(writer.take(), "{}");
}

TEST(JsonQuoted, EscapesWhatMustBe) {
  EXPECT_EQ(json::quoted("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(json::quoted("\b\f\n\r\t"), R"("\b\f\n\r\t")");
  EXPECT_EQ(json::quoted(std::string("\0\x1f\x7f", 3)), "\"\\u0000\\u001f\x7f\"");
  EXPECT_EQ(json::quoted("\u00e9\u20ac\U0001F600/"), "\"\u00e9\u20ac\U0001F600/\"");
}

TEST(JsonQuoted, ReplacesInvalidUtf8) {
  EXPECT_EQ(json::quoted("a\xFFz"), "\"a\uFFFDz\"");
  EXPECT_EQ(json::quoted("\xC0\xAF"), "\"\uFFFD\uFFFD\"");
  EXPECT_EQ(json::quoted("\xED\xA0\x80"), "\"\uFFFD\uFFFD\uFFFD\"");
  EXPECT_EQ(json::quoted("cut \xE2\x82"), "\"cut \uFFFD\uFFFD\"");
}

TEST(JsonQuoted, ReadsBackForEveryByte) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text{static_cast<char>(first), static_cast<char>(second)};
      const std::string literal = json::quoted(text);
      ASSERT_TRUE(validate(literal)) << first << ' ' << second;
      if (first < 128 && second < 128) {
        ASSERT_EQ(Value(literal).string(), text);
      }
    }
  }
}

}  // namespace
}  // namespace keep::json
