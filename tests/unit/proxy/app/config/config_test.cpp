#include "app/config/config.hpp"

#include "app/config/config_keys.hpp"
#include "app/config/config_toml.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>

namespace keep {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

const std::string kConf = std::string(KEEP_TESTS_DIR) + "/../conf/";

// A configuration file that lives as long as the test.
class TempFile {
 public:
  explicit TempFile(const std::string& text)
      : name_("keep_config_test_" + std::to_string(::getpid())),
        path_(::testing::TempDir() + name_) {
    std::ofstream(path_) << text;
  }
  ~TempFile() { std::remove(path_.c_str()); }
  const std::string& name() const { return name_; }
  const std::string& path() const { return path_; }

 private:
  std::string name_, path_;
};

Result<Config> load_text(const std::string& text) {
  const TempFile file(text);
  ConfigSources sources;
  sources.file = file.path();
  return load_config(sources);
}

std::string error_of(const std::string& text) {
  const auto config = load_text(text);
  return config ? "no error" : config.error().detail;
}

Config defaults() { return *load_config({}); }

TEST(LoadConfig, GivesTheDefaultsWithoutSources) {
  const Config config = defaults();
  ASSERT_EQ(config.upstreams.size(), 1u);
  EXPECT_EQ(config.upstreams[0].url, "http://127.0.0.1:8080");
  EXPECT_EQ(config.listen.max_body_bytes, 64u << 20);
  EXPECT_EQ(config.timeouts.head, milliseconds(15000));
}

TEST(LoadConfig, FileThenEnvironmentThenFlags) {
  const TempFile file("[admission]\nqueue = 1\nmax_active = 1\n[log]\nlevel = \"warn\"\n");
  ConfigSources sources;
  sources.file = file.path();
  sources.environment = {{"LLAMA_KEEP_ADMISSION_QUEUE", "2"},
                         {"LLAMA_KEEP_ADMISSION_MAX_ACTIVE", "2"},
                         {"HOME", "/nowhere"}};
  sources.flags = {{"admission.queue", "3"}};
  const auto config = load_config(sources);
  ASSERT_TRUE(config) << config.error().detail;
  EXPECT_EQ(config->slots.queue, 3u);
  EXPECT_EQ(config->slots.max_active, 2u);
  EXPECT_EQ(config->log_level, log::Level::kWarn);
}

TEST(LoadConfig, ReadsEveryTypeOfValue) {
  const auto config = load_text(
      "[listen]\naddress = \"[::1]:9000\"\nmax_body = 4096\nmax_header = \"8KB\"\n"
      "[timeouts]\nhead = 1.5\nbody = \"500ms\"\nconnect = 7\n"
      "[headers]\nexplain = false\n[log]\nformat = \"json\"\n");
  ASSERT_TRUE(config) << config.error().detail;
  EXPECT_EQ(config->listen.address, "[::1]:9000");
  EXPECT_EQ(config->listen.max_body_bytes, 4096u);
  EXPECT_EQ(config->listen.max_header_bytes, 8192u);
  EXPECT_EQ(config->timeouts.head, milliseconds(1500));
  EXPECT_EQ(config->timeouts.body, milliseconds(500));
  EXPECT_EQ(config->timeouts.connect, milliseconds(7000));
  EXPECT_FALSE(config->explain);
  EXPECT_EQ(config->log_format, log::Format::kJson);
}

TEST(LoadConfig, ReadsListsOfTables) {
  const auto config = load_text(
      "[[upstream]]\nurl = \"http://a:1\"\napi_key_file = \"/k\"\n[[upstream]]\nurl = "
      "\"http://[::1]:2/\"\n[[hygiene.rule]]\nname = \"clock\"\npattern = 'a\\d'\naction = "
      "\"drop\"\n");
  ASSERT_TRUE(config) << config.error().detail;
  ASSERT_EQ(config->upstreams.size(), 2u);
  EXPECT_EQ(config->upstreams[0].api_key_file, "/k");
  EXPECT_EQ(config->upstreams[1].url, "http://[::1]:2");
  ASSERT_EQ(config->hygiene.rules.size(), 1u);
  EXPECT_EQ(config->hygiene.rules[0].pattern, "a\\d");
  EXPECT_EQ(config->hygiene.rules[0].role, "");
}

TEST(LoadConfig, UpstreamsOfAFlagReplaceThoseOfTheFile) {
  const TempFile file("[[upstream]]\nurl = \"http://file:1\"\napi_key_file = \"/old\"\n");
  ConfigSources sources;
  sources.file = file.path();
  sources.environment = {{"LLAMA_KEEP_UPSTREAM", "http://env:1, http://env:2"},
                         {"LLAMA_KEEP_UPSTREAM_API_KEY_FILE", "/env"}};
  auto config = load_config(sources);
  ASSERT_TRUE(config) << config.error().detail;
  ASSERT_EQ(config->upstreams.size(), 2u);
  EXPECT_EQ(config->upstreams[1].url, "http://env:2");
  sources.flags = {{"upstream.url", "http://flag:1"}, {"upstream.url", "http://flag:2"}};
  config = load_config(sources);
  ASSERT_TRUE(config) << config.error().detail;
  ASSERT_EQ(config->upstreams.size(), 2u);
  EXPECT_EQ(config->upstreams[0].url, "http://flag:1");
  EXPECT_EQ(config->upstreams[1].api_key_file, "/env");
}

TEST(LoadConfig, RefusesTheSameUpstreamTwice) {
  ConfigSources sources;
  sources.flags = {{"upstream.url", "http://a:1,http://a:1/"}};
  const auto config = load_config(sources);
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().detail, HasSubstr("twice"));
}

