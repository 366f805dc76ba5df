#include "base/json/json.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace keep::json {
namespace {

std::vector<std::string> raw_elements(std::string_view text) {
  std::vector<std::string> out;
  for (const Value value : Value(text).elements()) out.emplace_back(value.raw());
  return out;
}

TEST(JsonValue, TellsTypes) {
  EXPECT_EQ(Value().type(), Type::kMissing);
  EXPECT_EQ(Value("  ").type(), Type::kMissing);
  EXPECT_EQ(Value("x").type(), Type::kMissing);
  EXPECT_EQ(Value(" {}").type(), Type::kObject);
  EXPECT_EQ(Value("[]\n").type(), Type::kArray);
  EXPECT_EQ(Value("\"\"").type(), Type::kString);
  EXPECT_EQ(Value("-1").type(), Type::kNumber);
  EXPECT_EQ(Value("false").type(), Type::kBool);
  EXPECT_EQ(Value("null").type(), Type::kNull);
}

TEST(JsonValue, HandsOutExactSpans) {
  const Value root(" { \"a\" : [ 1 , {\"x\":\"}]\"} ] , \"b\\\"\" :\tnull } ");
  std::vector<std::pair<std::string, std::string>> seen;
  for (const Member member : root.members()) {
    seen.emplace_back(member.raw_key, member.value.raw());
  }
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].first, "a");
  EXPECT_EQ(seen[0].second, "[ 1 , {\"x\":\"}]\"} ]");
  EXPECT_EQ(seen[1].first, "b\\\"");
  EXPECT_EQ(seen[1].second, "null");
  EXPECT_EQ(raw_elements(seen[0].second), (std::vector<std::string>{"1", "{\"x\":\"}]\"}"}));
}

TEST(JsonValue, WalksEmptyLists) {
  EXPECT_TRUE(raw_elements("[]").empty());
  EXPECT_TRUE(raw_elements("[ ]").empty());
  EXPECT_TRUE(raw_elements("{}").empty());
  EXPECT_TRUE(Value("{ }").find("a").missing());
  EXPECT_TRUE(Value("[1]").find("a").missing());
}

TEST(JsonValue, FindsTheFirstMemberOfAKey) {
  const Value root(R"({"a":1,"b":2,"a":3})");
  EXPECT_EQ(root.find("a").raw(), "1");
  EXPECT_EQ(root.find("b").raw(), "2");
  EXPECT_TRUE(root.find("c").missing());
}

TEST(JsonValue, FindsKeysWithEscapes) {
  const Value root(R"({"mod\u0065l":1,"\n":2,"\ud83d\ude00":3,"a\\b":4,"\u0041":5})");
  EXPECT_EQ(root.find("model").raw(), "1");
  EXPECT_EQ(root.find("\n").raw(), "2");
  EXPECT_EQ(root.find("\U0001F600").raw(), "3");
  EXPECT_EQ(root.find("a\\b").raw(), "4");
  EXPECT_EQ(root.find("A").raw(), "5");
  EXPECT_TRUE(root.find("\\n").missing());
  EXPECT_TRUE(root.find("mode").missing());
  EXPECT_TRUE(root.find("models").missing());
}

TEST(JsonValue, DecodesStrings) {
  EXPECT_EQ(Value(R"("plain")").string(), "plain");
  EXPECT_EQ(Value(R"("\"\\\/\b\f\n\r\t")").string(), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(Value(R"("\u00e9\u20AC\ud83d\ude00")").string(), "\u00e9\u20ac\U0001F600");
  EXPECT_EQ(Value(R"("a\ud800b")").string(), "a\uFFFDb");
  EXPECT_EQ(Value(R"("\ude00\ud83d")").string(), "\uFFFD\uFFFD");
  EXPECT_EQ(Value(R"("\ud800\u0041")").string(), "\uFFFDA");
  EXPECT_EQ(Value("3").string(), std::nullopt);
  EXPECT_EQ(Value("\"").string(), std::nullopt);
}

TEST(JsonValue, DecodesEscapesAtEveryPlaceOfALongString) {
  const std::pair<const char*, const char*> escapes[] = {
      {R"(\n)", "\n"},         {R"(\\)", "\\"},
      {R"(\u00e9)", "\u00e9"}, {R"(\ud83d\ude00)", "\U0001F600"},
      {R"(\ud83d)", "\uFFFD"}, {R"(\x)", "\uFFFD"},
      {R"(\u1z)", "\uFFFD1z"}};
  const std::string text(70, 'a');
  for (const auto& [raw, decoded] : escapes) {
    for (std::size_t at = 0; at <= text.size(); ++at) {
      const std::string before = text.substr(0, at), after = text.substr(at);
      const std::string literal = '"' + before + raw + raw + after + '"';
      EXPECT_EQ(Value(literal).string(), before + decoded + decoded + after);
    }
  }
  EXPECT_EQ(Value("\"\\\"").string(), "\uFFFD") << "nothing behind the backslash";
}

TEST(JsonValue, LendsStringsWithoutEscapes) {
  EXPECT_EQ(Value(R"("abc")").plain_string(), "abc");
  EXPECT_EQ(Value(R"("")").plain_string(), "");
  EXPECT_EQ(Value(R"("a\n")").plain_string(), std::nullopt);
  EXPECT_EQ(Value("1").plain_string(), std::nullopt);
}

TEST(JsonValue, ReadsIntegers) {
  EXPECT_EQ(Value("3").integer(), 3);
  EXPECT_EQ(Value("-3.0").integer(), -3);
  EXPECT_EQ(Value("1e2").integer(), 100);
  EXPECT_EQ(Value("9223372036854775807").integer(), INT64_MAX);
  EXPECT_EQ(Value("3.5").integer(), std::nullopt);
  EXPECT_EQ(Value("12345678901234567890").integer(), std::nullopt);
  EXPECT_EQ(Value("1e999").integer(), std::nullopt);
  EXPECT_EQ(Value("\"3\"").integer(), std::nullopt);
  EXPECT_EQ(Value("null").integer(), std::nullopt);
  EXPECT_EQ(Value().integer(), std::nullopt);
  EXPECT_EQ(Value("-").integer(), std::nullopt);
}

TEST(JsonValue, ReadsNumbersAndBooleans) {
  EXPECT_EQ(Value("0.25").number(), 0.25);
  EXPECT_EQ(Value("-1e-2").number(), -0.01);
  EXPECT_EQ(Value("-inf").number(), std::nullopt);
  EXPECT_EQ(Value("-nan").number(), std::nullopt);
  EXPECT_EQ(Value("1x").number(), std::nullopt);
  EXPECT_EQ(Value("true").boolean(), true);
  EXPECT_EQ(Value("false").boolean(), false);
  EXPECT_EQ(Value("truth").boolean(), std::nullopt);
}

// Visits everything below; the sum keeps the compiler from leaving the work out.
std::size_t visit(const Value& value, int depth) {
  std::size_t sum = value.raw().size() + value.string().value_or("").size();
  sum += static_cast<std::size_t>(value.number().has_value());
  if (depth == 0) return sum;
  for (const Member member : value.members()) sum += visit(member.value, depth - 1);
  for (const Value element : value.elements()) sum += visit(element, depth - 1);
  return sum;
}

TEST(JsonValue, StaysInsideBrokenText) {
  const std::string whole = R"({"a":[1,{"b":"c\"\u00e9\\"},null],"d":{"e":-1.5e3}} )";
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    const std::vector<char> exact(whole.begin(), whole.begin() + static_cast<long>(length));
    visit(Value(std::string_view(exact.data(), exact.size())), 5);
  }
  std::mt19937 random(1);
  constexpr std::string_view kAlphabet = "{}[]:,\"\\u0a- \n\xC3";
  for (int round = 0; round < 20000; ++round) {
    std::vector<char> text(random() % 24);
    for (char& c : text) c = kAlphabet[random() % kAlphabet.size()];
    visit(Value(std::string_view(text.data(), text.size())), 5);
  }
}

