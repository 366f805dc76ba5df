#include "app/client/chat_flags.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <sstream>

namespace keep {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::array<ClientFlag, 2> kFlags{{{"json", "", "As JSON."}, {"topic", "T", "Of what."}}};

Result<ClientLine> parse(const std::vector<std::string>& arguments) {
  return parse_client_line(arguments, kFlags);
}

TEST(ParseClientLine, MixesFlagsAndWords) {
  const auto line = parse({"add", "--topic", "pets", "--json", "dog", "--url=http://h:1"});
  ASSERT_TRUE(line);
  EXPECT_THAT(line->words, ElementsAre("add", "dog"));
  EXPECT_EQ(line->value("topic"), "pets");
  EXPECT_EQ(line->value("url"), "http://h:1");
  EXPECT_EQ(line->value("tenant", "none"), "none");
  EXPECT_TRUE(line->switches.contains("json"));
}

TEST(ParseClientLine, TakesEverythingAfterTwoDashesAsWords) {
  EXPECT_THAT(parse({"search", "--", "--json", "--"})->words,
              ElementsAre("search", "--json", "--"));
}

TEST(ParseClientLine, SaysWhatIsWrong) {
  EXPECT_THAT(parse({"--topc", "x"}).error().detail, HasSubstr("did you mean --topic?"));
  EXPECT_THAT(parse({"--topic"}).error().detail, HasSubstr("--topic needs a value"));
  EXPECT_THAT(parse({"--json=yes"}).error().detail, HasSubstr("--json takes no value"));
}

TEST(PrintClientFlags, NamesEveryFlag) {
  std::ostringstream out;
  print_client_flags(out, kFlags);
  for (const char* flag : {"--json ", "--topic T ", "--url URL ", "--api-key-file ", "--help "}) {
    EXPECT_THAT(out.str(), HasSubstr(flag));
  }
}

}  // namespace
}  // namespace keep
