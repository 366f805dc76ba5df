#include "openai/surface.hpp"

#include <gtest/gtest.h>

namespace keep::openai {
namespace {

TEST(SurfaceOf, KnowsThePathsOfLlamaServer) {
  EXPECT_EQ(surface_of("POST", "/v1/chat/completions"), Surface::kChat);
  EXPECT_EQ(surface_of("POST", "/chat/completions"), Surface::kChat);
  EXPECT_EQ(surface_of("POST", "/v1/completions"), Surface::kCompletion);
  EXPECT_EQ(surface_of("POST", "/completion"), Surface::kCompletion);
  EXPECT_EQ(surface_of("POST", "/v1/responses"), Surface::kResponses);
  EXPECT_EQ(surface_of("POST", "/v1/messages"), Surface::kMessages);
  EXPECT_EQ(surface_of("POST", "/v1/messages/count_tokens"), Surface::kPassThrough);
}

TEST(SurfaceOf, IgnoresTheQuery) {
  EXPECT_EQ(surface_of("POST", "/v1/messages?beta=true"), Surface::kMessages);
}

TEST(SurfaceOf, PassesEverythingElseThrough) {
  EXPECT_EQ(surface_of("GET", "/v1/chat/completions"), Surface::kPassThrough);
  EXPECT_EQ(surface_of("post", "/v1/chat/completions"), Surface::kPassThrough);
  EXPECT_EQ(surface_of("POST", "/v1/chat/completions/"), Surface::kPassThrough);
  EXPECT_EQ(surface_of("POST", "/v1/embeddings"), Surface::kPassThrough);
  EXPECT_EQ(surface_of("POST", ""), Surface::kPassThrough);
}

TEST(ToString, NamesSurfaces) {
  EXPECT_EQ(to_string(Surface::kChat), "chat");
  EXPECT_EQ(to_string(Surface::kPassThrough), "pass_through");
}

}  // namespace
}  // namespace keep::openai
