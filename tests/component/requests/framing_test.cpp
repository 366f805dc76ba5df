// Requests that could be read in two ways are refused; honest oddities work.
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <string_view>
#include <thread>

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
        "GET\r\n\r\n", "\x16\x03\x01\x02\r\n\r\n",
        "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\nabcd",
        "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 4, 4\r\n\r\nabcd",
        "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: +4\r\n\r\nabcd",
        "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 0x4\r\n\r\nabcd",
        "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n",
        "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length : 4\r\n\r\nabcd",
        "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \x0b"
        "chunked\r\n\r\n0\r\n\r\n",
        "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: x\r\nA:\r\n\tb\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: x\r\nA: b\r\n \r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: x\r\nA:\r\n \r\n\r\n", "GET /x HTTP/1.1\r\n Host: x\r\n\r\n",
        "GET /x HTTP/1.1\r\n\r\n", "GET /x HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: a b\r\n\r\n", "GET x HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: x\r\nA: b\x01\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: x\r\nA: b\nC: d\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: x\r\nA: b\rC: d\r\n\r\n",
        "GET /x\x01 HTTP/1.1\r\nHost: x\r\n\r\n", "GET /x  HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /x HTTP/1.1\nHost: x\n\n\r\n\r\n"));

TEST_F(FramingTest, AControlCharacterOfZeroIsRefusedLikeAnyOther) {
  using namespace std::string_literals;
  TestClient client(proxy_.port());
  client.send("GET /x HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n"s);
  EXPECT_EQ(client.read_response().status, 400);
}

