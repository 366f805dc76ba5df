#include "app/verbs/verbs.hpp"

#include "app/doctor/minimum_engine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace keep {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Ran {
  int code;
  std::string out, err;
};

Ran run(std::vector<std::string> arguments, NamedValues environment = {}) {
  std::ostringstream out, err;
  const int code = run_verb({std::move(arguments), std::move(environment), out, err});
  return {code, out.str(), err.str()};
}

TEST(RunVerb, WithoutAVerbTellsTheUsage) {
  const Ran ran = run({});
  EXPECT_EQ(ran.code, kExitUsage);
  EXPECT_THAT(ran.err, HasSubstr("usage: llama-keep VERB"));
}

TEST(RunVerb, SuggestsTheNearestVerb) {
  const Ran ran = run({"dcotor"});
  EXPECT_EQ(ran.code, kExitUsage);
  EXPECT_THAT(ran.err, HasSubstr("did you mean doctor?"));
}

TEST(RunVerb, EveryVerbHasHelp) {
  EXPECT_EQ(run({"--help"}).code, kExitOk);
  for (const char* verb : {"serve", "doctor", "chat", "conversations", "knowledge", "version"}) {
    const Ran ran = run({verb, "--help"});
    EXPECT_EQ(ran.code, kExitOk);
    EXPECT_THAT(ran.out, HasSubstr(std::string("usage: llama-keep ") + verb));
  }
}

TEST(RunVerb, HelpFitsAScreen) {
  std::vector<std::vector<std::string>> calls{{"--help"}};
  for (const char* verb : {"serve", "doctor", "chat", "conversations", "knowledge", "version"}) {
    calls.push_back({verb, "--help"});
  }
  for (const auto& call : calls) {
    std::istringstream out(run(call).out);
    int lines = 0;
    for (std::string line; std::getline(out, line); ++lines) EXPECT_LE(line.size(), 80U) << line;
    EXPECT_LE(lines, 24) << call.front();
  }
}

TEST(RunVerb, HelpNamesTheFlagsAndHelpAllTheSettings) {
  for (const char* verb : {"serve", "doctor"}) {
    const std::string help = run({verb, "--help"}).out;
    EXPECT_THAT(help, HasSubstr("--help-all"));
    EXPECT_THAT(help, Not(HasSubstr("--upstream.pool_tokens")));
    const std::string all = run({verb, "--help-all"}).out;
    EXPECT_THAT(all, HasSubstr("--config PATH"));
    EXPECT_THAT(all, HasSubstr("--upstream.pool_tokens 0"));
    EXPECT_THAT(all, Not(HasSubstr("--hygiene.rule")));
  }
  for (const char* verb : {"chat", "conversations", "knowledge"}) {
    const std::string help = run({verb, "--help"}).out;
    for (const char* flag : {"--url URL ", "--api-key-file PATH ", "--tenant ID ", "--help "}) {
      EXPECT_THAT(help, HasSubstr(flag));
    }
  }
}

TEST(RunVerb, FaultsNameTheVerb) {
  const Ran ran = run({"serve", "extra"});
  EXPECT_EQ(ran.code, kExitUsage);
  EXPECT_EQ(ran.err, "llama-keep serve: unexpected word \"extra\"\n");
  EXPECT_EQ(run({"doctor", "--listen"}).err, "llama-keep doctor: --listen needs a value\n");
  EXPECT_EQ(run({"chat", "--help-all"}).code, kExitUsage);
}

TEST(VerbConversations, WantsAnActionAndAnId) {
  EXPECT_THAT(run({"conversations"}).err, HasSubstr("an action is missing"));
  EXPECT_THAT(run({"conversations", "drop"}).err, HasSubstr("unknown action drop"));
  EXPECT_THAT(run({"conversations", "export"}).err, HasSubstr("export needs the id"));
  EXPECT_EQ(run({"conversations", "end", "a", "b"}).code, kExitUsage);
}

