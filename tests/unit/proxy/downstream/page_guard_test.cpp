#include "downstream/page_guard.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace keep {
namespace {

int status(const PageGuard& guard, std::vector<std::pair<std::string, std::string>> headers,
           const std::string& target = "/v1/knowledge/store") {
  Request request;
  request.method = "POST";
  request.target = target;
  for (const auto& [name, value] : headers) request.headers.add(name, value);
  const Reply reply = guard.refuse(request);
  return reply ? reply->status : 200;
}

const CorsPolicy kChat(false, {"https://chat.example.org:8443"});
const PageGuard kLoopback(kChat, true), kOpen(kChat, false), kKeys;

TEST(PageGuard, PagesThatMayNotCallAreRefused) {
  for (const std::string origin : {"https://evil.example", "null", "http://localhost.evil.example",
                                   "https://chat.example.org", "http://chat.example.org:8443"}) {
    EXPECT_EQ(status(kLoopback, {{"Host", "localhost:8200"}, {"Origin", origin}}), 403) << origin;
    EXPECT_EQ(status(kOpen, {{"Host", "localhost:8200"}, {"origin", origin}}), 403) << origin;
    EXPECT_EQ(status(kKeys, {{"Host", "localhost:8200"}, {"Origin", origin}}), 200) << origin;
  }
  for (const std::string origin : {"http://localhost:3000", "https://chat.example.org:8443",
                                   "http://127.0.0.1", "app://obsidian.md"}) {
    EXPECT_EQ(status(kLoopback, {{"Host", "localhost:8200"}, {"Origin", origin}}), 200) << origin;
  }
  EXPECT_EQ(status(kLoopback, {{"Origin", "http://localhost"}, {"Origin", "https://evil.example"}}),
            403);
}

TEST(PageGuard, NamesThatAPageCanOwnAreForeign) {
  for (const std::string host :
       {"evil.example", "evil.example:8200", "LOCALHOST.evil.example", "127.0.0.1.nip.io:8200",
        "xn--lcalhost-ksa.com", "a.b.c.", "localhost..", "[::1].evil.com", "localhost:1@evil.com",
        ":80", "localhost:x"}) {
    EXPECT_EQ(status(kLoopback, {{"Host", host}}), 403) << host;
    EXPECT_EQ(status(kOpen, {{"Host", host}}), 200) << host;
    EXPECT_EQ(status(kKeys, {{"Host", host}}), 200) << host;
  }
  for (const std::string host :
       {"localhost", "LocalHost:8200", "127.0.0.1:8200", "[::1]:8200", "192.168.1.7", "gpu",
        "host.docker.internal:8200", "gpu.local", "keep.localhost", "nas.home.arpa.",
        "chat.example.org", "localhost.", "127.0.0.1.:8200", "chat.example.org.", "gpu."}) {
    EXPECT_EQ(status(kLoopback, {{"Host", host}}), 200) << host;
  }
  EXPECT_EQ(status(kLoopback, {}), 200);  // HTTP/1.0
}

TEST(PageGuard, SaysWhatToDoInTheDialectOfThePath) {
  Request request;
  request.method = "POST";
  request.target = "/v1/messages";
  request.headers.add("Host", "evil.example");
  const Reply reply = kLoopback.refuse(request);
  ASSERT_TRUE(reply);
  EXPECT_NE(reply->body.find("\"type\":\"error\""), std::string::npos) << reply->body;
  EXPECT_NE(reply->body.find("listen.cors_origins"), std::string::npos);
}

}  // namespace
}  // namespace keep
