#include "plugins/history/zone/prompt_counter.hpp"

#include "tests/unit/plugins/plugin_harness.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace keep::history {
namespace {

class NoSlots final : public SlotControl {
 public:
  Task<std::vector<SlotState>> list() override { co_return std::vector<SlotState>(); }
  Task<> erase(int) override { co_return Result<>{}; }
  Task<SlotTransfer> save(int, std::string) override { co_return SlotTransfer(); }
  Task<SlotTransfer> restore(int, std::string) override { co_return SlotTransfer(); }
};

class OneUpstream final : public Upstreams, public Upstream {
 public:
  std::size_t size() const noexcept override { return 1; }
  Upstream& at(std::size_t) noexcept override { return *this; }
  bool suits(std::size_t, const ServerDemand&) const noexcept override { return true; }
  void on_change(std::function<void(std::size_t)>) override {}
  std::string_view url() const noexcept override { return "http://one"; }
  bool healthy() const noexcept override { return true; }
  bool loading() const noexcept override { return false; }
  const ServerProps& props() const noexcept override { return props_; }
  SlotControl& slots() noexcept override { return slots_; }
  std::int64_t pool_tokens() const noexcept override { return 0; }

 private:
  ServerProps props_;
  NoSlots slots_;
};

// Says what it was told to say to each target.
class ToldQueries final : public Queries {
 public:
  Task<std::string> post(std::size_t, std::string target, std::string body) override {
    asked[target] = std::move(body);
    ++questions;
    if (const auto at = replies.find(target); at != replies.end()) co_return at->second;
    co_return Error(fault, Side::kUpstream, target);
  }
  std::map<std::string, std::string> replies, asked;
  Fault fault = Fault::kProtocol;
  int questions = 0;
};

// Wants what the strictest of them want.
class StrictTemplates final : public ChatTemplates {
 public:
  asio::awaitable<std::optional<openai::RoleOrders>> orders(std::size_t) override {
    co_return openai::kStrictest;
  }
};

class PromptCounterTest : public testing::Test, private test::FakeServices {
 protected:
  std::optional<Tokens> count(const Exchange& exchange, const openai::BodyEdits& edits = {}) {
    std::optional<Tokens> result;
    asio::io_context loop;
    auto work = [&]() -> asio::awaitable<void> {
      auto counting = counter_.count(exchange, edits);
      result = co_await std::move(counting);
    };
    asio::co_spawn(loop, work(), asio::detached);
    loop.run();
    return result;
  }
  std::optional<Tokens> count(const std::string& body,
                              openai::Surface surface = openai::Surface::kChat) {
    return count(*test::make_exchange(body, "t", {}, surface));
  }
  void tell_three_tokens() {
    told_.replies["/apply-template"] = R"({"prompt":"<user>Hello."})";
    told_.replies["/tokenize"] = R"({"tokens":[1,2,3]})";
  }
  void pass(Duration time) { clock_.turn(time); }

  OneUpstream one_;
  ToldQueries told_;
  StrictTemplates strict_;
  const std::string hello_ = test::chat_body({{"user", "Hello."}});

 private:
  const Servers near_{one_, told_, tokenizer_, strict_};

 protected:
  PromptCounter counter_{services_, near_};
};

TEST_F(PromptCounterTest, CountsWhatTheTemplateMakesOfTheRequestAsItGoes) {
  tell_three_tokens();
  const auto exchange = test::make_exchange(
      test::chat_body({{"user", "Old."}, {"user", "Hello."}}, R"(,"tools":[{"x":1}])"));
  EXPECT_EQ(count(*exchange, {openai::RemoveMessage{0}}), 3);
  const std::string& asked = told_.asked["/apply-template"];
  EXPECT_EQ(asked.find("Old."), std::string::npos);
  EXPECT_NE(asked.find(R"("tools":[{"x":1}])"), std::string::npos);
  EXPECT_EQ(told_.asked["/tokenize"],
            R"({"content":"<user>Hello.","add_special":true,"parse_special":true})");
}

TEST_F(PromptCounterTest, MessagesComeInTheOrderInWhichTheyWillBeSent) {
  tell_three_tokens();
  EXPECT_EQ(count(test::chat_body({{"user", "One."}, {"system", "Note."}, {"user", "Hello."}})), 3);
  EXPECT_EQ(told_.asked["/apply-template"].find(R"("role":"system")"), std::string::npos);
  EXPECT_NE(told_.asked["/apply-template"].find("Note."), std::string::npos);
}

TEST_F(PromptCounterTest, WhatIsNotRenderedIsCountedByTheServersOwnEndpoint) {
  told_.replies["/v1/chat/completions/input_tokens"] = R"({"input_tokens":700})";
  EXPECT_EQ(count(R"({"messages":[{"role":"user","content":[{"type":"image_url"}]}]})"), 700);
}

TEST_F(PromptCounterTest, WhatCannotBeIsNoCount) {
  EXPECT_EQ(count(hello_), std::nullopt);                   // no such endpoint
  told_.replies["/apply-template"] = R"({"prompt":"ok"})";  // an answer to something else
  told_.replies["/tokenize"] = R"({"tokens":[1]})";
  EXPECT_EQ(count(hello_), std::nullopt);
  told_.replies["/apply-template"] = R"({"prompt":"<user>Hello."})";
  told_.replies["/tokenize"] = R"({"tokens":[]})";
  EXPECT_EQ(count(hello_), std::nullopt);
  told_.replies["/tokenize"] = "no JSON";
  EXPECT_EQ(count(hello_), std::nullopt);
  EXPECT_EQ(count(R"({"prompt":"x"})", openai::Surface::kCompletion), std::nullopt);
}

TEST_F(PromptCounterTest, ARequestThatIsRefusedIsNobodyElsesTrouble) {
  EXPECT_EQ(count(hello_), std::nullopt);
  tell_three_tokens();
  EXPECT_EQ(count(hello_), 3);
}

TEST_F(PromptCounterTest, AServerThatDoesNotAnswerIsLeftAloneForAWhile) {
  told_.fault = Fault::kTimeout;
  EXPECT_EQ(count(hello_), std::nullopt);
  tell_three_tokens();
  EXPECT_EQ(count(hello_), std::nullopt);
  EXPECT_EQ(told_.questions, 1);
  pass(PromptCounter::kPause);
  EXPECT_EQ(count(hello_), 3);
}

}  // namespace
}  // namespace keep::history
