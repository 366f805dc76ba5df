#include "openai/dialects/dialects.hpp"

#include <gtest/gtest.h>

namespace keep::openai {
namespace {

const Dialect* at(std::string_view method, std::string_view path) {
  return &spoken_at(method, path).dialect;
}

TEST(SpokenAt, KnowsThePathsOfLlamaServer) {
  EXPECT_EQ(at("POST", "/v1/chat/completions"), &dialects::chat());
  EXPECT_EQ(at("POST", "/chat/completions"), &dialects::chat());
  EXPECT_EQ(at("POST", "/v1/completions"), &dialects::completion());
  EXPECT_EQ(at("POST", "/completion"), &dialects::native());
  EXPECT_EQ(at("POST", "/completions"), &dialects::native());
  EXPECT_EQ(at("POST", "/infill"), &dialects::infill());
  EXPECT_EQ(at("POST", "/v1/responses"), &dialects::responses());
  EXPECT_EQ(at("POST", "/v1/messages"), &dialects::messages());
  EXPECT_FALSE(spoken_at("POST", "/v1/messages").counts);
}

TEST(SpokenAt, PassesEverythingElseThrough) {
  for (const char* method : {"GET", "post", ""}) {
    EXPECT_EQ(at(method, "/v1/chat/completions"), &dialects::pass_through()) << method;
    EXPECT_EQ(at(method, "/infill"), &dialects::pass_through()) << method;
  }
  for (const char* path : {"/v1/chat/completions/", "/v1/embeddings", "", "/", "/completion/"}) {
    EXPECT_EQ(at("POST", path), &dialects::pass_through()) << path;
  }
}

TEST(SpokenAt, AnthropicsWordsAreThoseOfAllBelowItsPath) {
  for (const char* path : {"/v1/messages", "/v1/messages/batches", "/v1/messages/"}) {
    EXPECT_EQ(at("GET", path), &dialects::anthropic_rest()) << path;
  }
  EXPECT_EQ(at("POST", "/v1/messages/batches"), &dialects::anthropic_rest());
  for (const char* path : {"/v1/messagesx", "/x/v1/messages", "/v1/message"}) {
    EXPECT_EQ(at("GET", path), &dialects::pass_through()) << path;
  }
}

TEST(SpokenAt, SomePathsOnlyCount) {
  const auto counted = [](std::string_view path) {
    const Spoken spoken = spoken_at("POST", path);
    return spoken.counts ? &spoken.dialect : nullptr;
  };
  EXPECT_EQ(counted("/v1/messages/count_tokens"), &dialects::messages());
  EXPECT_EQ(counted("/v1/responses/input_tokens"), &dialects::responses());
  EXPECT_EQ(counted("/chat/completions/input_tokens"), &dialects::chat());
  EXPECT_FALSE(spoken_at("GET", "/v1/messages/count_tokens").counts);
}

TEST(Dialect, WhatIsTranslatedIsAChat) {
  for (const Dialect* const dialect : {&dialects::responses(), &dialects::messages()}) {
    EXPECT_TRUE(dialect->is_translated());
    EXPECT_EQ(dialect->surface(), Surface::kChat);
    EXPECT_EQ(dialect->upstream_target("/x"), "/v1/chat/completions");
  }
  for (const Dialect* const dialect :
       {&dialects::pass_through(), &dialects::chat(), &dialects::completion(), &dialects::native(),
        &dialects::infill(), &dialects::anthropic_rest()}) {
    EXPECT_FALSE(dialect->is_translated());
    EXPECT_EQ(dialect->upstream_target("/x?y"), "/x?y");
  }
  EXPECT_EQ(dialects::pass_through().surface(), Surface::kPassThrough);
  EXPECT_EQ(dialects::infill().surface(), Surface::kPassThrough);
  EXPECT_EQ(dialects::native().surface(), Surface::kCompletion);
}

TEST(Dialect, AModelAnswersWhatItReadsAndInfill) {
  for (const Dialect* const dialect :
       {&dialects::chat(), &dialects::completion(), &dialects::native(), &dialects::infill(),
        &dialects::responses(), &dialects::messages(), &dialects::ollama_generate()}) {
    EXPECT_TRUE(dialect->generates()) << dialect->name();
  }
  for (const Dialect* const dialect :
       {&dialects::pass_through(), &dialects::anthropic_rest(), &dialects::ollama_rest()}) {
    EXPECT_FALSE(dialect->generates());
  }
}

TEST(Dialect, HasANameForFigures) {
  EXPECT_EQ(dialects::chat().name(), "chat");
  EXPECT_EQ(dialects::native().name(), dialects::completion().name());
  EXPECT_EQ(dialects::anthropic_rest().name(), "pass_through");
}

TEST(Dialect, CountsInItsOwnWords) {
  EXPECT_EQ(dialects::messages().count_body(5), R"({"input_tokens":5})");
  EXPECT_EQ(dialects::responses().count_body(5),
            R"({"input_tokens":5,"object":"response.input_tokens"})");
}

TEST(Dialect, ASignOfLifeIsAWholeEvent) {
  EXPECT_EQ(dialects::chat().sign_of_life("m", 0), ":\n\n");
  EXPECT_EQ(dialects::responses().sign_of_life("m", 0), ":\n\n");
  EXPECT_EQ(dialects::messages().sign_of_life("m", 0),
            "event: ping\ndata: {\"type\": \"ping\"}\n\n");
  EXPECT_EQ(dialects::chat().comment("x"), ": x\n\n");
}

TEST(Dialect, SaysErrorsInItsOwnWords) {
  const std::string error = R"({"error":{"message":"m","type":"server_error"}})";
  EXPECT_FALSE(dialects::chat().has_own_errors());
  EXPECT_EQ(dialects::chat().error_body(500, error), error);
  for (const Dialect* const dialect : {&dialects::messages(), &dialects::anthropic_rest()}) {
    EXPECT_TRUE(dialect->has_own_errors());
    EXPECT_EQ(dialect->error_body(500, error),
              R"({"type":"error","error":{"type":"api_error","message":"m"}})");
  }
}

}  // namespace
}  // namespace keep::openai