TEST(VerbConversations, SaysHowToReachAServer) {
  const Ran ran = run({"conversations", "list", "--url", "http://127.0.0.1:1"});
  EXPECT_EQ(ran.code, kExitProblem);
  EXPECT_THAT(ran.err, HasSubstr("nobody listens at http://127.0.0.1:1; start llama-keep"));
}

TEST(VerbKnowledge, WantsAnActionAndItsFlags) {
  EXPECT_THAT(run({"knowledge"}).err, HasSubstr("an action is missing"));
  EXPECT_THAT(run({"knowledge", "search"}).err, HasSubstr("search needs a query"));
  EXPECT_THAT(run({"knowledge", "add", "--topic", "t", "--key", "k"}).err,
              HasSubstr("add needs --value"));
  EXPECT_EQ(run({"knowledge", "topics", "more"}).code, kExitUsage);
}

TEST(VerbChat, RefusesWhatItCannotUse) {
  EXPECT_THAT(run({"chat", "hello"}).err, HasSubstr("unexpected word \"hello\""));
  EXPECT_THAT(run({"chat", "--max-tokens", "many"}).err, HasSubstr("--max-tokens: "));
  EXPECT_THAT(run({"chat", "--url", "ftp://x"}).err, HasSubstr("must start with http://"));
  EXPECT_EQ(run({"chat", "--conversion", "x"}).code, kExitUsage);
}

TEST(VerbVersion, TellsTheOldestEngine) {
  EXPECT_THAT(run({"version"}).out, HasSubstr(kMinimumEngine));
  EXPECT_EQ(run({"version", "now"}).code, kExitUsage);
}

TEST(VerbServe, PrintsTheConfigurationInForce) {
  const Ran ran = run({"serve", "--print-config", "--admission.queue", "7"},
                      {{"LLAMA_KEEP_LOG_LEVEL", "debug"}});
  EXPECT_EQ(ran.code, kExitOk);
  EXPECT_THAT(ran.out, HasSubstr("\nqueue = 7\n"));
  EXPECT_THAT(ran.out, HasSubstr("\nlevel = \"debug\"\n"));
}

TEST(VerbServe, ChecksTheFilesOfTheConfiguration) {
  EXPECT_EQ(run({"serve", "--check-config"}).code, kExitOk);
  const Ran ran = run({"serve", "--check-config", "--auth.keys_file", "/nowhere"});
  EXPECT_EQ(ran.code, kExitProblem);
  EXPECT_THAT(ran.err, HasSubstr("/nowhere"));
}

TEST(VerbServe, ChecksWhetherStrangersMayUseIt) {
  const std::vector<std::string> check{"serve", "--check-config", "--listen.address"};
  const auto checked = [&](const char* address) {
    auto arguments = check;
    arguments.emplace_back(address);
    return run(std::move(arguments));
  };
  for (const char* address : {"0.0.0.0:8200", "[::]:8200", "192.0.2.1:8200"}) {
    const Ran ran = checked(address);
    EXPECT_EQ(ran.code, kExitOk);
    EXPECT_THAT(ran.err, HasSubstr(std::string("whoever reaches ") + address));
  }
  for (const char* address : {"127.0.0.1:8200", "[::1]:8200"}) EXPECT_EQ(checked(address).err, "");
}

TEST(VerbServe, TellsUsageFromProblems) {
  EXPECT_EQ(run({"serve", "--log.level", "loud"}).code, kExitUsage);
  EXPECT_EQ(run({"serve"}, {{"LLAMA_KEEP_LOG_LEVEL", "loud"}}).code, kExitProblem);
}

TEST(VerbDoctor, FailsWhenNobodyListens) {
  const Ran ran = run({"doctor", "--listen", "127.0.0.1:0", "--upstream", "http://127.0.0.1:1"});
  EXPECT_EQ(ran.code, kExitProblem);
  EXPECT_THAT(ran.out, HasSubstr("FAIL  reachable"));
  EXPECT_THAT(ran.out, HasSubstr("-> start llama-server"));
}

}  // namespace
}  // namespace keep
