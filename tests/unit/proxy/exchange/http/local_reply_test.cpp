#include "exchange/http/local_reply.hpp"

#include <gtest/gtest.h>

namespace keep {
namespace {

const Error kNoSuchThing(Fault::kNotFound, Side::kDownstream, "no such thing");

TEST(ToReply, ErrorsHaveTheFormOfThePath) {
  constexpr const char* kAnthropic =
      R"({"type":"error","error":{"type":"not_found_error","message":"no such thing"}})";
  for (const char* target :
       {"/v1/messages", "/v1/messages?beta=true", "/v1/messages/x", "/v1/m%65ssages"}) {
    EXPECT_EQ(to_reply(kNoSuchThing, target)->body, kAnthropic) << target;
    EXPECT_EQ(to_reply(kNoSuchThing, target)->status, 404) << target;
  }
  for (const char* target : {"", "/", "/x", "/v1/messagesx", "/v1/messages%", "/x/v1/messages"}) {
    EXPECT_EQ(to_reply(kNoSuchThing, target)->body, to_reply(kNoSuchThing)->body) << target;
  }
}

TEST(InDialect, WhatIsNoErrorStays) {
  LocalReply reply;
  reply.body = "{}";
  EXPECT_EQ(in_dialect(openai::dialects::messages(), reply).body, "{}");
  reply.status = 400;
  EXPECT_NE(in_dialect(openai::dialects::messages(), reply).body, "{}");
}

}  // namespace
}  // namespace keep
