#include "openai/token_count.hpp"

#include <gtest/gtest.h>

namespace keep::openai {
namespace {

TEST(CountedSurface, IsThatOfThePath) {
  EXPECT_EQ(counted_surface("POST", "/v1/messages/count_tokens?beta=true"), Surface::kMessages);
  EXPECT_EQ(counted_surface("POST", "/v1/responses/input_tokens"), Surface::kResponses);
  EXPECT_EQ(counted_surface("POST", "/chat/completions/input_tokens"), Surface::kChat);
  EXPECT_FALSE(counted_surface("GET", "/v1/messages/count_tokens"));
  EXPECT_FALSE(counted_surface("POST", "/v1/messages"));
}

TEST(CountBody, IsThatOfTheSurface) {
  EXPECT_EQ(count_body(Surface::kMessages, 5), R"({"input_tokens":5})");
  EXPECT_EQ(count_body(Surface::kResponses, 5),
            R"({"input_tokens":5,"object":"response.input_tokens"})");
}

}  // namespace
}  // namespace keep::openai
