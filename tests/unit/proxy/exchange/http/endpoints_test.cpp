#include "exchange/http/endpoints.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

namespace keep {
namespace {

namespace dialects = openai::dialects;

constexpr const char* kMethods[] = {"GET",    "HEAD",  "POST",  "PUT",
                                    "DELETE", "PATCH", "PURGE", "get"};

bool passes(const std::string& method, const std::string& target, bool keys) {
  const auto treatment = treatment_of(method, target, keys);
  return treatment && treatment->forwardable;
}

TEST(Endpoints, EachHasAReason) {
  for (const Endpoint& endpoint : endpoint_table()) {
    EXPECT_TRUE(endpoint.path.starts_with('/')) << endpoint.path;
    EXPECT_FALSE(endpoint.reason.empty()) << endpoint.path;
    EXPECT_FALSE(endpoint.methods.empty()) << endpoint.path;
  }
}

TEST(Endpoints, SayWhoAnswers) {
  const std::set<std::string_view> known{"app", "flow", "history", "knowledge", "upstream"};
  for (const Endpoint& endpoint : endpoint_table()) {
    const bool closed = endpoint.handling == Handling::kClosed;
    EXPECT_EQ(known.contains(endpoint.by), !closed) << endpoint.path;
    EXPECT_TRUE(!closed || endpoint.by.empty()) << endpoint.path;
    const bool ours = endpoint.handling == Handling::kOpen ||
                      endpoint.handling == Handling::kLocal ||
                      endpoint.handling == Handling::kQuestion;
    EXPECT_TRUE(!ours || endpoint.by != "upstream") << endpoint.path;
  }
  EXPECT_EQ(treatment_of("GET", "/v1/conversations/list", true)->by, "history");
  EXPECT_EQ(treatment_of("GET", "/v1/sessions/a%20b?x", false)->by, "history");
  EXPECT_EQ(treatment_of("POST", "/v1/knowledge/store", false)->by, "knowledge");
  EXPECT_EQ(treatment_of("POST", "/tokenize", false)->by, "");
  EXPECT_EQ(treatment_of("POST", "/v1/chat/completions", false)->by, "");
  EXPECT_EQ(treatment_of("GET", "/nothing", false)->by, "");
}

// A path where a dialect is spoken has to be on the list, too (openai/dialects/dialect_paths.cpp).
TEST(Endpoints, TheModelAnswersWhereADialectIsSpoken) {
  for (const Endpoint& endpoint : endpoint_table()) {
    const openai::Spoken spoken = openai::spoken_at("POST", endpoint.path);
    const bool read = spoken.dialect.surface() != openai::Surface::kPassThrough;
    EXPECT_EQ(endpoint.handling == Handling::kModel, read && !spoken.counts) << endpoint.path;
  }
  const auto table = endpoint_table();
  for (const char* path : {"/v1/chat/completions", "/chat/completions", "/v1/completions",
                           "/completions", "/completion", "/v1/responses", "/responses",
                           "/v1/messages", "/api/chat", "/api/generate"}) {
    const auto found = std::ranges::find(table, std::string_view(path), &Endpoint::path);
    ASSERT_NE(found, table.end()) << path;
    EXPECT_EQ(found->handling, Handling::kModel) << path;
  }
}

TEST(Endpoints, WithoutAKeyThreeAreAnswered) {
  for (const char* path : {"/", "/health", "/ready"}) EXPECT_TRUE(is_open(path)) << path;
  for (const char* path : {"", "/metrics", "/health/", "//health", "/Health", "/%68ealth",
                           "/v1/models", "/v1/chat/completions", "/nothing"}) {
    EXPECT_FALSE(is_open(path)) << path;
  }
}

TEST(Endpoints, WithoutKeysAllPassesButTheReplayBuffer) {
  for (const char* target : {"/slots", "/slots/0?action=save", "/props", "/lora-adapters",
                             "/models/load", "/tokenize", "/nothing?a=%20b", "/", "/index.html",
                             "//slots", "/tools", "/v1/conversations/list", "/v1/streaming"}) {
    for (const char* method : kMethods) EXPECT_TRUE(passes(method, target, false)) << target;
  }
  for (const char* target : {"/v1/stream",
                             "/v1/stream?conv_id=a",
                             "/v1/stream/a",
                             "/v1/streams",
                             "/v1/streams/lookup",
                             "/v1/stream#",
                             "/v1/%73tream?conv_id=a",
                             "/v1%2fstream?conv_id=a",
                             "//v1/stream",
                             "/v1//stream",
                             "/v1/stream/",
                             "/V1/Stream",
                             "/v1/./stream",
                             "/x/../v1/stream",
                             "/v1/%2e%2e/v1/stream",
                             "/v1/stream;a=b",
                             "/v1\\stream",
                             "/v1/stream%20",
                             "/v1/stream%00",
                             "/v1/%u0073tream?conv_id=a",
                             "/v1/%7stream"}) {
    for (const char* method : kMethods) {
      EXPECT_FALSE(passes(method, target, false)) << target;
      EXPECT_FALSE(passes(method, target, true)) << target;
    }
  }
}

TEST(Endpoints, WithKeysNothingPassesThatBelongsToOthers) {
  for (const char* target : {"/slots",
                             "/slots?x=1",
                             "/slots#",
                             "/slots/0?action=save",
                             "/slots/1?action=erase",
                             "/props",
                             "/lora-adapters",
                             "/models/load",
                             "/models/unload",
                             "/models/sse",
                             "/tools",
                             "/cors-proxy",
                             "/v1/chat/completions/control",
                             "/%73lots",
                             "/%u0073lots",
                             "//slots",
                             "/slots/",
                             "/SLOTS",
                             "/v1/../slots",
                             "/v1/%2e%2e/slots",
                             "/./props",
                             "/slots;x",
                             "/tokenize/../slots",
                             "/v1/embeddings/../../props",
                             "/props%00",
                             "/props%20",
                             "\\props",
                             "/nothing",
                             "/index.html",
                             "/v1/models/x",
                             "/v1/chat/completions/",
                             "/v1//chat/completions",
                             "",
                             "/metrics",
                             "/v1/conversations/../../slots",
                             "/v1/knowledge/%2e%2e/%2e%2e/slots"}) {
    for (const char* method : kMethods) EXPECT_FALSE(passes(method, target, true)) << target;
  }
}

TEST(Endpoints, WithKeysPassesWhatConcernsNobodyElse) {
  for (const char* target : {"/tokenize", "/tokenize?x=1", "/%74okenize", "/detokenize",
                             "/apply-template", "/v1/embeddings", "/v1/rerank", "/infill",
                             "/v1/messages/count_tokens", "/v1/audio/transcriptions"}) {
    EXPECT_TRUE(passes("POST", target, true)) << target;
    EXPECT_FALSE(passes("DELETE", target, true)) << target;
  }
  EXPECT_TRUE(passes("GET", "/models", true));
  EXPECT_TRUE(passes("HEAD", "/models", true));
  EXPECT_FALSE(passes("POST", "/models", true));
}

TEST(Endpoints, WhatCountsIsReadHere) {
  for (const char* target :
       {"/v1/messages/count_tokens?beta=true", "/v1/messages/%63ount_tokens"}) {
    const auto treatment = treatment_of("POST", target, true);
    ASSERT_TRUE(treatment) << target;
    EXPECT_TRUE(treatment->counts && treatment->read_here) << target;
    EXPECT_EQ(treatment->dialect, &dialects::messages()) << target;
  }
  EXPECT_FALSE(treatment_of("POST", "/v1/messages", true)->counts);
}

TEST(Endpoints, WhatGeneratesIsRecognisedHoweverItIsWritten) {
  for (const bool keys : {false, true}) {
    for (const char* target : {"/v1/chat/completions", "/v1/chat/completions?a=b",
                               "/v1/chat/completions#", "/v1/%63hat/completions"}) {
      const auto treatment = treatment_of("POST", target, keys);
      ASSERT_TRUE(treatment) << target;
      EXPECT_EQ(treatment->dialect, &dialects::chat()) << target;
      EXPECT_TRUE(treatment->read_here);
    }
  }
  EXPECT_EQ(treatment_of("POST", "/v1/messages", true)->dialect, &dialects::messages());
}

TEST(Endpoints, BodiesAreReadWhereWeAnswerAndLeftAloneElsewhere) {
  EXPECT_TRUE(treatment_of("POST", "/v1/knowledge/store", false)->read_here);
  EXPECT_TRUE(treatment_of("POST", "/v1/conversations/end", true)->read_here);
  EXPECT_FALSE(treatment_of("POST", "/tokenize", false)->read_here);
  EXPECT_FALSE(treatment_of("POST", "/nothing", false)->read_here);
}

TEST(Endpoints, ARefusalSaysWhy) {
  EXPECT_EQ(treatment_of("GET", "/slots", true).error().detail,
            "/slots is not passed on while API keys are asked for: it shows and changes the slots "
            "of all");
  EXPECT_EQ(treatment_of("GET", "/slots", true).error().fault, Fault::kNotFound);
  EXPECT_EQ(treatment_of("GET", "/a%2", false).error().fault, Fault::kBadRequest);
}

}  // namespace
}  // namespace keep
