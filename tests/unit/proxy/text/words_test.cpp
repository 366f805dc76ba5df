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

TEST(WordReader, ReadsEveryScript) {
  struct Row {
    const char* script;
    std::string_view text;
    std::vector<std::string> words;
  };
  const std::vector<Row> rows{
      {"Latin", "Łódź, ŞİŞLİ… «Être»", {"łódź", "şişli", "être"}},
      {"Latin, taken apart", "Cafe\u0301 nai\u0308ve", {"cafe\u0301", "nai\u0308ve"}},
      {"Greek", "ΟΔΟΣ οδος· Ἀθῆναι;", {"οδοσ", "οδοσ", "ἀθῆναι"}},
      {"Cyrillic", "Київ — Ґанок, ЁЖИК!", {"київ", "ґанок", "ёжик"}},
      {"Armenian", "Երևան։ ՀԱՅ", {"երևան", "հայ"}},
      {"Georgian", "თბილისი, ᲗᲑᲘᲚᲘᲡᲘ", {"თბილისი", "თბილისი"}},
      {"Hebrew", "תֵּל־אָבִיב, שלום", {"תֵּל", "אָבִיב", "שלום"}},
      {"Arabic", "مرحبا، كِتاب؟ ١٢٣", {"مرحبا", "كِتاب", "١٢٣"}},
      {"Devanagari", "हिन्दी में। दिल्ली", {"हिन्दी", "में", "दिल्ली"}},
      {"Thai", "กิน ข้าว", {"กิ", "ิน", "ข้", "้า", "าว"}},
      {"Chinese", "我爱北京。", {"我爱", "爱北", "北京"}},
      {"Japanese", "人々、ジョン・ミー", {"人々", "ジョ", "ョン", "ミー"}},
      {"Korean", "안녕 서울시", {"안녕", "서울", "울시"}},
      {"Deseret", "\U00010414\U0001042F", {"\U0001043C\U0001042F"}},
      {"Adlam", "\U0001E900\U0001E922", {"\U0001E922\U0001E922"}},
      {"Cherokee", "\u13A0\uAB70", {"\uAB70\uAB70"}},
      {"wide", "ＡＢＣ１", {"ａｂｃ１"}},
      {"formula", "H\u2082O", {"h\u2082o"}},
      {"signs", "1\uFE0F\u20E3 word\u00B2 \u2764\uFE0Fred", {"1", "word", "red"}},
  };
  for (const Row& row : rows) EXPECT_EQ(words(row.text), row.words) << row.script;
}

TEST(WordReader, IsNotLedAstrayByCutCharacters) {
  for (const std::string whole : {"\u00e9", "\u0915", "\u4e00", "\U0001E922"}) {
    for (std::size_t size = 1; size < whole.size(); ++size) {
      const std::string cut = whole.substr(0, size);
      EXPECT_THAT(words("ab" + cut), ElementsAre("ab"));
      EXPECT_THAT(words(cut + "ab"), ElementsAre("ab"));
      EXPECT_THAT(words("ab" + cut + "cd" + cut), ElementsAre("ab", "cd"));
      EXPECT_THAT(words(whole.substr(size) + "ab"), ElementsAre("ab"));
    }
  }
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
