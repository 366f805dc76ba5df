#include "openai/event/upstream_error.hpp"

#include "openai/event/event_info.hpp"
#include "openai/event/sse_event.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace keep::openai {
namespace {

Error error_in(std::string_view data) {
  SseEvent event;
  event.data = event.raw = data;
  return read_upstream_error(read_event(event));
}

TEST(UpstreamErrorTest, WhatUpstreamSaysMayQuoteThePrompt) {
  const Error error = error_in(R"({"error":{"code":400,"message":"cannot parse: my secret"}})");
  EXPECT_EQ(error.fault, Fault::kBadRequest);
  EXPECT_EQ(error.side, Side::kUpstream);
  EXPECT_EQ(error.detail, "cannot parse: my secret");
  EXPECT_TRUE(error.quotes);
}

TEST(UpstreamErrorTest, OfAnyShape) {
  EXPECT_EQ(error_in(R"({"error":"broken"})").detail, "broken");
  EXPECT_EQ(error_in(R"({"error":{"code":503}})").fault, Fault::kLoading);
  EXPECT_EQ(error_in(R"({"error":{"code":500,"message":7}})").fault, Fault::kProtocol);
  EXPECT_FALSE(cut_short().quotes) << "our own words";
}

}  // namespace
}  // namespace keep::openai
