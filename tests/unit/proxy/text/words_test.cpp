#include "text/words.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace keep::text {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> found;
  WordReader reader(text);
  for (auto word = reader.next(); !word.empty(); word = reader.next()) found.emplace_back(word);
  return found;
}

TEST(WordReader, LowersLettersAndDropsPunctuation) {
  EXPECT_THAT(words("Hello, World! (2nd try)"), ElementsAre("hello", "world", "2nd", "try"));
  EXPECT_THAT(words(""), IsEmpty());
  EXPECT_THAT(words(" ... -- "), IsEmpty());
}

TEST(WordReader, KeepsOneApostropheBeforeLetters) {
  EXPECT_THAT(words("Caroline's don't 'quoted' rock 'n'"),
              ElementsAre("caroline's", "don't", "quoted", "rock", "n"));
  EXPECT_THAT(words("don\u2019t"), ElementsAre("don't"));
}

TEST(WordReader, LowersOtherScripts) {
  EXPECT_THAT(
      words("\u00c4rger \u041c\u043e\u0441\u043a\u0432\u0430 \u0391\u03b8\u03ae\u03bd\u03b1"),
      ElementsAre("\u00e4rger", "\u043c\u043e\u0441\u043a\u0432\u0430",
                  "\u03b1\u03b8\u03ae\u03bd\u03b1"));
  EXPECT_THAT(words("caf\u00c9\u2014bar \U0001F44Dgreat\U0001F44D"),
              ElementsAre("caf\u00e9", "bar", "great"));
}

TEST(WordReader, PairsCharactersOfScriptsWithoutSpaces) {
  EXPECT_THAT(words("\u6211\u4eec\u5403 a \u732b\u3002"),
              ElementsAre("\u6211\u4eec", "\u4eec\u5403", "a", "\u732b"));
}

TEST(WordReader, TakesNamesWholeAndInParts) {
  EXPECT_THAT(words("max_retry_count"),
              UnorderedElementsAre("max_retry_count", "max", "retry", "count"));
  EXPECT_THAT(words("getUserName()"), UnorderedElementsAre("getusername", "get", "user", "name"));
  EXPECT_THAT(words("HTTPServer"), UnorderedElementsAre("httpserver", "http", "server"));
  EXPECT_THAT(words("proxy/base/hash.hpp:12"),
              UnorderedElementsAre("proxy/base/hash.hpp:12", "proxy", "base", "hash", "hpp", "12"));
  EXPECT_THAT(words("std::vector at 10.0.0.1:80."),
              UnorderedElementsAre("std::vector", "std", "vector", "at", "10.0.0.1:80", "10", "0",
                                   "0", "1", "80"));
  EXPECT_THAT(words("ECONNREFUSED URLs"), ElementsAre("econnrefused", "urls"));
}

TEST(WordReader, LeavesCompoundsOfPlainLanguageInParts) {
  EXPECT_THAT(words("well-known: yes"), ElementsAre("well", "known", "yes"));
}

TEST(WordReader, CutsWhatIsTooLong) {
  const auto found = words(std::string(1 << 20, 'x') + " end");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0], std::string(kMaxWordBytes, 'x'));
  // Never inside a character.
  EXPECT_EQ(words("x" + std::string(100, 'y') + "\u00e9").front().size(), kMaxWordBytes);
  std::string accents;
  for (int i = 0; i < 50; ++i) accents += "\u00e9";
  EXPECT_EQ(words("x" + accents).front().size(), kMaxWordBytes - 1);
}

TEST(WordReader, SurvivesAnyBytes) {
  std::string bytes;
  for (unsigned i = 0; i < 100000; ++i) bytes += static_cast<char>(i * 2654435761U >> 13);
  for (const std::string& word : words(bytes)) EXPECT_LE(word.size(), kMaxWordBytes);
  EXPECT_THAT(words("\xff\xc3(ok\xe4\xb8"), ElementsAre("ok"));
  EXPECT_THAT(words(std::string("a\0b", 3)), ElementsAre("a", "b"));
}

}  // namespace
}  // namespace keep::text
