// Clients that take more than they give: they lose, and nobody else notices.
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace keep::test {
namespace {

using namespace std::chrono_literals;

class GreedyTest : public testing::Test {
 protected:
  GreedyTest() { config_.listen.max_connections = 4; }

  // As many as are let in, each having sent `bytes`.
  std::vector<std::unique_ptr<TestClient>> crowd(unsigned short port, const std::string& bytes) {
    std::vector<std::unique_ptr<TestClient>> clients;
    for (int i = 0; i < 4; ++i) {
      clients.push_back(std::make_unique<TestClient>(port));
      clients.back()->send(bytes);
    }
    return clients;
  }

  ScriptedUpstream upstream_{[](const Received& request) -> std::vector<Step> {
    if (request.target != "/v1/models") return {Send{reply(200, "echo:" + request.body)}};
    return {Send{reply(200, R"({"data":[{"id":")" + std::string(20'000, 'm') + R"("}]})")}};
  }};
  Config config_ = test_config(upstream_.url());
};

class NotReadingTest : public GreedyTest, public testing::WithParamInterface<std::string> {};

TEST_P(NotReadingTest, PipeliningClientsThatDoNotReadAreGivenUp) {
  config_.timeouts.write = 300ms;
  TestProxy proxy(config_);
  std::string requests;
  while (requests.size() < 100'000)
    requests += "GET " + GetParam() + " HTTP/1.1\r\nHost: x\r\n\r\n";
  const auto clients = crowd(proxy.port(), requests);
  TestClient other(proxy.port());
  other.send("GET /ready HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(other.read_response(5s).status, 200);
}

INSTANTIATE_TEST_SUITE_P(Replies, NotReadingTest, testing::Values("/metrics", "/v1/models"));

}  // namespace
}  // namespace keep::test
