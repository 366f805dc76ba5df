// Requests that wait for a slot of one server while the other one fails, dies or comes back.
#include "base/json/json.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace keep::test {
namespace {

using namespace std::chrono_literals;

std::string chat(const std::string& text, const std::string& model) {
  return R"({"max_tokens":20,"model":)" + json::quoted(model) +
         R"(,"messages":[{"role":"user","content":)" + json::quoted(text) + "}]}";
}

// Two servers of one slot each. What is asked to hold its slot does so until one side leaves.
class FailoverQueueTest : public testing::Test {
 protected:
  static std::vector<Step> play(const Received& request) {
    if (!request.target.starts_with("/v1/chat/completions")) {
      return {Send{reply(404, R"({"error":{"message":"no"}})")}};
    }
    if (request.body.find("hold") != request.body.npos) return {WaitForClientGone{}};
    return chat_stream("I see.");
  }
  void start() {
    first_->set_props(R"(,"model_alias":"small")");
    second_->set_props(R"(,"model_alias":"large")");
    Config config = test_config(first_->url());
    config.upstreams.push_back(UpstreamSettings{second_->url(), "", 0});
    proxy_.emplace(config);
    const auto both_well = [&] {
      const std::string health = TestClient(proxy_->port()).get("/health").body;
      return health.find("unreachable") == health.npos && health.find("loading") == health.npos;
    };
    ASSERT_TRUE(eventually(both_well));
  }
  std::unique_ptr<TestClient> ask(const std::string& text, const std::string& model) {
    auto client = std::make_unique<TestClient>(proxy_->port());
    client->send(post_bytes("/v1/chat/completions", chat(text, model)));
    return client;
  }
  std::unique_ptr<TestClient> hold(ScriptedUpstream& server, const std::string& model) {
    auto client = ask("hold", model);
    EXPECT_TRUE(eventually([&] { return server.running() == 1; }));
    return client;
  }
  void await_queue(int depth) {
    const std::string line = "\nllama_keep_queue_depth " + std::to_string(depth) + "\n";
    ASSERT_TRUE(eventually([&] {
      const std::string all = TestClient(proxy_->port()).get("/metrics").body;
      return all.find(line) != all.npos;
    }));
  }

  std::atomic<bool> first_closes_{false};
  std::unique_ptr<ScriptedUpstream> first_ = std::make_unique<ScriptedUpstream>(
      [this](const Received& request) {
        return first_closes_ ? std::vector<Step>{Close{}} : play(request);
      },
      1);
  std::unique_ptr<ScriptedUpstream> second_ = std::make_unique<ScriptedUpstream>(play, 1);
  std::optional<TestProxy> proxy_;
};

TEST_F(FailoverQueueTest, WhoWaitsIsServedWhereAServerIsShunnedNoMore) {
  start();
  first_closes_ = true;
  EXPECT_EQ(ask("hello", "any")->read_response().status, 200) << "by the second one";
  first_closes_ = false;
  const auto holder = hold(*second_, "any");
  const auto next = ask("next", "any");
  EXPECT_EQ(next->read_response(5s).status, 200) << "the second one has its slot taken";
}

TEST_F(FailoverQueueTest, WhoWaitsForAModelThatIsGoneIsTold) {
  start();
  const auto holder = hold(*second_, "large");
  const auto next = ask("next", "large");
  await_queue(1);
  second_.reset();
  const Response response = next->read_response(5s);
  EXPECT_EQ(response.status, 502);
  EXPECT_NE(response.body.find("no llama-server with that model can be reached"), std::string::npos)
      << response.body;
  EXPECT_EQ(ask("small talk", "small")->read_response().status, 200);
}

// A prompt of about 1 700 tokens: what the first server has no room for is cut then.
TEST_F(FailoverQueueTest, WhoWaitsForAWindowThatIsGoneIsServedInASmallerOne) {
  first_->set_context(1024);
  second_->set_context(8192);
  start();
  std::string body = R"({"max_tokens":20,"messages":[)";
  for (int i = 0; i < 16; ++i) {
    const std::string role = i % 2 == 0 ? "user" : "assistant";
    const std::string text = std::to_string(i) + std::string(300, 'x') + " the harbor";
    body += R"({"role":")" + role + R"(","content":)" + json::quoted(text) + "},";
  }
  body += R"({"role":"user","content":"and now?"}]})";
  const auto holder = hold(*second_, "large");
  TestClient next(proxy_->port());
  next.send(post_bytes("/v1/chat/completions", body));
  await_queue(1);
  second_.reset();
  const Response response = next.read_response(5s);
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_NE(response.header("X-Keep-Window").find("window=1024"), std::string::npos)
      << response.header("X-Keep-Window");
}

// A restart is waited for, as long as there is nobody else who could do the work.
TEST_F(FailoverQueueTest, WhoWaitsWhileAllAreAwayWaitsOn) {
  start();
  const auto holder = hold(*second_, "large");
  const auto next = ask("next", "large");
  await_queue(1);
  first_.reset();
  ASSERT_TRUE(eventually([&] {
    return TestClient(proxy_->port()).get("/health").body.find("unreachable") != std::string::npos;
  }));
  second_.reset();
  EXPECT_EQ(holder->read_response(5s).status, 502);
  EXPECT_EQ(next->read_bytes(1, 700ms), "");
}

}  // namespace
}  // namespace keep::test
