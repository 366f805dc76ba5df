#include "plugins/hedge/watchable.hpp"

#include <gtest/gtest.h>

namespace keep::hedge {
namespace {

struct Case {
  explicit Case(const std::string& more = "", const std::string& last = R"({"role":"user"})") {
    exchange.chat_body = R"({"messages":[{"role":"user","content":"a"},)" + last + "]" + more + "}";
    exchange.surface = openai::Surface::kChat;
    exchange.force_stream = true;
    exchange.zone.planned = exchange.zone.stored = true;
    auto parsed = openai::parse_chat_request(exchange.chat_body, openai::Surface::kChat);
    EXPECT_TRUE(parsed);
    exchange.chat = *std::move(parsed);
  }
  Exchange exchange;
};

bool with(const std::string& more) { return watchable(Case(more).exchange); }

TEST(Watchable, PlainChatsAre) {
  EXPECT_TRUE(with(""));
  EXPECT_TRUE(with(R"(,"temperature":0.2,"stop":["x"],"logprobs":true)"));
  EXPECT_TRUE(with(R"(,"tools":[],"logit_bias":{},"grammar":"","json_schema":null)"));
  EXPECT_TRUE(with(R"(,"response_format":{"type":"text"})"));
  EXPECT_TRUE(with(R"(,"x_keep":{"hedge":true})"));
  EXPECT_TRUE(with(R"(,"x_keep":{})"));
}

TEST(Watchable, WhatConstrainsTheAnswerIsNot) {
  EXPECT_FALSE(with(R"(,"tools":[{"type":"function"}])"));
  EXPECT_FALSE(with(R"(,"functions":[{"name":"f"}])"));
  EXPECT_FALSE(with(R"(,"grammar":"root ::= x")"));
  EXPECT_FALSE(with(R"(,"json_schema":{"type":"object"})"));
  EXPECT_FALSE(with(R"(,"logit_bias":[[1,false]])"));
  EXPECT_FALSE(with(R"(,"response_format":{"type":"json_object"})"));
  EXPECT_FALSE(with(R"(,"n":2)"));
  EXPECT_FALSE(with(R"(,"x_keep":{"hedge":false})"));
}

TEST(Watchable, NeedsAPastAndAnAnswerOfItsOwn) {
  Case unplanned, unstored, auxiliary, completion, at_once;
  at_once.exchange.force_stream = false;
  unplanned.exchange.zone.planned = false;
  unstored.exchange.zone.stored = false;
  auxiliary.exchange.identity.auxiliary = true;
  completion.exchange.surface = openai::Surface::kCompletion;
  for (const Case* one : {&unplanned, &unstored, &auxiliary, &completion, &at_once}) {
    EXPECT_FALSE(watchable(one->exchange));
  }
  EXPECT_FALSE(watchable(Case("", R"({"role":"assistant","content":"It"})").exchange));
}

}  // namespace
}  // namespace keep::hedge
