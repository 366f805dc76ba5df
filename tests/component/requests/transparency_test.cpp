// With every plugin off, bytes in are bytes out.
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

namespace keep::test {
namespace {

std::string joined_stream(const std::vector<Step>& steps) {
  std::string all;
  for (const Step& step : steps) {
    if (const auto* send = std::get_if<Send>(&step)) all += send->bytes;
  }
  return all.substr(all.find("\r\n\r\n") + 4);
}

std::string unchunked(std::string chunked) {
  std::string body;
  while (!chunked.empty()) {
    const std::size_t end = chunked.find("\r\n");
    const std::size_t size = std::stoul(chunked.substr(0, end), nullptr, 16);
    body += chunked.substr(end + 2, size);
    chunked.erase(0, end + 2 + size + 2);
  }
  return body;
}

TEST(Transparency, RequestBodyAndUnknownHeadersArriveByteForByte) {
  ScriptedUpstream upstream([](const Received&) { return chat_stream("hi"); });
  TestProxy proxy(transparent_config(upstream.url()));
  const std::string body =
      "{ \"messages\" : [ {\"role\":\"user\",\"content\":\"h\\u00e9 \\/ 1\"} ],\n \"temp\":1.0,"
      "\"seed\":12345678901234567890, \"stream\":true, \"x\": {\"b\":1,\"a\":[ ] } }";
  TestClient client(proxy.port());
  const Response response =
      client.post("/v1/chat/completions?a=b%20c", body, "X-Odd-CaSe:  v;=\"\t1\" \r\n");
  EXPECT_EQ(response.status, 200);
  const auto received = upstream.received();
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(received[0].body, body);
  EXPECT_EQ(received[0].target, "/v1/chat/completions?a=b%20c");
  EXPECT_NE(received[0].head.find("X-Odd-CaSe: v;=\"\t1\"\r\n"), std::string::npos);
}

TEST(Transparency, StreamReachesTheClientByteForByte) {
  const auto steps = chat_stream("one two three four");
  ScriptedUpstream upstream([&steps](const Received&) { return steps; });
  TestProxy proxy(transparent_config(upstream.url()));
  TestClient client(proxy.port());
  const Response response = client.post("/v1/chat/completions", chat_body("x", true));
  EXPECT_TRUE(response.complete);
  EXPECT_EQ(response.body, unchunked(joined_stream(steps)));
}

TEST(Transparency, OddEventStreamsAreNotTidiedUp) {
  const std::string odd =
      ": ping\r\n\r\nevent: x\rdata: {\"a\":1}\r\rdata:no space\ndata: two\n\n\n\ndata: unfinished";
  ScriptedUpstream upstream([&odd](const Received&) {
    std::vector<Step> steps{Send{stream_head()}};
    for (const char c : odd) steps.push_back(Send{chunk(std::string(1, c))});
    steps.push_back(Send{stream_end()});
    return steps;
  });
  TestProxy proxy(transparent_config(upstream.url()));
  TestClient client(proxy.port());
  EXPECT_EQ(client.post("/v1/chat/completions", chat_body("x", true)).body, odd);
}

TEST(Transparency, NonStreamingRepliesAndErrorsPassUnchanged) {
  const std::string answer = "{\"choices\":[ ],\n \"weird\": 1.50 }";
  ScriptedUpstream upstream([&answer](const Received& request) -> std::vector<Step> {
    if (request.body.find("fail") != std::string::npos) return {Send{reply(418, "{\"error\":1}")}};
    return {Send{reply(200, answer)}};
  });
  TestProxy proxy(transparent_config(upstream.url()));
  TestClient client(proxy.port());
  EXPECT_EQ(client.post("/v1/chat/completions", chat_body("x", false)).body, answer);
  const Response failed = client.post("/v1/chat/completions", chat_body("fail", false));
  EXPECT_EQ(failed.status, 418);
  EXPECT_EQ(failed.body, "{\"error\":1}");
}

TEST(Transparency, OtherPathsPassThroughWithPluginsOn) {
  ScriptedUpstream upstream([](const Received& request) -> std::vector<Step> {
    return {Send{reply(200, request.target + "|" + request.body, "text/odd")}};
  });
  TestProxy proxy(test_config(upstream.url()));
  TestClient client(proxy.port());
  const Response posted = client.post("/tokenize?x=1", "{\"content\":\"not json at all");
  EXPECT_EQ(posted.body, "/tokenize?x=1|{\"content\":\"not json at all");
  EXPECT_EQ(posted.header("content-type"), "text/odd");
  EXPECT_EQ(client.get("/lora-adapters").body, "/lora-adapters|");
}

TEST(Transparency, HeadHasNoBodyAndTheConnectionGoesOn) {
  ScriptedUpstream upstream([](const Received& request) -> std::vector<Step> {
    if (request.head.starts_with("HEAD")) {
      return {Send{"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"}};
    }
    return {Send{reply(200, "next")}};
  });
  TestProxy proxy(test_config(upstream.url()));
  TestClient client(proxy.port());
  client.send("HEAD /x HTTP/1.1\r\nHost: x\r\n\r\nGET /y HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string head = client.read_bytes(15, std::chrono::seconds(5));
  EXPECT_EQ(head, "HTTP/1.1 200 OK");
  const std::string rest = client.read_bytes(4096, std::chrono::milliseconds(500));
  EXPECT_NE(rest.find("Content-Length: 99"), std::string::npos);
  EXPECT_TRUE(rest.ends_with("next"));
}

}  // namespace
}  // namespace keep::test
