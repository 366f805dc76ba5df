#include "downstream/request_target.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace keep {
namespace {

struct Asked {
  const char* method;
  const char* target;
  std::vector<const char*> hosts;
  int version = 11;
};

// The path that is served, or why none is.
std::string settled(const Asked& asked) {
  Request request;
  request.method = asked.method;
  request.target = asked.target;
  request.version = asked.version;
  for (const char* host : asked.hosts) request.headers.add("hOST", host);
  const auto done = settle_target(request);
  return done ? request.target : std::string(to_string(done.error().fault));
}

TEST(RequestTarget, IsAPath) {
  EXPECT_EQ(settled({"GET", "/x?y=http://z", {"a"}}), "/x?y=http://z");
  EXPECT_EQ(settled({"GET", "/x", {}, 10}), "/x");
  for (const char* target : {"x", "*", "a:80", "https://a/x", "http:/x", "http:///x", "ftp://a/"}) {
    EXPECT_EQ(settled({"GET", target, {"a"}}), "bad_request") << target;
  }
  EXPECT_EQ(settled({"OPTIONS", "*", {"a"}}), "*");
}

TEST(RequestTarget, OfAWholeUrlIsWhatFollowsTheHost) {
  EXPECT_EQ(settled({"GET", "http://a/x?y", {"a"}}), "/x?y");
  EXPECT_EQ(settled({"GET", "HTTP://A:80/x", {"a"}}), "/x");
  EXPECT_EQ(settled({"GET", "http://a", {"a:80"}}), "/");
  EXPECT_EQ(settled({"GET", "http://a?y=/", {"a"}}), "/?y=/");
  EXPECT_EQ(settled({"GET", "http://[::1]:8/x", {"[::1]:8"}}), "/x");
  EXPECT_EQ(settled({"GET", "http://a/x", {}, 10}), "/x");
  EXPECT_EQ(settled({"GET", "http://a/x", {}}), "bad_request");
  for (const char* host : {"b", "a:81", "", "[::1]"}) {
    EXPECT_EQ(settled({"GET", "http://a/x", {host}}), "bad_request") << host;
  }
  EXPECT_EQ(settled({"GET", "http://u@a/x", {"a"}}), "bad_request");
}

TEST(RequestTarget, NeedsOneHost) {
  EXPECT_EQ(settled({"GET", "/", {}}), "bad_request");
  EXPECT_EQ(settled({"GET", "/", {"a", "a"}}), "bad_request");
  EXPECT_EQ(settled({"GET", "/", {"a", "a"}, 10}), "bad_request");
  for (const char* host : {"a", "", "a.b-c_d:8200", "127.0.0.1", "[::1]:8200", "a:"}) {
    EXPECT_EQ(settled({"GET", "/", {host}}), "/") << host;
  }
  for (const char* host : {"a b", "a/b", "u@a", "a:x", "a:1:2", "[::1", "[]", "[a]b", "a\"",
                           "\xc3\xa4", "a:123456", "<a>", "a?b", "a#b", "a\\b"}) {
    EXPECT_EQ(settled({"GET", "/", {host}}), "bad_request") << host;
  }
}

TEST(RequestTarget, TunnelsAndEchoesAreNotServed) {
  EXPECT_FALSE(is_served("CONNECT"));
  EXPECT_FALSE(is_served("TRACE"));
  EXPECT_TRUE(is_served("connect"));  // another method
}

}  // namespace
}  // namespace keep
