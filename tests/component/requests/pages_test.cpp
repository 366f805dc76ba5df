// What a web page must not do to a server that asks for no key, by simple requests that a browser
// sends without asking first, or under a name of its own.
#include "tests/support/keys_file.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <string>

namespace keep::test {
namespace {

const std::string kFact = R"({"topic":"pets","key":"dog","value":"Rex"})";
const std::string kStore = "/v1/knowledge/store";
const std::string kEvil = "Origin: https://evil.example\r\n";
const std::string kText = "Content-Type: text/plain\r\n";
const std::string kForm = "Content-Type: application/x-www-form-urlencoded\r\n";
const std::string kJson = "Content-Type: Application/JSON; charset=utf-8\r\n";

class PagesTest : public testing::Test {
 protected:
  static std::string asked(const std::string& method, const std::string& target,
                           const std::string& headers, const std::string& body = "",
                           const std::string& host = "127.0.0.1") {
    return method + " " + target + " HTTP/1.1\r\nHost: " + host + "\r\n" + headers +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  int status(const TestProxy& proxy, const std::string& bytes) {
    TestClient client(proxy.port());
    client.send(bytes);
    return client.read_response().status;
  }
  std::string topics(const TestProxy& proxy, const std::string& headers = "") {
    TestClient client(proxy.port());
    client.send(asked("GET", "/v1/knowledge/topics", headers));
    return client.read_response().body;
  }
  static std::vector<Step> script(const Received& request) {
    if (request.target == "/v1/chat/completions") return chat_stream("x");
    return {Send{reply(200, "{}")}};
  }
  std::size_t asked_for(const std::string& target) const {
    std::size_t count = 0;
    for (const Received& one : upstream_.received()) count += one.target == target ? 1 : 0;
    return count;
  }
  ScriptedUpstream upstream_{script};
  Config config_ = test_config(upstream_.url());
  KeysFile keys_{"secret\n"};
};

TEST_F(PagesTest, AForeignPageChangesNothing) {
  TestProxy proxy(config_);
  for (const std::string& type : {kText, kForm, kJson, std::string()}) {
    EXPECT_EQ(status(proxy, asked("POST", kStore, kEvil + type, kFact)), 403) << type;
  }
  EXPECT_EQ(status(proxy, asked("POST", kStore, "Origin: null\r\n" + kText, kFact)), 403);
  EXPECT_EQ(topics(proxy).find("pets"), std::string::npos);
  const std::string chat = chat_body("x", true);
  EXPECT_EQ(status(proxy, asked("POST", "/v1/chat/completions", kEvil + kText, chat)), 403);
  EXPECT_EQ(status(proxy, asked("POST", "/slots/0?action=erase", kEvil)), 403);
  EXPECT_EQ(status(proxy, asked("GET", "/v1/conversations/list", kEvil)), 403);
  EXPECT_EQ(asked_for("/v1/chat/completions") + asked_for("/slots/0?action=erase"), 0U);
}

TEST_F(PagesTest, ANameThatAPageGaveToThisMachineIsForeign) {
  TestProxy proxy(config_);
  const std::string name = "evil.example:8200";
  EXPECT_EQ(status(proxy, asked("POST", kStore, kJson, kFact, name)), 403);
  EXPECT_EQ(status(proxy, asked("GET", "/v1/conversations/list", "", "", name)), 403);
  EXPECT_EQ(status(proxy, asked("GET", "/health", "", "", name)), 403);
  EXPECT_EQ(status(proxy, asked("GET", "/health", "", "", "localhost:8200")), 200);
  EXPECT_EQ(topics(proxy).find("pets"), std::string::npos);
}

TEST_F(PagesTest, WhatChangesSomethingIsJson) {
  TestProxy proxy(config_);
  for (const std::string& type : {kText, kForm, std::string()}) {
    for (const char* target :
         {"/v1/knowledge/store", "/v1/conversations/end", "/slots/0?action=erase", "/lora-adapters",
          "/props", "//slots/0?action=erase"}) {
      EXPECT_EQ(status(proxy, asked("POST", target, type, kFact)), 415) << target << type;
    }
  }
  EXPECT_EQ(status(proxy, asked("POST", kStore, kJson, kFact)), 200);
  EXPECT_NE(topics(proxy).find("pets"), std::string::npos);
  EXPECT_EQ(status(proxy, asked("POST", "/v1/conversations/list", kForm, "{}")), 200);
  EXPECT_EQ(status(proxy, asked("POST", "/v1/knowledge/search", kForm, R"({"query":"dog"})")), 200);
  // What only answers is as free as llama-server is: curl -d sends a form.
  const std::string chat = chat_body("x", true);
  EXPECT_EQ(status(proxy, asked("POST", "/v1/chat/completions", kForm, chat)), 200);
  EXPECT_EQ(status(proxy, asked("POST", "/tokenize", kForm, R"({"content":"x"})")), 200);
}

TEST_F(PagesTest, AKeyIsEnough) {
  config_.keys_file = keys_.path();
  TestProxy proxy(config_);
  const std::string key = "Authorization: Bearer secret\r\n";
  EXPECT_EQ(status(proxy, asked("POST", kStore, key + kEvil + kText, kFact, "keep.example")), 200);
  EXPECT_NE(topics(proxy, key).find("pets"), std::string::npos);
}

}  // namespace
}  // namespace keep::test
