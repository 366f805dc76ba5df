// What goes upstream, and what the client is told about it.
#include "openai/dialects/dialects.hpp"
#include "tests/unit/plugins/slots/fakes.hpp"

#include <gtest/gtest.h>

namespace keep::slots::test {
namespace {

class SlotsEditsTest : public SlotsFixture {};

TEST_F(SlotsEditsTest, PassThroughNeedsNoSlot) {
  add_upstream(1);
  add_upstream(1);
  start();
  Client& c = client("");
  c.exchange.dialect = &openai::dialects::pass_through();
  c.exchange.surface = openai::Surface::kPassThrough;
  EXPECT_EQ(plugin_->begin(c.exchange), nullptr);
  c.exchange.request.method = "POST";
  c.exchange.request.target = "/infill";
  EXPECT_EQ(plugin_->begin(c.exchange), nullptr) << "nobody is kept apart here";
}

TEST_F(SlotsEditsTest, ServerThatTellsNothingIsBypassed) {
  add_upstream(0);
  start();
  Client& c = ask("a");
  ASSERT_TRUE(c.result && *c.result);
  EXPECT_FALSE(c.leased());
  sent(c);
  EXPECT_EQ(header(c, "X-Keep-Cache"), "bypass");
  EXPECT_EQ(edited(c).find("id_slot"), std::string::npos);
}

TEST_F(SlotsEditsTest, ExplainsItself) {
  add_upstream(2);
  start();
  Client& c = ask("a");
  EXPECT_EQ(header(c, "X-Keep-Slot"), "0");
  EXPECT_EQ(header(c, "X-Keep-Cache"), "-") << "not known yet";
  c.exchange.answer.progress.emplace();
  c.exchange.answer.progress->total = 120;
  c.exchange.answer.progress->cache = 119;
  EXPECT_EQ(header(c, "X-Keep-Cache"), "hit");
  EXPECT_EQ(header(c, "X-Keep-Cached-Tokens"), "119");
  c.exchange.answer.progress->cache = 7;
  EXPECT_EQ(header(c, "X-Keep-Cache"), "prefill");
}

TEST_F(SlotsEditsTest, UpstreamAlwaysStreamsPinned) {
  add_upstream(2);
  start();
  Client& c = ask("a");
  EXPECT_EQ(edited(c), R"({"messages":[{"role":"user","content":"hello"}],"id_slot":0,)"
                       R"("cache_prompt":true,"stream":true,"return_progress":true,)"
                       R"("stream_options":{"include_usage":true}})");
  EXPECT_TRUE(c.exchange.force_stream);
}

// Only there its last event would no longer say that it is the last.
TEST_F(SlotsEditsTest, ChoiceOfFieldsOfACompletionIsNotTold) {
  add_upstream(2);
  start();
  const std::string body =
      R"({"messages":[{"role":"user","content":"x"}],"response_fields":["a"]})";
  Client& c = client("a");
  c.body(body);
  EXPECT_EQ(edited(route(c), openai::dialects::native()).find("response_fields"),
            std::string::npos);
  Client& other = client("b");
  other.body(body);
  EXPECT_NE(edited(route(other), openai::dialects::completion()).find(R"("response_fields":["a"])"),
            std::string::npos);
}

TEST_F(SlotsEditsTest, WhatTheClientSetStays) {
  add_upstream(2);
  start();
  Client& c = client("a");
  c.body(R"({"messages":[{"role":"user","content":"x"}],"slot_id":1,"cache_prompt":false,)"
         R"("stream_options":{"x":[1, 2]}})");
  EXPECT_EQ(edited(route(c)), R"({"messages":[{"role":"user","content":"x"}],)"
                              R"("cache_prompt":false,)"
                              R"("stream_options":{"x":[1, 2],"include_usage":true},)"
                              R"("id_slot":1,"stream":true,"return_progress":true})");
  Client& streaming = client("b");
  streaming.body(R"({"messages":[{"role":"user","content":"x"}],"stream":true,)"
                 R"("return_progress":true})");
  const std::string body = edited(route(streaming));
  EXPECT_EQ(body.find("stream_options"), std::string::npos) << "the client would see the usage";
  EXPECT_TRUE(streaming.exchange.force_stream);
  EXPECT_NE(edited(streaming, openai::dialects::messages()).find("include_usage"),
            std::string::npos);
}

TEST_F(SlotsEditsTest, WhereAStreamSaysSomethingElseItIsLeftToTheClient) {
  add_upstream(8);
  start();
  const auto edited_with = [&](const std::string& more) {
    Client& c = client(more);
    c.body(R"({"messages":[{"role":"user","content":"x"}])" + more + "}");
    return edited(route(c));
  };
  for (const char* more : {R"(,"logprobs":true)", R"(,"logprobs":2)", R"(,"n_probs":1)",
                           R"(,"reasoning_format":"deepseek-legacy")"}) {
    const std::string body = edited_with(more);
    EXPECT_EQ(body.find("\"stream"), std::string::npos) << body;
    EXPECT_NE(body.find("id_slot"), std::string::npos) << body;
  }
  for (const char* more : {R"(,"logprobs":false)", R"(,"logprobs":null,"n_probs":0)",
                           R"(,"logprobs":true,"stream":true)"}) {
    EXPECT_NE(edited_with(more).find(R"("stream":true)"), std::string::npos) << more;
  }
}

}  // namespace
}  // namespace keep::slots::test
