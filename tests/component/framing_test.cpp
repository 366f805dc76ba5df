// Requests that could be read in two ways are refused; honest oddities work.
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

namespace keep::test {
namespace {

using namespace std::chrono_literals;

class FramingTest : public testing::Test {
 protected:
  ScriptedUpstream upstream_{[](const Received& request) -> std::vector<Step> {
    return {Send{reply(200, "echo:" + request.body)}};
  }};
  TestProxy proxy_{test_config(upstream_.url())};
};

class SmugglingTest : public FramingTest, public testing::WithParamInterface<const char*> {};

TEST_P(SmugglingTest, IsRefusedAndNothingReachesUpstream) {
  TestClient client(proxy_.port());
  client.send(GetParam());
  EXPECT_EQ(client.read_response().status, 400);
  EXPECT_TRUE(client.closed_within(3s));
  EXPECT_TRUE(upstream_.received().empty());
}

INSTANTIATE_TEST_SUITE_P(
    Attacks, SmugglingTest,
    testing::Values(
        "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\nGET /y HTTP/1.1\r\n\r\n",
        "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
        "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /x HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
        "0\r\n\r\n",
        "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\nabcd",
        "POST http://elsewhere/x HTTP/1.1\r\nHost: x\r\n\r\n", "GET /x HTTP/9.9\r\n\r\n",
        "GET\r\n\r\n", "\x16\x03\x01\x02\r\n\r\n"));

TEST_F(FramingTest, ChunkedRequestBodiesAreAccepted) {
  TestClient client(proxy_.port());
  client.send(
      "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;e=1\r\nde\r\n"
      "0\r\n\r\n");
  EXPECT_EQ(client.read_response().body, "echo:abcde");
  EXPECT_EQ(upstream_.received()[0].header("Transfer-Encoding"), "");
  EXPECT_EQ(upstream_.received()[0].header("Content-Length"), "5");
}

TEST_F(FramingTest, ContinueIsSentWhenAskedFor) {
  TestClient client(proxy_.port());
  client.send("POST /x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(client.read_bytes(25, 3s), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("abc");
  EXPECT_EQ(client.read_response().body, "echo:abc");
}

TEST_F(FramingTest, SplitAtEveryByteAndPipelined) {
  TestClient client(proxy_.port());
  for (const char c : post_bytes("/x", "slow")) client.send(std::string(1, c));
  EXPECT_EQ(client.read_response().body, "echo:slow");
  client.send(post_bytes("/x", "1") + post_bytes("/x", "2") + post_bytes("/x", "3"));
  EXPECT_EQ(client.read_response().body, "echo:1");
  EXPECT_EQ(client.read_response().body, "echo:2");
  EXPECT_EQ(client.read_response().body, "echo:3");
}

TEST_F(FramingTest, OldClientsGetACloseInsteadOfChunks) {
  TestClient client(proxy_.port());
  client.send("POST /x HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi");
  const Response response = client.read_response();
  EXPECT_EQ(response.body, "echo:hi");
  EXPECT_TRUE(client.closed_within(3s));
}

TEST_F(FramingTest, HopByHopFieldsStayOnTheirSide) {
  TestClient client(proxy_.port());
  client.post("/x", "a", "Connection: keep-alive, X-Private\r\nX-Private: 1\r\nTE: trailers\r\n");
  const Received got = upstream_.received()[0];
  EXPECT_EQ(got.header("X-Private"), "");
  EXPECT_EQ(got.header("TE"), "");
  EXPECT_EQ(got.header("Connection"), "");
}

TEST(Framing, BodiesOverTheLimitAreRefusedBelowItPass) {
  ScriptedUpstream upstream([](const Received& request) -> std::vector<Step> {
    return {Send{reply(200, std::to_string(request.body.size()))}};
  });
  Config config = test_config(upstream.url());
  config.listen.max_body_bytes = 3 << 20;
  TestProxy proxy(config);
  TestClient good(proxy.port());
  EXPECT_EQ(good.post("/x", std::string(3 << 20, 'a')).body, std::to_string(3 << 20));
  TestClient bad(proxy.port());
  bad.send("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3145729\r\n\r\n");
  const Response refused = bad.read_response();
  EXPECT_EQ(refused.status, 413);
  EXPECT_NE(refused.body.find("\"error\""), std::string::npos);
}

TEST(Framing, HeadsOverTheLimitAreRefused) {
  ScriptedUpstream upstream([](const Received&) { return chat_stream("x"); });
  TestProxy proxy(test_config(upstream.url()));
  TestClient client(proxy.port());
  client.send("GET /x HTTP/1.1\r\nX-Big: " + std::string(70000, 'a') + "\r\n\r\n");
  EXPECT_EQ(client.read_response().status, 413);
}

TEST(Framing, SlowHeadsAndBodiesRunIntoTheirLimits) {
  ScriptedUpstream upstream([](const Received&) { return chat_stream("x"); });
  Config config = test_config(upstream.url());
  config.timeouts.head = config.timeouts.body = 300ms;
  TestProxy proxy(config);
  TestClient head(proxy.port());
  head.send("GET /x HT");
  EXPECT_EQ(head.read_response().status, 408);
  TestClient body(proxy.port());
  body.send("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 30\r\n\r\nabc");
  EXPECT_EQ(body.read_response().status, 408);
}

}  // namespace
}  // namespace keep::test