// Closing quotes at every distance, behind every number of backslashes.
TEST(JsonCursor, GoesIntoWhatMatters) {
  Cursor cursor(R"( {"a" : [ 1 , {"b":[]} ,"c"], "d":{"e":1}, "f":2 } )");
  EXPECT_EQ(cursor.type(), Type::kObject);
  cursor.enter();
  std::string_view key;
  ASSERT_TRUE(cursor.next_key(key));
  EXPECT_EQ(key, "a");
  EXPECT_EQ(cursor.type(), Type::kArray);
  const char* const begin = cursor.place();
  cursor.enter();
  std::string elements;
  while (cursor.next_element()) elements.append(cursor.take().raw()).append(";");
  EXPECT_EQ(elements, R"(1;{"b":[]};"c";)");
  EXPECT_EQ(std::string_view(begin, static_cast<std::size_t>(cursor.place() - begin)),
            R"([ 1 , {"b":[]} ,"c"])");
  ASSERT_TRUE(cursor.next_key(key));
  EXPECT_EQ(cursor.take().raw(), R"({"e":1})");
  ASSERT_TRUE(cursor.next_key(key));
  EXPECT_EQ(key, "f");
  EXPECT_EQ(cursor.take().integer(), 2);
  EXPECT_FALSE(cursor.next_key(key));
  EXPECT_FALSE(cursor.broken());
}

TEST(JsonCursor, EndsInBrokenText) {
  for (const std::string text : {"", "{", "{\"", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":,",
                                 "{\"a\":[", "{\"a\":[1", "{\"a\":[,", "{1", "[", "{\"a\":}"}) {
    Cursor cursor(text);
    cursor.enter();
    std::string_view key;
    for (int i = 0; i < 10 && cursor.next_key(key); ++i) {
      if (cursor.type() == Type::kArray) {
        cursor.enter();
        for (int k = 0; k < 10 && cursor.next_element(); ++k) cursor.take();
      } else {
        cursor.take();
      }
    }
    EXPECT_FALSE(cursor.next_key(key)) << text;
    EXPECT_TRUE(cursor.broken()) << text;
    EXPECT_LE(cursor.place(), text.data() + text.size());
  }
}

TEST(JsonValue, FindsTheEndOfStrings) {
  for (std::size_t lead = 0; lead < 40; ++lead) {
    for (std::size_t slashes = 0; slashes < 40; ++slashes) {
      const std::string inner = std::string(lead, 'x') + std::string(slashes, '\\');
      const std::string tail = slashes % 2 == 0 ? "\"" : "\"y\"";
      const std::string text = "[\"" + inner + tail + ",\"z" + std::string(20, 'z') + "\"]";
      ASSERT_EQ(raw_elements(text).at(0), "\"" + inner + tail) << lead << ' ' << slashes;
      ASSERT_EQ(raw_elements(text).size(), 2U);
    }
  }
}

TEST(JsonValue, SkipsDeepNestingWithoutRecursion) {
  const std::string deep =
      "{\"a\":" + std::string(1 << 20, '[') + std::string(1 << 20, ']') + ",\"b\":7}";
  EXPECT_EQ(Value(deep).find("b").integer(), 7);
}

}  // namespace
}  // namespace keep::json
