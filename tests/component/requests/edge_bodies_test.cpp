// Bodies in other codings, with marks, and answers that come compressed.
#include "base/json/json.hpp"
#include "tests/support/compressed.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace keep::test {
namespace {

struct Surface {
  const char* path;
  const char* body;
};
const Surface kSurfaces[] = {
    {"/v1/chat/completions", R"({"messages":[{"role":"user","content":"Grüße"}],"stream":true})"},
    {"/v1/completions", R"({"prompt":"Grüße","stream":true})"},
    {"/completion", R"({"prompt":"Grüße","stream":true})"},
    {"/v1/responses", R"({"input":"Grüße","stream":true})"},
    {"/v1/messages",
     R"({"max_tokens":9,"messages":[{"role":"user","content":"Grüße"}],"stream":true})"},
};

class EdgeBodiesTest : public testing::Test {
 protected:
  ScriptedUpstream upstream_{[](const Received& request) -> std::vector<Step> {
    if (request.target == "/tokenize") return {Send{reply(200, request.body)}};
    return chat_stream("hello");
  }};
  Config config_ = test_config(upstream_.url());
};

void expect_plain(const Received& got) {
  EXPECT_EQ(got.header("Content-Encoding"), "");
  EXPECT_EQ(got.header("Content-Length"), std::to_string(got.body.size()));
  EXPECT_TRUE(got.body.starts_with('{')) << got.body;
  EXPECT_TRUE(json::validate(got.body)) << got.body;
  EXPECT_NE(got.body.find("Grüße"), std::string::npos) << got.body;
}

TEST_F(EdgeBodiesTest, EveryCodingOnEverySurface) {
  const std::pair<std::string, std::string (*)(std::string_view)> codings[] = {
      {"gzip", gzipped},
      {"deflate", zlib_deflated},
      {"deflate", raw_deflated},
      {"br", brotli_compressed},
      {"zstd", zstd_compressed}};
  for (Config config : {config_, transparent_config(upstream_.url())}) {
    TestProxy proxy(config);
    for (const auto& [path, body] : kSurfaces) {
      for (const auto& [name, compress] : codings) {
        TestClient client(proxy.port());
        const std::string header = "Content-Encoding: " + name + "\r\n";
        EXPECT_EQ(client.post(path, compress(body), header).status, 200) << path << name;
        expect_plain(upstream_.received().back());
      }
      TestClient client(proxy.port());
      const std::string stacked = brotli_compressed(gzipped(body));
      EXPECT_EQ(
          client.post(path, stacked, "Content-Encoding: gzip\r\nContent-Encoding: br\r\n").status,
          200);
      expect_plain(upstream_.received().back());
    }
  }
}

TEST_F(EdgeBodiesTest, AMarkBeforeTheJsonIsNoError) {
  for (Config config : {config_, transparent_config(upstream_.url())}) {
    TestProxy proxy(config);
    for (const auto& [path, body] : kSurfaces) {
      TestClient client(proxy.port());
      EXPECT_EQ(client.post(path, std::string("\xef\xbb\xbf") + body).status, 200) << path;
      expect_plain(upstream_.received().back());
      const std::string packed = gzipped(std::string("\xef\xbb\xbf") + body);
      EXPECT_EQ(client.post(path, packed, "Content-Encoding: gzip\r\n").status, 200) << path;
      expect_plain(upstream_.received().back());
    }
  }
}

TEST_F(EdgeBodiesTest, WhatCannotBeReadIsRefusedInTheDialectOfThePath) {
  config_.listen.max_body_bytes = 1 << 20;
  TestProxy proxy(config_);
  const std::string bomb = gzipped(std::string(64 << 20, ' '));
  for (const auto& [path, body] : kSurfaces) {
    const bool anthropic = std::string(path) == "/v1/messages";
    TestClient client(proxy.port());
    const Response responses[] = {
        client.post(path, body, "Content-Encoding: foo\r\n"),
        client.post(path, "no gzip", "Content-Encoding: gzip\r\n"),
        client.post(path, bomb, "Content-Encoding: gzip\r\n"),
        client.post(path, std::string("\xff\xfe{\0}\0", 6)),
    };
    const int statuses[] = {415, 400, 413, 400};
    for (int i = 0; i < 4; ++i) {
      EXPECT_EQ(responses[i].status, statuses[i]) << path;
      EXPECT_TRUE(responses[i].body.starts_with(anthropic ? R"({"type":"error")" : R"({"error")"))
          << responses[i].body;
    }
    EXPECT_EQ(responses[0].header("Accept-Encoding"), "gzip, deflate, br, zstd");
  }
  EXPECT_TRUE(upstream_.received().empty());
}

TEST_F(EdgeBodiesTest, ABombHoldsUpNobody) {
  TestProxy proxy(config_);
  TestClient bomber(proxy.port());
  bomber.send(post_bytes("/v1/chat/completions", gzipped(std::string(4 << 20, ' ')),
                         "Content-Encoding: gzip\r\n"));
  EXPECT_EQ(TestClient(proxy.port()).get("/health").status, 200);
  EXPECT_EQ(bomber.read_response(std::chrono::seconds(60)).status, 400);
}

TEST_F(EdgeBodiesTest, OurOwnEndpointsReadThemToo) {
  TestProxy proxy(config_);
  TestClient client(proxy.port());
  const std::string fact = R"({"topic":"pets","key":"dog","value":"Bruno"})";
  EXPECT_EQ(client.post("/v1/knowledge/store", zstd_compressed(fact), "Content-Encoding: zstd\r\n")
                .status,
            200);
  EXPECT_EQ(client.post("/v1/knowledge/store", "\xef\xbb\xbf" + fact).status, 200);
  EXPECT_EQ(client.post("/v1/knowledge/store", fact, "Content-Encoding: foo\r\n").status, 415);
}

TEST_F(EdgeBodiesTest, WhatPassesThroughIsLeftAsItIs) {
  TestProxy proxy(config_);
  TestClient client(proxy.port());
  const std::string body = gzipped("{}");
  EXPECT_EQ(client.post("/tokenize", body, "Content-Encoding: gzip\r\n").body, body);
  EXPECT_EQ(upstream_.received()[0].header("Content-Encoding"), "gzip");
  EXPECT_EQ(client.post("/tokenize", "\xef\xbb\xbf{}", "Content-Encoding: foo\r\n").body,
            "\xef\xbb\xbf{}");
}

TEST_F(EdgeBodiesTest, TheTypeOfABodyIsNotAskedFor) {
  TestProxy proxy(config_);
  TestClient client(proxy.port());
  for (const char* type :
       {"Content-Type: text/plain\r\n", "Content-Type: application/json; charset=utf-8\r\n",
        "Content-Type: application/json; charset=UTF-16\r\n",
        "Content-Type: application/x-www-form-urlencoded\r\n"}) {
    EXPECT_EQ(client.post("/v1/chat/completions", chat_body("x", true), type).status, 200) << type;
  }
}

TEST_F(EdgeBodiesTest, OldClientsAreSentNoContinue) {
  TestProxy proxy(config_);
  TestClient client(proxy.port());
  client.send("POST /tokenize HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  client.send("{}");
  EXPECT_EQ(client.read_response().body, "{}");
}

TEST_F(EdgeBodiesTest, UpstreamIsAskedNotToCompress) {
  TestProxy proxy(config_);
  TestClient client(proxy.port());
  const std::string any = "Accept-Encoding: gzip, br\r\n";
  for (const auto& [path, body] : kSurfaces) {
    client.post(path, body, any);
    EXPECT_EQ(upstream_.received().back().header("Accept-Encoding"), "identity") << path;
  }
  client.post("/tokenize", "{}", any);
  EXPECT_EQ(upstream_.received().back().header("Accept-Encoding"), "gzip, br");
}

TEST(EdgeBodies, AnAnswerThatComesCompressedIsAFaultOfUpstream) {
  ScriptedUpstream upstream([](const Received& request) -> std::vector<Step> {
    const bool stream = request.body.find("event") != request.body.npos;
    const std::string body = gzipped("data: {}\n\n");
    return {Send{std::string("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Type: ") +
                 (stream ? "text/event-stream" : "application/json") +
                 "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body}};
  });
  TestProxy proxy(test_config(upstream.url()));
  for (const char* text : {"event", "whole"}) {
    const Response response =
        TestClient(proxy.port()).post("/v1/chat/completions", chat_body(text, true));
    EXPECT_EQ(response.status, 502) << text;
    EXPECT_NE(response.body.find("compressed"), std::string::npos) << response.body;
  }
}

}  // namespace
}  // namespace keep::test
