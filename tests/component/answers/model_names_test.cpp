// Two upstreams of different models: who is asked for which.
#include "base/json/json.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace keep::test {
namespace {

std::string chat(const std::string& text, const std::string& model) {
  return R"({"max_tokens":20,"model":)" + json::quoted(model) +
         R"(,"messages":[{"role":"user","content":)" + json::quoted(text) + "}]}";
}

class ModelNamesTest : public testing::TestWithParam<bool> {
 protected:
  void start(bool slots) {
    Config config = test_config(first_.url());
    config.upstreams.push_back(UpstreamSettings{second_.url(), "", 0});
    config.slots.enabled = slots;
    proxy_.emplace(config);
    const auto both_well = [&] {
      const std::string health = TestClient(proxy_->port()).get("/health").body;
      return health.find("unreachable") == health.npos && health.find("loading") == health.npos;
    };
    ASSERT_TRUE(eventually(both_well));
  }
  Response post(const std::string& body, const std::string& target = "/v1/chat/completions") {
    return TestClient(proxy_->port()).post(target, body);
  }
  static std::size_t asked(const ScriptedUpstream& server) {
    const auto received = server.received();
    return static_cast<std::size_t>(std::ranges::count_if(received, [](const Received& request) {
      return request.target.starts_with("/v1/chat/completions");
    }));
  }
  static std::vector<Step> play(const Received& request) {
    if (!request.target.starts_with("/v1/chat/completions")) return {Send{reply(404, "{}")}};
    return chat_stream("I see.");
  }

  ScriptedUpstream first_{play}, second_{play};
  std::optional<TestProxy> proxy_;
};

INSTANTIATE_TEST_SUITE_P(Slots, ModelNamesTest, testing::Bool());

TEST_P(ModelNamesTest, AModelThatOneServerGoesByIsAskedThere) {
  first_.set_props(R"(,"model_alias":"small")");
  second_.set_props(R"(,"model_alias":"large")");
  start(GetParam());
  for (int i = 0; i < 4; ++i) {
    const std::string text = "hello " + std::to_string(i);
    EXPECT_EQ(post(chat(text, "large")).status, 200);
    EXPECT_EQ(post(chat(text, "gpt-4o")).status, 200) << "nobody's name: anybody";
  }
  EXPECT_GE(asked(second_), 4U);
  for (const Received& request : first_.received()) {
    EXPECT_EQ(request.body.find("\"large\""), std::string::npos);
  }
}

// As Ollama's clients name a model without one.
TEST_P(ModelNamesTest, ATagTellsAModelOnlyWhereAServerHasIt) {
  first_.set_props(R"(,"model_alias":"small:latest")");
  second_.set_props(R"(,"model_alias":"large")");
  start(GetParam());
  const auto servers = [&] { return std::pair(asked(first_), asked(second_)); };
  EXPECT_EQ(post(chat("a", "large:latest"), "/api/chat").status, 200);
  EXPECT_EQ(post(chat("b", "large:latest")).status, 200);
  EXPECT_EQ(servers(), std::pair(0UL, 2UL));
  EXPECT_EQ(post(chat("c", "small:latest"), "/api/chat").status, 200);
  EXPECT_EQ(post(chat("d", "small"), "/api/chat").status, 200);
  EXPECT_EQ(servers(), std::pair(2UL, 2UL));
  EXPECT_EQ(post(chat("e", ":latest"), "/api/chat").status, 200) << "nobody's name";
}

TEST_P(ModelNamesTest, ANameToTheLetterGoesBeforeOneWithAnotherTag) {
  first_.set_props(R"(,"model_alias":"large")");
  second_.set_props(R"(,"model_alias":"large:latest")");
  start(GetParam());
  EXPECT_EQ(post(chat("a", "large:latest"), "/api/chat").status, 200);
  EXPECT_EQ(asked(first_), 0U);
  EXPECT_EQ(post(chat("b", "large"), "/api/chat").status, 200);
  EXPECT_EQ(asked(second_), 1U);
}

}  // namespace
}  // namespace keep::test
