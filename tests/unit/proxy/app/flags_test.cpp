#include "app/flags.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace keep {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

const std::vector<Flag> kFlags{{"json", "", "As JSON."},
                               {"topic", "T", "Of what."},
                               {"url", "URL", "Where."},
                               {"help", "", "Print this and exit."}};

Result<FlagLine> parse(const std::vector<std::string>& arguments) {
  return parse_flags(arguments, kFlags);
}

std::string error_of(const std::vector<std::string>& arguments) {
  const auto line = parse(arguments);
  return line ? "no error" : line.error().detail;
}

TEST(ParseFlags, MixesFlagsAndWords) {
  const auto line = parse({"add", "--topic", "pets", "--json", "dog", "--url=http://h:1"});
  ASSERT_TRUE(line) << line.error().detail;
  EXPECT_THAT(line->words, ElementsAre("add", "dog"));
  EXPECT_EQ(line->value("topic"), "pets");
  EXPECT_EQ(line->value("url"), "http://h:1");
  EXPECT_EQ(line->value("tenant", "none"), "none");
  EXPECT_TRUE(line->switches.contains("json"));
  EXPECT_TRUE(line->has("json") && line->has("topic") && !line->has("help"));
}

TEST(ParseFlags, KeepsTheOrderAndTheLastOneCounts) {
  const auto line = parse({"--topic=a", "--url", "u", "--topic", "b"});
  ASSERT_TRUE(line) << line.error().detail;
  EXPECT_THAT(line->values, ElementsAre(Pair("topic", "a"), Pair("url", "u"), Pair("topic", "b")));
  EXPECT_EQ(line->value("topic"), "b");
}

TEST(ParseFlags, TakesAnyTextAsAValue) {
  for (const std::string text :
       {"", "-1", "a=b", "=", "--no", "--no=", "--url=", "--topic", "--", "two words"}) {
    for (const std::vector<std::string>& given :
         {std::vector<std::string>{"--topic", text}, std::vector<std::string>{"--topic=" + text}}) {
      if (given.front() == "--topic=") continue;  // see below
      const auto line = parse(given);
      ASSERT_TRUE(line) << text << ": " << line.error().detail;
      EXPECT_THAT(line->values, ElementsAre(Pair("topic", text)));
      EXPECT_TRUE(line->words.empty());
    }
  }
}

TEST(ParseFlags, TakesEverythingAfterTwoDashesAsWords) {
  EXPECT_THAT(parse({"search", "--", "--json", "--", "--topic="})->words,
              ElementsAre("search", "--json", "--", "--topic="));
}

TEST(ParseFlags, WordsMayBeginWithOneDash) {
  EXPECT_THAT(parse({"-1", "-j", "-"})->words, ElementsAre("-1", "-j", "-"));
}

TEST(ParseFlags, SaysWhatIsWrong) {
  EXPECT_EQ(error_of({"--topc", "x"}), "unknown flag --topc; did you mean --topic?");
  EXPECT_EQ(error_of({"--topc=x"}), "unknown flag --topc; did you mean --topic?");
  EXPECT_EQ(error_of({"--top", "x"}), "unknown flag --top; did you mean --topic?");
  EXPECT_EQ(error_of({"--quite-another"}), "unknown flag --quite-another");
  EXPECT_EQ(error_of({"--topic"}), "--topic needs a value");
  EXPECT_EQ(error_of({"--topic="}), "--topic needs a value");
  EXPECT_EQ(error_of({"--topc="}), "unknown flag --topc; did you mean --topic?");
  EXPECT_EQ(error_of({"--=x"}), "unknown flag --");
  EXPECT_EQ(error_of({"--json=yes"}), "--json takes no value");
  EXPECT_EQ(error_of({"--json="}), "--json takes no value");
}

TEST(PrintFlags, NamesEveryFlagInShortLines) {
  std::ostringstream out;
  std::vector<Flag> flags = kFlags;
  flags.push_back({"long", "N", std::string(30, 'a') + " " + std::string(30, 'b')});
  print_flags(out, "Flags", flags);
  EXPECT_TRUE(out.str().starts_with("Flags:\n"));
  for (const char* flag : {"--json ", "--topic T ", "--url URL ", "--help ", "--long N "}) {
    EXPECT_THAT(out.str(), HasSubstr(flag));
  }
  std::istringstream lines(out.str());
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80U) << line;
}

}  // namespace
}  // namespace keep
