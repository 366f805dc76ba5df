#include "upstream/slot_control.hpp"

#include "base/json/json.hpp"
#include "tests/support/scripted_upstream.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace keep {
namespace {

using namespace keep::test;

class SlotControlTest : public testing::Test {
 protected:
  SlotControlTest() { server_.script_slot_actions(); }

  HttpSlotControl& control(const std::string& authorization = "") {
    authorization_ = authorization;
    pool_ = std::make_unique<ConnectionPool>(loop_, clock_, *resolve_upstream(server_.url()));
    control_ = std::make_unique<HttpSlotControl>(*pool_, authorization_);
    return *control_;
  }
  template <class T>
  Result<T> wait_for(Task<T> task) {
    std::optional<Result<T>> result;
    asio::co_spawn(loop_, std::move(task), [&](const std::exception_ptr&, Result<T> value) {
      result.emplace(std::move(value));
    });
    loop_.restart();
    while (!result) loop_.run_one();
    return *std::move(result);
  }
  Fault fault_of_restore(const std::string& answer) {
    answer_ = answer;
    const auto restored = wait_for(control().restore(1, "a.bin"));
    EXPECT_FALSE(restored) << answer;
    return restored ? Fault::kInternal : restored.error().fault;
  }

  std::string answer_;
  ScriptedUpstream server_{[this](const Received&) { return std::vector<Step>{Send{answer_}}; }};
  asio::io_context loop_{1};
  SteadyClock clock_;
  std::string authorization_;
  std::unique_ptr<ConnectionPool> pool_;
  std::unique_ptr<HttpSlotControl> control_;
};

TEST_F(SlotControlTest, SavesUnderTheNameAndSaysWhatWasWritten) {
  answer_ = reply(200, R"({"id_slot":2,"filename":"a \"b\".bin","n_saved":424,"n_written":441108,)"
                       R"("timings":{"save_ms":0.5}})");
  const auto saved = wait_for(control("Bearer secret").save(2, "a \"b\".bin"));
  ASSERT_TRUE(saved) << saved.error().detail;
  EXPECT_EQ(saved->tokens, 424);
  EXPECT_EQ(saved->bytes, 441108);
  EXPECT_DOUBLE_EQ(saved->time.count(), 0.5);
  const Received request = server_.received().at(0);
  EXPECT_EQ(request.target, "/slots/2?action=save");
  EXPECT_EQ(json::Value(request.body).find("filename").string(), "a \"b\".bin");
  EXPECT_EQ(request.header("Authorization"), "Bearer secret");
  EXPECT_EQ(request.header("Content-Type"), "application/json");
}

TEST(ReadSlotsTest, WhatASlotHolds) {
  const auto slots = read_slots(json::Value(R"([
      {"id":0,"is_processing":false},
      {"id":1,"is_processing":false,"id_task":-1,"prompt":""},
      {"id":2,"is_processing":true,"id_task":7,"n_prompt_tokens":40},
      {"id":3,"is_processing":false,"id_task":7,"n_prompt_tokens":0},
      {"id":4,"is_processing":false,"id_task":7,"prompt":"it does not tell"},
      {"id":-1,"n_prompt_tokens":40}])"));
  ASSERT_EQ(slots.size(), 5U);
  EXPECT_EQ(slots[0].held_tokens, 0) << "never used";
  EXPECT_EQ(slots[1].held_tokens, 0) << "never used, in the words of older builds";
  EXPECT_EQ(slots[2].held_tokens, 40);
  EXPECT_TRUE(slots[2].processing);
  EXPECT_EQ(slots[3].held_tokens, 0);
  EXPECT_EQ(slots[4].held_tokens, std::nullopt);
  EXPECT_EQ(slots[0].task, std::nullopt);
  EXPECT_EQ(slots[3].task, 7);
}

TEST_F(SlotControlTest, RestoresAndSaysWhatWasRead) {
  answer_ = reply(200, R"({"id_slot":1,"filename":"a.bin","n_restored":424,"n_read":441108,)"
                       R"("timings":{"restore_ms":1.25}})");
  const auto restored = wait_for(control().restore(1, "a.bin"));
  ASSERT_TRUE(restored) << restored.error().detail;
  EXPECT_EQ(restored->tokens, 424);
  EXPECT_EQ(restored->bytes, 441108);
  EXPECT_DOUBLE_EQ(restored->time.count(), 1.25);
  EXPECT_EQ(server_.received().at(0).target, "/slots/1?action=restore");
  EXPECT_EQ(server_.received().at(0).header("Authorization"), "");
}

TEST_F(SlotControlTest, ARefusalSaysWhoseFaultItIs) {
  EXPECT_EQ(fault_of_restore(reply(501, R"({"error":{"message":"start it otherwise"}})")),
            Fault::kNotFound);
  EXPECT_EQ(fault_of_restore(reply(400, R"({"error":{"message":"Unable to restore slot"}})")),
            Fault::kStorage);
  EXPECT_EQ(fault_of_restore(reply(500, "")), Fault::kProtocol);
}

// Or a file would be taken for whole of which nobody has said how much it holds.
TEST_F(SlotControlTest, ASuccessWithoutItsNumbersIsNone) {
  for (const char* const body : {
           "",
           "[]",
           "{",
           R"({"filename":"a.bin","n_restored":4})",
           R"({"filename":"a.bin","n_read":4})",
           R"({"filename":"a.bin","n_restored":-1,"n_read":4})",
           R"({"filename":"a.bin","n_restored":"4","n_read":4})",
           R"({"filename":"b.bin","n_restored":4,"n_read":4})",
           R"({"n_restored":4,"n_read":4})",
           R"({"filename":"a.bin","n_saved":4,"n_written":4})",
       }) {
    EXPECT_EQ(fault_of_restore(reply(200, body)), Fault::kProtocol) << body;
  }
}

TEST_F(SlotControlTest, TimingsThatAreMissingAreNone) {
  answer_ = reply(200, R"({"filename":"a.bin","n_restored":4,"n_read":40})");
  const auto restored = wait_for(control().restore(1, "a.bin"));
  ASSERT_TRUE(restored);
  EXPECT_EQ(restored->time.count(), 0);
}

TEST_F(SlotControlTest, ErasesAndTellsWhoCannot) {
  answer_ = reply(200, R"({"id_slot":0,"n_erased":7})");
  EXPECT_TRUE(wait_for(control().erase(0)));
  EXPECT_EQ(server_.received().at(0).target, "/slots/0?action=erase");
  answer_ = reply(501, "{}");
  EXPECT_EQ(wait_for(control().erase(0)).error().fault, Fault::kNotFound);
}

TEST(SlotTransfer, IsWholeOnlyWithEveryTokenOfIt) {
  SlotTransfer saved, restored;
  EXPECT_FALSE(came_back_whole(saved, restored)) << "nothing is not something";
  saved.tokens = restored.tokens = 424;
  EXPECT_TRUE(came_back_whole(saved, restored));
  restored.tokens = 400;
  EXPECT_FALSE(came_back_whole(saved, restored));
}

}  // namespace
}  // namespace keep