TEST(LoadConfig, NamesTheUnknownKeyItsLineAndTheNearestKnownOne) {
  const std::string error = error_of("[listen]\n\nadress = \"127.0.0.1:1\"\n");
  EXPECT_THAT(error, HasSubstr(":3: unknown key listen.adress"));
  EXPECT_THAT(error, HasSubstr("did you mean listen.address?"));
  EXPECT_THAT(error_of("[listne]\n"), HasSubstr("did you mean listen?"));
  EXPECT_THAT(error_of("[[upstream]]\nurl = \"http://a:1\"\napi_key = \"x\"\n"),
              HasSubstr("unknown key upstream.api_key; did you mean upstream.api_key_file?"));
  EXPECT_THAT(error_of("[zzzzzzzzzzzz]\n"), Not(HasSubstr("did you mean")));
}

TEST(LoadConfig, NamesTheUnknownVariable) {
  ConfigSources sources;
  sources.environment = {{"LLAMA_KEEP_LOG_LEVLE", "info"}};
  const auto config = load_config(sources);
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().detail, HasSubstr("did you mean LLAMA_KEEP_LOG_LEVEL?"));
}

TEST(LoadConfig, PassesOverVariablesOfKubernetesServices) {
  ConfigSources sources;
  sources.environment = {{"LLAMA_KEEP_PORT", "tcp://10.0.0.1:8200"},
                         {"LLAMA_KEEP_PORT_8200_TCP_ADDR", "10.0.0.1"},
                         {"LLAMA_KEEP_SERVICE_HOST", "10.0.0.1"}};
  EXPECT_TRUE(load_config(sources));
}

TEST(LoadConfig, RefusesValuesOfTheWrongType) {
  EXPECT_THAT(error_of("[admission]\nqueue = \"5\"\n"),
              HasSubstr("admission.queue: expected a whole number, not a string"));
  EXPECT_THAT(error_of("[admission]\nqueue = 1.5\n"), HasSubstr("not a fraction"));
  EXPECT_THAT(error_of("[admission]\nqueue = -1\n"), HasSubstr("whole number"));
  EXPECT_THAT(error_of("[headers]\nexplain = 1\n"), HasSubstr("true or false"));
  EXPECT_THAT(error_of("[headers]\nexplain = \"yes\"\n"), HasSubstr("true or false"));
  EXPECT_THAT(error_of("[listen]\naddress = 8200\n"), HasSubstr("a string"));
  EXPECT_THAT(error_of("[log]\nlevel = \"loud\"\n"), HasSubstr("\"debug\", \"info\""));
  EXPECT_THAT(error_of("[timeouts]\nhead = [1]\n"), HasSubstr("not a list"));
  EXPECT_THAT(error_of("listen = 3\n"), HasSubstr("write [listen]"));
  EXPECT_THAT(error_of("[upstream]\nurl = \"http://a:1\"\n"), HasSubstr("write [[upstream]]"));
  EXPECT_THAT(error_of("upstream = [1]\n"), HasSubstr("write [[upstream]]"));
  EXPECT_THAT(error_of("[hygiene]\nrule = 3\n"), HasSubstr("write [[hygiene.rule]]"));
}

