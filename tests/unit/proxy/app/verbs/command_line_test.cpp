#include "app/verbs/command_line.hpp"

#include "app/config/config_keys.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace keep {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::vector<Switch> kSwitches{{"json", "As JSON."}};

std::string error_of(const std::vector<std::string>& arguments) {
  const auto line = parse_command_line(arguments, {}, kSwitches);
  return line ? "no error" : line.error().detail;
}

TEST(ParseCommandLine, KeepsSettingsInOrder) {
  const auto line =
      parse_command_line({"--listen", "127.0.0.1:1", "--json", "--upstream=http://a:1",
                          "--upstream", "http://b:1", "--config", "x.toml"},
                         {{"LLAMA_KEEP_CONFIG", "y.toml"}}, kSwitches);
  ASSERT_TRUE(line) << line.error().detail;
  EXPECT_EQ(line->sources.file, "x.toml");
  EXPECT_TRUE(line->switches.contains("json"));
  const NamedValues expected{{"listen.address", "127.0.0.1:1"},
                             {"upstream.url", "http://a:1"},
                             {"upstream.url", "http://b:1"}};
  EXPECT_EQ(line->sources.flags, expected);
}

TEST(ParseCommandLine, TakesTheFileFromTheEnvironment) {
  const auto line = parse_command_line({}, {{"LLAMA_KEEP_CONFIG", "y.toml"}}, kSwitches);
  EXPECT_EQ(line->sources.file, "y.toml");
}

TEST(ParseCommandLine, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(error_of({"--lisen", "x"}), HasSubstr("did you mean --listen?"));
  EXPECT_THAT(error_of({"--jsn"}), HasSubstr("did you mean --json?"));
  EXPECT_THAT(error_of({"--log.levle=info"}), HasSubstr("did you mean --log.level?"));
  EXPECT_THAT(error_of({"--up", "http://a:1"}), HasSubstr("unknown flag --up"));
  EXPECT_THAT(error_of({"extra"}), HasSubstr("unexpected word \"extra\""));
  EXPECT_THAT(error_of({"--listen"}), HasSubstr("--listen"));
}

TEST(ParseCommandLine, RefusesWrongValuesOfFlags) {
  EXPECT_THAT(error_of({"--timeouts.head", "0"}), HasSubstr("--timeouts.head"));
  EXPECT_THAT(error_of({"--upstream", "https://a:1"}), HasSubstr("TLS"));
  EXPECT_THAT(error_of({"--listen", "nowhere"}), HasSubstr("--listen.address"));
}

std::string help(const std::string& flag) {
  const auto line = parse_command_line({flag}, {}, kSwitches);
  EXPECT_TRUE(line && line->wants_help()) << flag;
  std::ostringstream out;
  if (line) print_flags(out, kSwitches, *line);
  return out.str();
}

TEST(PrintFlags, ListsEveryKeyWhenAskedForAll) {
  const std::string out = help("--help-all");
  for (const std::string& name : config::key_names()) {
    if (name.starts_with("hygiene.rule")) continue;
    EXPECT_THAT(out, HasSubstr("--" + name));
  }
  EXPECT_THAT(out, HasSubstr("--json"));
}

TEST(PrintFlags, ListsTheFlagsOfTheVerbOtherwise) {
  const std::string out = help("--help");
  EXPECT_THAT(out, HasSubstr("--json"));
  EXPECT_THAT(out, HasSubstr("--help-all"));
  EXPECT_THAT(out, Not(HasSubstr("--upstream.pool_tokens")));
}

}  // namespace
}  // namespace keep
