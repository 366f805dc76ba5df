// Clients that take more than they give: they lose, and nobody else notices.
#include "tests/support/keys_file.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>

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

struct OwnReply {
  const char* target;
  bool keys;  // are asked for, and the clients have none
};

class NotReadingTest : public GreedyTest, public testing::WithParamInterface<OwnReply> {
 protected:
  NotReadingTest() {
    if (GetParam().keys) config_.keys_file = keys_.path();
  }
  std::string many() const {
    std::string requests;
    while (requests.size() < 100'000)
      requests += std::string("GET ") + GetParam().target + " HTTP/1.1\r\nHost: x\r\n\r\n";
    return requests;
  }
  KeysFile keys_{"secret\n"};
};

TEST_P(NotReadingTest, PipeliningClientsMakeRoomLongBeforeTheyAreGivenUp) {
  config_.timeouts.write = 60s;
  TestProxy proxy(config_);
  const auto clients = crowd(proxy.port(), many());
  std::this_thread::sleep_for(300ms);
  for (int i = 0; i < 4; ++i) {
    TestClient other(proxy.port());
    other.send("GET /ready HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(other.read_response(10s).status, 200) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Replies, NotReadingTest,
                         testing::Values(OwnReply{"/metrics", false}, OwnReply{"/v1/models", false},
                                         OwnReply{"/", true}));

// A place is not kept by asking for more and more that needs no key.
TEST_F(GreedyTest, ClientsThatAskWithoutEndMakeRoom) {
  const KeysFile keys("secret\n");
  config_.keys_file = keys.path();
  TestProxy proxy(config_);
  std::atomic<bool> ended{false};
  std::atomic<int> answered{0};
  std::vector<std::thread> threads;
  for (const char* const target : {"/health", "/metrics", "/ready", "/v1/models"}) {
    threads.emplace_back([&, target] {
      TestClient client(proxy.port());
      while (!ended && client.get(target).complete) ++answered;
    });
  }
  EXPECT_TRUE(eventually([&] { return answered > 100; }));
  for (int i = 0; i < 4; ++i) {
    TestClient other(proxy.port());
    other.send("GET /ready HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(other.read_response(10s).status, 200) << i;
  }
  ended = true;
  for (std::thread& thread : threads) thread.join();
}

class IdleTest : public GreedyTest, public testing::WithParamInterface<const char*> {};

TEST_P(IdleTest, ConnectionsThatAskForNothingMakeRoom) {
  TestProxy proxy(config_);
  const auto clients = crowd(proxy.port(), GetParam());
  std::this_thread::sleep_for(50ms);
  for (int i = 0; i < 4; ++i) {
    TestClient other(proxy.port());
    other.send("GET /ready HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(other.read_response(2s).status, 200);
  }
}

INSTANTIATE_TEST_SUITE_P(Heads, IdleTest,
                         testing::Values("", "GET /ready HT",
                                         "GET /ready HTTP/1.1\r\nHost: x\r\n\r\n"));

TEST_F(GreedyTest, TheLongestSilentGoesFirstAndNobodyAtWork) {
  std::atomic<bool> go_on{false};
  ScriptedUpstream slow([&](const Received&) -> std::vector<Step> {
    return {WaitFor{&go_on}, Send{reply(200, "done")}};
  });
  config_.upstreams[0].url = slow.url();
  TestProxy proxy(config_);
  TestClient busy(proxy.port());
  busy.send(post_bytes("/x", "a"));
  TestClient partial(proxy.port());
  partial.send("GET /r");
  TestClient kept(proxy.port());
  EXPECT_EQ(kept.get("/ready").status, 200);
  std::this_thread::sleep_for(20ms);
  TestClient silent(proxy.port());
  std::this_thread::sleep_for(150ms);
  TestClient first(proxy.port());
  EXPECT_EQ(first.get("/ready").status, 200);
  EXPECT_TRUE(kept.closed_within(1s));
  EXPECT_FALSE(silent.closed_within(0ms));
  TestClient second(proxy.port());
  EXPECT_EQ(second.get("/ready").status, 200);
  EXPECT_TRUE(silent.closed_within(1s));
  partial.send("eady HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(partial.read_response().status, 200);
  go_on = true;
  EXPECT_EQ(busy.read_response().body, "done");
}

// Who drips a body holds a place no more than who drips a head.
TEST_F(GreedyTest, WhereNobodyIsSilentTheLongestOnItsWayGoes) {
  TestProxy proxy(config_);
  std::vector<std::unique_ptr<TestClient>> drips;
  for (int i = 0; i < 4; ++i) {
    drips.push_back(std::make_unique<TestClient>(proxy.port()));
    drips.back()->send(i % 2 == 1 ? "POST /x HT"
                                  : "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na");
    std::this_thread::sleep_for(20ms);
  }
  std::this_thread::sleep_for(150ms);
  TestClient other(proxy.port());
  EXPECT_EQ(other.get("/ready").status, 200);
  EXPECT_TRUE(drips[0]->closed_within(1s));
  for (int i = 1; i < 4; ++i) EXPECT_FALSE(drips[i]->closed_within(0ms)) << i;
  drips[2]->send("bcdefghi");
  EXPECT_EQ(drips[2]->read_response().body, "echo:abcdefghi");
}

TEST_F(GreedyTest, ADrippingBodyIsEndedInTime) {
  config_.timeouts.body = 400ms;
  TestProxy proxy(config_);
  TestClient drip(proxy.port());
  drip.send("POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  const auto begin = std::chrono::steady_clock::now();
  while (drip.read_bytes(1, 50ms).empty()) {
    ASSERT_LT(std::chrono::steady_clock::now() - begin, 2s);
    drip.send("1\r\na\r\n");
  }
  EXPECT_NE(drip.read_bytes(4096, 500ms).find("TTP/1.1 408"), std::string::npos);
}

// A body of 50 MB is announced, and some of it is sent.
class StrangerTest : public GreedyTest {
 protected:
  static std::string announced(const std::string& start, const std::string& more = "") {
    return start + " HTTP/1.1\r\nHost: x\r\n" + more + "Content-Length: 50000000\r\n\r\n";
  }
  KeysFile keys_{"secret\n"};
};

TEST_F(StrangerTest, BodiesOfStrangersAreNotWaitedFor) {
  config_.keys_file = keys_.path();
  TestProxy proxy(config_);
  const std::string body(300'000, 'x');
  const std::string expect = "Expect: 100-continue\r\n";
  struct Case {
    std::string head;
    int status;
  };
  const Case cases[] = {
      {announced("POST /v1/chat/completions"), 401},
      {announced("POST /v1/chat/completions", expect), 401},
      {announced("POST /x", "Authorization: Bearer wrong\r\n"), 401},
      {announced("GET /health"), 200},
      {announced("OPTIONS /v1/chat/completions"), 204},
      {"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n493e0\r\n", 401},
  };
  for (const Case& c : cases) {
    TestClient client(proxy.port());
    client.send(c.head + body);
    const Response response = client.read_response(3s);
    EXPECT_EQ(response.status, c.status) << c.head;
    EXPECT_EQ(response.header("Connection"), "close") << c.head;
    client.send(body);
    EXPECT_TRUE(client.closed_within(3s)) << c.head;
  }
  TestClient bare(proxy.port());
  EXPECT_EQ(bare.get("/v1/models").status, 401);
  EXPECT_EQ(bare.get("/health").status, 200);  // there was no body: the connection goes on
  TestClient known(proxy.port());
  EXPECT_EQ(known.post("/v1/embeddings", "{}", "Authorization: Bearer secret\r\n").body, "echo:{}");
}

}  // namespace
}  // namespace keep::test
