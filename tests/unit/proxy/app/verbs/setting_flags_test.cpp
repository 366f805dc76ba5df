#include "app/verbs/setting_flags.hpp"

#include "app/config/config_keys.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace keep {
namespace {

using ::testing::HasSubstr;

Result<ConfigSources> read(const std::vector<std::string>& arguments,
                           const NamedValues& environment = {}) {
  std::vector<Flag> flags = with_config_flags({{"json", "", "As JSON."}});
  for (Flag& setting : setting_flags()) flags.push_back(std::move(setting));
  const auto line = parse_flags(arguments, flags);
  if (!line) return line.error();
  return read_sources(*line, environment);
}

std::string error_of(const std::vector<std::string>& arguments) {
  const auto sources = read(arguments);
  return sources ? "no error" : sources.error().detail;
}

TEST(ReadSources, KeepsSettingsInOrder) {
  const auto sources = read({"--listen", "127.0.0.1:1", "--json", "--upstream=http://a:1",
                             "--upstream", "http://b:1", "--config", "x.toml"},
                            {{"LLAMA_KEEP_CONFIG", "y.toml"}});
  ASSERT_TRUE(sources) << sources.error().detail;
  EXPECT_EQ(sources->file, "x.toml");
  const NamedValues expected{{"listen.address", "127.0.0.1:1"},
                             {"upstream.url", "http://a:1"},
                             {"upstream.url", "http://b:1"}};
  EXPECT_EQ(sources->flags, expected);
}

TEST(ReadSources, TakesTheFileFromTheEnvironment) {
  const auto sources = read({}, {{"LLAMA_KEEP_CONFIG", "y.toml"}});
  ASSERT_TRUE(sources) << sources.error().detail;
  EXPECT_EQ(sources->file, "y.toml");
  EXPECT_EQ(sources->environment.size(), 1U);
}

TEST(ReadSources, RefusesFlagsThatAreNotKnown) {
  EXPECT_THAT(error_of({"--lisen", "x"}), HasSubstr("did you mean --listen?"));
  EXPECT_THAT(error_of({"--jsn"}), HasSubstr("did you mean --json?"));
  EXPECT_THAT(error_of({"--log.levle=info"}), HasSubstr("did you mean --log.level?"));
  EXPECT_THAT(error_of({"--up", "http://a:1"}), HasSubstr("unknown flag --up"));
  EXPECT_THAT(error_of({"--listen"}), HasSubstr("--listen needs a value"));
}

TEST(ReadSources, RefusesWrongValuesOfFlags) {
  EXPECT_THAT(error_of({"--timeouts.head", "0"}), HasSubstr("--timeouts.head"));
  EXPECT_THAT(error_of({"--upstream", "https://a:1"}), HasSubstr("TLS"));
  EXPECT_THAT(error_of({"--listen", "nowhere"}), HasSubstr("--listen.address"));
}

TEST(ReadSources, TakesEmptyValues) {
  EXPECT_EQ(error_of({"--history.folder", ""}), "no error");
  // What a variable that is not set leaves must not switch the keys off.
  EXPECT_THAT(error_of({"--auth.keys_file="}), HasSubstr("--auth.keys_file needs a value"));
}

TEST(SettingFlags, AreEveryKeyButThoseOfRules) {
  const std::vector<Flag> flags = setting_flags();
  for (const std::string& name : config::key_names()) {
    const bool known = std::ranges::find(flags, name, &Flag::name) != flags.end();
    EXPECT_EQ(known, !name.starts_with("hygiene.rule")) << name;
  }
  for (const Flag& flag : flags) {
    EXPECT_FALSE(flag.value.empty()) << flag.name;
    EXPECT_EQ(flag.help.find('\n'), std::string::npos) << flag.name;
  }
}

}  // namespace
}  // namespace keep
