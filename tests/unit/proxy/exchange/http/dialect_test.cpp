#include "exchange/http/dialect.hpp"

#include <gtest/gtest.h>

namespace keep {
namespace {

TEST(Dialect, IsToldByThePath) {
  for (const char* target :
       {"/v1/messages", "/v1/messages?beta=true", "/v1/messages/count_tokens"}) {
    EXPECT_TRUE(speaks_anthropic(target)) << target;
  }
  for (const char* target : {"", "/", "/v1/messagesx", "/v1/chat/completions", "/x/v1/messages"}) {
    EXPECT_FALSE(speaks_anthropic(target)) << target;
  }
}

TEST(Dialect, TwoPathsSpeakLlamaServersOwn) {
  for (const char* target : {"/completion", "/completions?x=1", "/completi%6Fn"}) {
    EXPECT_TRUE(speaks_native(target)) << target;
  }
  for (const char* target : {"", "/v1/completions", "/completion/", "/chat/completions", "/%"}) {
    EXPECT_FALSE(speaks_native(target)) << target;
  }
}

TEST(Dialect, ErrorsHaveItsForm) {
  const Error error(Fault::kNotFound, Side::kDownstream, "no such thing");
  EXPECT_EQ(to_reply(error, "/v1/messages/x")->body,
            R"({"type":"error","error":{"type":"not_found_error","message":"no such thing"}})");
  EXPECT_EQ(to_reply(error, "/x")->body, to_reply(error)->body);
  EXPECT_EQ(to_reply(error, "/v1/messages")->status, 404);
}

}  // namespace
}  // namespace keep
