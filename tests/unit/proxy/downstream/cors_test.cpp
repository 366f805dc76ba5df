#include "downstream/cors.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace keep {
namespace {

Request preflight_from(const std::string& origin) {
  Request request;
  request.method = "OPTIONS";
  request.target = "/v1/chat/completions";
  if (!origin.empty()) request.headers.add("Origin", origin);
  request.headers.add("Access-Control-Request-Method", "POST");
  request.headers.add("Access-Control-Request-Headers", "authorization,x-conversation-id");
  return request;
}

std::string field(const Reply& reply, const char* name) {
  return std::string(reply->headers.find(name).value_or(""));
}

TEST(Cors, PagesOfThisMachineMayCall) {
  const CorsPolicy policy;
  for (const char* origin :
       {"http://localhost:3000", "https://localhost", "http://127.0.0.1:5173", "http://127.8.9.1",
        "http://[::1]:8080", "http://app.localhost", "http://0.0.0.0:3000", "capacitor://localhost",
        "http://tauri.localhost", "tauri://localhost", "app://obsidian.md", "vscode-webview://1f5b",
        "file://", "http://localhost.:3000", "http://LocalHost"}) {
    EXPECT_TRUE(policy.allows(origin)) << origin;
  }
}

TEST(Cors, OtherPagesMayNot) {
  const CorsPolicy policy;
  for (const char* origin : {"https://evil.example",
                             "null",
                             "",
                             "http://localhost.evil.example",
                             "http://127.evil.example",
                             "http://127.0.0.1.evil.example",
                             "http://evillocalhost",
                             "http://10.0.0.5:3000",
                             "https://app.example",
                             "http://[::2]",
                             "http://[::1",
                             "localhost",
                             "://localhost.x",
                             "chrome-extension://abc",
                             "http://evil.example/localhost",
                             "http://evil@localhost:1",
                             "http://[::1].evil.com",
                             "http://[::1]evil.com",
                             "http://localhost:1@evil.com",
                             "http://localhost@evil.com",
                             "http://localhost:x",
                             "http://localhost:1:2",
                             "http://localhost:123456",
                             "http://",
                             "http://localhost..",
                             "http://localhost/x",
                             "http://localhost?x",
                             "http://localhost#x",
                             "http://localhost\\x",
                             "http://[::1]:80:80",
                             "http://[]",
                             "://localhost",
                             "a b://localhost",
                             "app://x@evil.com",
                             "app://x/y",
                             "app://[::1].evil.com"}) {
    EXPECT_FALSE(policy.allows(origin)) << origin;
  }
}

TEST(Cors, NamedOnesAndWithKeysAll) {
  const CorsPolicy named(false, {"https://chat.example.org"});
  EXPECT_TRUE(named.allows("https://chat.example.org"));
  EXPECT_TRUE(named.allows("http://localhost"));
  EXPECT_FALSE(named.allows("http://chat.example.org"));
  EXPECT_FALSE(named.allows("https://chat.example.org.evil.example"));
  EXPECT_TRUE(CorsPolicy(true, {}).allows("https://anything.example"));
}

TEST(Cors, RepliesNameThePageAndWhatItMayRead) {
  const CorsPolicy policy;
  Headers headers;
  headers.add("Content-Type", "application/json");
  headers.add("x-request-id", "1");
  headers.add("X-Keep-Slot", "2");
  headers.add("Retry-After", "5");
  headers.add("retry-after-ms", "5000");
  EXPECT_EQ(policy.fields("http://localhost:3000", headers),
            "Vary: Origin\r\nAccess-Control-Allow-Origin: http://localhost:3000\r\n"
            "Access-Control-Expose-Headers: x-request-id, X-Keep-Slot, Retry-After, "
            "retry-after-ms\r\n");
  EXPECT_EQ(policy.fields("https://evil.example", headers), "Vary: Origin\r\n");
  EXPECT_EQ(policy.fields("", headers), "");
}

TEST(Cors, PreflightsAreAnswered) {
  const Reply reply = CorsPolicy().preflight(preflight_from("http://localhost:3000"));
  EXPECT_EQ(reply->status, 204);
  EXPECT_NE(field(reply, "Access-Control-Allow-Methods").find("POST"), std::string::npos);
  EXPECT_EQ(field(reply, "Access-Control-Allow-Headers"), "authorization,x-conversation-id");
  EXPECT_EQ(field(reply, "Access-Control-Allow-Private-Network"), "");
  Request private_network = preflight_from("http://localhost:3000");
  private_network.headers.add("Access-Control-Request-Private-Network", "true");
  EXPECT_EQ(field(CorsPolicy().preflight(private_network), "Access-Control-Allow-Private-Network"),
            "true");
}

TEST(Cors, PreflightsOfOthersAreRefusedAndSayWhatToDo) {
  const Reply reply = CorsPolicy().preflight(preflight_from("https://evil.example"));
  EXPECT_EQ(reply->status, 403);
  EXPECT_NE(reply->body.find("listen.cors_origins"), std::string::npos);
  EXPECT_EQ(field(reply, "Access-Control-Allow-Methods"), "");
}

TEST(Cors, OptionsOfNoPageListsMethods) {
  const Reply reply = CorsPolicy().preflight(preflight_from(""));
  EXPECT_EQ(reply->status, 204);
  EXPECT_NE(field(reply, "Allow").find("POST"), std::string::npos);
  EXPECT_EQ(field(reply, "Access-Control-Allow-Methods"), "");
}

TEST(Cors, TwoOriginsAreNone) {
  Request request = preflight_from("http://localhost");
  request.headers.add("origin", "https://evil.example");
  EXPECT_EQ(origin_of(request), "");
}

}  // namespace
}  // namespace keep