TEST(LoadConfig, RefusesValuesOutOfRange) {
  EXPECT_THAT(error_of("[timeouts]\nhead = 0\n"), HasSubstr("above zero"));
  EXPECT_THAT(error_of("[timeouts]\nhead = -3\n"), HasSubstr("timeouts.head"));
  EXPECT_THAT(error_of("[timeouts]\nhead = \"8 h\"\nbody = \"999h\"\n"), HasSubstr("7 days"));
  EXPECT_THAT(error_of("[listen]\nmax_body = 10\n"), HasSubstr("from 1KB to 2GB"));
  EXPECT_THAT(error_of("[listen]\nmax_connections = 0\n"), HasSubstr("from 1 to"));
  EXPECT_THAT(error_of("[identity]\nanonymous = \"shared\"\n"), HasSubstr("\"derived\""));
}

TEST(LoadConfig, RefusesUnfinishedRules) {
  EXPECT_THAT(error_of("[[hygiene.rule]]\nname = \"a\"\naction = \"drop\"\n"),
              HasSubstr("hygiene.rule.pattern: is missing"));
  EXPECT_THAT(error_of("[[hygiene.rule]]\nname = \"a b\"\n"), HasSubstr("letters, digits"));
  EXPECT_THAT(error_of("[[hygiene.rule]]\nname = \"a\"\npattern = \"x\"\naction = \"erase\"\n"),
              HasSubstr("hygiene.rule.action: expected one of"));
}

TEST(LoadConfig, ReportsBrokenAndMissingFiles) {
  EXPECT_THAT(error_of("[listen\n"), HasSubstr(":1: "));
  ConfigSources sources;
  sources.file = "/nowhere/at/all.toml";
  EXPECT_FALSE(load_config(sources));
  sources.file = "/";
  EXPECT_FALSE(load_config(sources));
}

TEST(LoadConfig, FindsSecretsInTheCredentialsDirectory) {
  const TempFile file("[auth]\nkeys_file = \"no_such_file\"\n");
  ConfigSources sources;
  sources.file = file.path();
  std::string folder = ::testing::TempDir();
  folder.pop_back();
  sources.environment = {{"CREDENTIALS_DIRECTORY", folder}};
  EXPECT_EQ(load_config(sources)->keys_file, "no_such_file");
  sources.flags = {{"auth.keys_file", file.name()}};
  EXPECT_EQ(load_config(sources)->keys_file, file.path());
}

TEST(ToToml, ReadBackGivesTheSame) {
  const auto config = load_text(
      "[listen]\naddress = \"[::]:1\"\nmax_body = 1025\n[timeouts]\nhead = 0.25\nidle = "
      "7\n[[upstream]]"
      "\nurl = \"http://a:1\"\n[[upstream]]\nurl = \"http://b:1\"\napi_key_file = 'a\"\\b'\n[log]\n"
      "level = \"error\"\n[[hygiene.rule]]\nname = \"r\"\npattern = '\\d\"'\naction = "
      "\"freeze\"\n");
  ASSERT_TRUE(config) << config.error().detail;
  const std::string text = to_toml(*config);
  const auto again = load_text(text);
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_EQ(to_toml(*again), text);
  EXPECT_EQ(again->timeouts.head, milliseconds(250));
  EXPECT_EQ(again->upstreams[1].api_key_file, "a\"\\b");
}

std::string read_file(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(ExampleFile, EqualsTheDefaults) {
  ConfigSources sources;
  sources.file = kConf + "llama-keep.toml";
  const auto config = load_config(sources);
  ASSERT_TRUE(config) << config.error().detail;
  EXPECT_EQ(to_toml(*config), to_toml(defaults()));
}

TEST(ExampleFile, HoldsEveryKeyWithItsComment) {
  const std::string text = read_file(kConf + "llama-keep.toml");
  const std::string printed = to_toml(defaults());
  std::istringstream lines(printed);
  for (std::string line; std::getline(lines, line);) EXPECT_THAT(text, HasSubstr(line + "\n"));
  for (const std::string& name : config::key_names()) {
    EXPECT_THAT(text, HasSubstr(name.substr(name.rfind('.') + 1) + " = "));
  }
}

TEST(ExampleFile, ReferenceDeploymentsLoad) {
  for (const char* name : {"small", "medium", "large"}) {
    ConfigSources sources;
    sources.file = kConf + name + ".toml";
    const auto config = load_config(sources);
    EXPECT_TRUE(config) << config.error().detail;
  }
}

}  // namespace
}  // namespace keep