TEST_F(FramingTest, WholeUrlsAreAnsweredLikePaths) {
  TestClient client(proxy_.port());
  client.send("POST http://x:80/x?y HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na");
  EXPECT_EQ(client.read_response().body, "echo:a");
  EXPECT_EQ(upstream_.received().at(0).target, "/x?y");
  client.send("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.read_response().status, 204);
}

TEST_F(FramingTest, TunnelsAreNotImplementedAndLongTargetsHaveAStatus) {
  const std::pair<std::string, int> cases[] = {
      {"CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n", 501},
      {"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n", 501},
      {"GET /" + std::string(70'000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", 414},
  };
  for (const auto& [bytes, status] : cases) {
    TestClient client(proxy_.port());
    client.send(bytes);
    EXPECT_EQ(client.read_response().status, status) << bytes.substr(0, 20);
    EXPECT_TRUE(client.closed_within(3s));
  }
  EXPECT_TRUE(upstream_.received().empty());
}

TEST_F(FramingTest, ChunkedRequestBodiesAreAccepted) {
  TestClient client(proxy_.port());
  client.send(
      "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;e=1\r\nde\r\n"
      "0\r\n\r\n");
  EXPECT_EQ(client.read_response().body, "echo:abcde");
  EXPECT_EQ(upstream_.received()[0].header("Transfer-Encoding"), "");
  EXPECT_EQ(upstream_.received()[0].header("Content-Length"), "5");
}

#define CHUNKED_HEAD "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

TEST_F(FramingTest, TrailersAreReadAndDropped) {
  TestClient client(proxy_.port());
  client.send(CHUNKED_HEAD
              "3\r\nabc\r\n0;e=1\r\nAuthorization: Bearer k\r\nX-Trailer: 1\r\n"
              "Connection: close\r\n\r\n");
  EXPECT_EQ(client.read_response().body, "echo:abc");
  const Received got = upstream_.received().at(0);
  EXPECT_EQ(got.header("Authorization"), "");
  EXPECT_EQ(got.header("X-Trailer"), "");
  EXPECT_EQ(client.post("/x", "b").body, "echo:b");
}

class EndlessTest : public FramingTest, public testing::WithParamInterface<const char*> {};

// Each piece is small, and none of them is ever the last.
TEST_P(EndlessTest, IsRefusedAtTheLimitOfAHead) {
  const std::string all = GetParam();
  const std::size_t cut = all.find('~');
  const std::string start = all.substr(0, cut), piece = all.substr(cut + 1);
  TestClient client(proxy_.port());
  client.send(start);
  std::size_t sent = 0;
  std::string many, status;
  while (many.size() < 4000) many += piece;
  for (; sent < (4 << 20) && status.empty(); sent += many.size()) {
    client.send(many);
    status = client.read_bytes(12, 1ms);
  }
  EXPECT_LT(sent, 1U << 20);
  EXPECT_EQ(status, "HTTP/1.1 431");
  client.read_bytes(1 << 20, 3s);
  EXPECT_TRUE(client.closed_within(3s));
  EXPECT_TRUE(upstream_.received().empty());
}

INSTANTIATE_TEST_SUITE_P(Pieces, EndlessTest,
                         testing::Values(CHUNKED_HEAD "0\r\n~A: b\r\n", CHUNKED_HEAD "0\r\nA: ~b",
                                         CHUNKED_HEAD "0;~e", CHUNKED_HEAD "1;~e",
                                         CHUNKED_HEAD "~1;e=12345678\r\nx\r\n",
                                         CHUNKED_HEAD "~00000000000"));

// Where each read ends with the beginning of a field, none is ever seen whole in what has come.
TEST_F(FramingTest, HeadsThatComeFieldByFieldAreBounded) {
  TestClient client(proxy_.port());
  client.send("GET /x HTTP/1.1\r\nHost: x\r\nA");
  const std::string line = ": " + std::string(1000, 'v') + "\r\nA";
  std::string status;
  int sent = 0;
  for (; sent < 1000 && status.empty(); ++sent) {
    client.send(line);
    status = client.read_bytes(12, 2ms);
  }
  EXPECT_LT(sent, 200);
  EXPECT_EQ(status, "HTTP/1.1 431");
}

TEST_F(FramingTest, AHeadOfManyFieldsThatConnectionNamesCostsNoMoreThanItsBytes) {
  std::string named = "Connection: keep-alive", lines;
  for (int i = 0; i < 9000; ++i) named += ",zz";
  for (int i = 0; i < 5000; ++i) lines += "qq:\r\n";
  TestClient client(proxy_.port());
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(client.post("/x", "a", lines + named + "\r\n").status, 200);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 500ms);
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
  EXPECT_EQ(client.read_response().status, 431);
}

TEST(Framing, TrailersOfUpstreamAreDroppedAndBounded) {
  ScriptedUpstream upstream([](const Received& request) -> std::vector<Step> {
    const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    std::string trailers = "X-Trailer: 1\r\nConnection: close\r\n";
    if (request.target == "/many") {
      for (int i = 0; i < 100000; ++i) trailers += "X-Trailer: 1\r\n";
    }
    if (request.target == "/extended") return {Send{head + "1;" + std::string(200000, 'e')}};
    return {Send{head + "3;e=1\r\nabc\r\n0\r\n" + trailers + "\r\n"}};
  });
  TestProxy proxy(transparent_config(upstream.url()));
  const Response few = TestClient(proxy.port()).get("/few");
  EXPECT_EQ(few.body, "abc");
  EXPECT_TRUE(few.complete);
  EXPECT_EQ(few.header("X-Trailer"), "");
  EXPECT_FALSE(TestClient(proxy.port()).get("/many").complete);
  EXPECT_EQ(TestClient(proxy.port()).get("/extended").status, 502);  // before any byte of the body
}

// The answer behind an interim one must not stay on the connection for whoever comes next.
TEST(Framing, InterimAnswersOfUpstreamArePassedOver) {
  ScriptedUpstream upstream([](const Received& request) -> std::vector<Step> {
    const std::string interim = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
    if (request.target == "/switching") return {Send{"HTTP/1.1 101 Switching Protocols\r\n\r\n"}};
    if (request.target == "/together") return {Send{interim + interim + reply(200, "final")}};
    return {Send{interim}, Wait{100ms}, Send{reply(200, "final")}};
  });
  TestProxy proxy(transparent_config(upstream.url()));
  for (const char* path : {"/apart", "/together", "/apart"}) {
    const Response got = TestClient(proxy.port()).get(path);
    EXPECT_EQ(got.status, 200) << path;
    EXPECT_EQ(got.body, "final") << path;
    EXPECT_EQ(got.header("Link"), "") << path;
  }
  EXPECT_EQ(TestClient(proxy.port()).get("/switching").status, 502);
}

TEST(Framing, InterimAnswersOfUpstreamAreBounded) {
  ScriptedUpstream upstream([](const Received&) -> std::vector<Step> {
    std::string many;
    for (int i = 0; i < 1000; ++i) many += "HTTP/1.1 100 Continue\r\n\r\n";
    return {Send{many + reply(200, "final")}};
  });
  TestProxy proxy(transparent_config(upstream.url()));
  EXPECT_EQ(TestClient(proxy.port()).get("/x").status, 502);
}

TEST(Framing, TheEndOfAnEmptyBodyMayComeByteByByte) {
  ScriptedUpstream upstream([](const Received&) -> std::vector<Step> {
    std::vector<Step> steps{Send{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"}};
    for (const char byte : std::string_view("0\r\n\r\n")) {
      steps.emplace_back(Send{std::string(1, byte)});
      steps.emplace_back(Wait{5ms});
    }
    return steps;
  });
  TestProxy proxy(transparent_config(upstream.url()));
  TestClient client(proxy.port());
  client.send("POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (const char byte : std::string_view("0\r\n\r\n")) {
    std::this_thread::sleep_for(5ms);
    client.send(std::string(1, byte));
  }
  EXPECT_EQ(client.read_response().status, 200);
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
