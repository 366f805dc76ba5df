#include "plugins/hedge/token_probability.hpp"

#include <gtest/gtest.h>

namespace keep::hedge {
namespace {

std::optional<double> least(const char* chunk) { return least_probability(json::Value(chunk)); }

TEST(TokenProbability, IsThatOfTheLeastLikelyTokenOfTheFirstChoice) {
  const auto found =
      least(R"({"choices":[{"index":1,"logprobs":{"content":[{"logprob":-9}]}},)"
            R"({"index":0,"logprobs":{"content":[{"logprob":-0.1},{"logprob":-2.302585}]}}]})");
  ASSERT_TRUE(found);
  EXPECT_NEAR(*found, 0.1, 1e-6);
}

TEST(TokenProbability, ThereIsNoneWithoutLogprobs) {
  EXPECT_FALSE(least(R"({"choices":[{"index":0,"delta":{"content":"x"},"logprobs":null}]})"));
  EXPECT_FALSE(least(R"({"choices":[]})"));
}

}  // namespace
}  // namespace keep::hedge
