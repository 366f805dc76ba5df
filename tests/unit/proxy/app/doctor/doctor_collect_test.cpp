#include "app/doctor/doctor_collect.hpp"

#include "app/doctor/doctor_probe.hpp"
#include "base/json/json.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace keep::doctor {
namespace {

using ::testing::Contains;
using ::testing::Not;
using ::testing::StartsWith;

// A llama-server with four slots that can be badly configured.
class FakeEngine final : public Engine {
 public:
  struct Slot {
    std::vector<std::int64_t> tokens;
    bool busy = false;
  };
  std::map<std::string, Reply> fixed;  // "GET /props" -> reply
  bool down = false, clears_idle_slots = false, can_erase = true, ignores_id_slot = false;
  bool ram_cache = false;
  std::vector<Slot> slots = std::vector<Slot>(4);
  std::vector<std::string> asked;
  std::vector<std::vector<std::int64_t>> seen;  // prompts

  FakeEngine() {
    fixed["GET /health"] = {200, R"({"status":"ok"})"};
    fixed["GET /props"] = {200, R"({"default_generation_settings":{"n_ctx":1024},"total_slots":4,
                                    "build_info":"b11669-x"})"};
    fixed["GET /v1/models"] = {200, R"({"data":[{"meta":{"n_ctx_train":2048}}]})"};
    fixed["GET /metrics"] = {501, "{}"};
    fixed["POST /slots/0?action=save"] = {400, "{}"};
  }

  Task<Reply> ask(std::string_view method, std::string_view target, std::string body) override {
    if (down) co_return Error(Fault::kRefused, Side::kUpstream, "refused");
    const std::string what = std::string(method) + " " + std::string(target);
    asked.push_back(what);
    co_return answer(what, body);
  }

 private:
  Reply answer(const std::string& what, const std::string& body) {
    if (const auto it = fixed.find(what); it != fixed.end()) return it->second;
    if (what == "GET /slots") return {200, slots_body()};
    if (what == "POST /tokenize") return {200, R"({"tokens":)" + tokens_of(body) + "}"};
    if (what == "POST /completion") return complete(body);
    if (what.ends_with("action=erase") && can_erase) {
      slots[static_cast<std::size_t>(what[12] - '0')].tokens.clear();
      return {200, "{}"};
    }
    return {501, "{}"};
  }
  std::string slots_body() const {
    json::Writer body;
    body.begin_array();
    for (std::size_t i = 0; i < slots.size(); ++i) {
      body.begin_object().member("id", i).member("is_processing", slots[i].busy);
      body.member("n_prompt_tokens", slots[i].tokens.size()).end_object();
    }
    return body.end_array().take();
  }
  static std::string tokens_of(const std::string& body) {
    json::Writer list;
    list.begin_array();
    const std::string text = json::Value(body).find("content").string().value_or("");
    for (const char c : text) list.integer(c);
    return list.end_array().take();
  }
  Reply complete(const std::string& body) {
    const json::Value root(body);
    const auto id = ignores_id_slot ? 3 : *root.find("id_slot").integer();
    std::vector<std::int64_t> prompt;
    for (const json::Value token : root.find("prompt").elements())
      prompt.push_back(*token.integer());
    Slot& slot = slots[static_cast<std::size_t>(id)];
    const auto end =
        std::mismatch(slot.tokens.begin(), slot.tokens.end(), prompt.begin(), prompt.end());
    auto cached = end.first - slot.tokens.begin();
    if (ram_cache && std::ranges::find(seen, prompt) != seen.end()) {
      cached = static_cast<std::ptrdiff_t>(prompt.size()) - 1;
    }
    seen.push_back(prompt);
    if (clears_idle_slots) slots.assign(slots.size(), Slot{});
    slot.tokens = prompt;
    json::Writer reply;
    reply.begin_object().member("id_slot", id).key("timings").begin_object();
    reply.member("cache_n", cached);
    reply.member("prompt_n", static_cast<std::int64_t>(prompt.size()) - cached);
    return {200, reply.end_object().end_object().take()};
  }
};

EngineFacts examine(FakeEngine& engine, Pinning pinning = Pinning::kTriedOnEmptySlots) {
  asio::io_context loop;
  std::optional<EngineFacts> facts;
  asio::co_spawn(loop, collect(engine, "http://x:1", pinning),
                 [&](const std::exception_ptr& thrown, EngineFacts value) {
                   if (thrown) std::rethrow_exception(thrown);
                   facts = std::move(value);
                 });
  loop.run();
  return std::move(*facts);
}

TEST(Collect, ReadsWhatTheServerTells) {
  FakeEngine engine;
  const EngineFacts facts = examine(engine);
  EXPECT_EQ(facts.reach, Reach::kOk);
  EXPECT_EQ(facts.total_slots, 4);
  EXPECT_EQ(facts.n_ctx, 1024);
  EXPECT_EQ(facts.n_ctx_train, 2048);
  EXPECT_EQ(facts.build, "b11669-x");
  EXPECT_EQ(facts.slots->size(), 4u);
  EXPECT_EQ(facts.metrics, false);
  EXPECT_EQ(facts.save_path, true);
}

TEST(Collect, TellsWhyItCannotReach) {
  FakeEngine engine;
  engine.down = true;
  EXPECT_EQ(examine(engine).reach, Reach::kRefused);
  engine.down = false;
  engine.fixed["GET /props"] = {401, "{}"};
  EXPECT_EQ(examine(engine).reach, Reach::kUnauthorized);
  engine.fixed["GET /props"] = {404, "not found"};
  EXPECT_EQ(examine(engine).reach, Reach::kForeign);
  engine.fixed["GET /health"] = {503, R"({"error":{"message":"Loading model"}})"};
  EXPECT_EQ(examine(engine).reach, Reach::kLoading);
  engine.fixed["GET /health"] = {200, R"({"service":"llama-keep"})"};
  EXPECT_EQ(examine(engine).reach, Reach::kLlamaKeep);
  engine.fixed["GET /health"] = {200, "<html>"};
  EXPECT_EQ(examine(engine).reach, Reach::kForeign);
}

TEST(Collect, LeavesARouterAlone) {
  FakeEngine engine;
  engine.fixed["GET /props"] = {200,
                                R"({"role":"router","default_generation_settings":{"n_ctx":0}})"};
  EXPECT_TRUE(examine(engine).router);
  EXPECT_THAT(engine.asked, Not(Contains(StartsWith("POST"))));
}

TEST(ProbePinning, FindsTheTokensAgainAndErases) {
  FakeEngine engine;
  const PinProbe pin = examine(engine).pin;
  EXPECT_EQ(pin.state, PinProbe::State::kRan);
  EXPECT_GT(pin.held, 10);
  EXPECT_EQ(pin.cached, pin.held);
  EXPECT_TRUE(pin.erased);
  EXPECT_TRUE(engine.slots[0].tokens.empty());
  EXPECT_TRUE(engine.slots[1].tokens.empty());
}

TEST(ProbePinning, NoticesClearedSlots) {
  FakeEngine engine;
  engine.clears_idle_slots = true;
  engine.can_erase = false;
  const PinProbe pin = examine(engine).pin;
  EXPECT_EQ(pin.cached, 0);
  EXPECT_FALSE(pin.erased);
}

TEST(ProbePinning, NoticesIgnoredSlotIds) {
  FakeEngine engine;
  engine.ignores_id_slot = true;
  EXPECT_EQ(examine(engine).pin.answered_slot, 3);
}

TEST(ProbePinning, TouchesNoConversationUnlessForced) {
  FakeEngine engine;
  engine.slots[0].tokens = engine.slots[1].tokens = engine.slots[2].tokens = {1, 2, 3};
  EXPECT_EQ(examine(engine).pin.state, PinProbe::State::kNoRoom);
  EXPECT_EQ(engine.slots[0].tokens.size(), 3u);
  EXPECT_EQ(examine(engine, Pinning::kTriedOnAnySlot).pin.state, PinProbe::State::kRan);
}

TEST(ProbePinning, IsLeftOutWhereTheServerIsInUse) {
  FakeEngine engine;
  EXPECT_EQ(examine(engine, Pinning::kNotTried).pin.state, PinProbe::State::kNotTried);
  EXPECT_THAT(engine.asked, Not(Contains("POST /completion")));
}

TEST(ProbePinning, ReportsErrors) {
  FakeEngine engine;
  engine.fixed["POST /completion"] = {500, "{}"};
  EXPECT_EQ(examine(engine).pin.state, PinProbe::State::kFailed);
  engine.fixed["GET /slots"] = {501, "{}"};
  EXPECT_EQ(examine(engine).pin.state, PinProbe::State::kBlind);
}

TEST(PickSlots, PrefersEmptyOnesAndNeverBusyOnes) {
  using Pair = std::pair<int, int>;
  const std::vector<SlotState> slots{{0, true, 0}, {1, false, 9}, {2, false, 0}, {3, false, 0}};
  EXPECT_EQ(pick_slots(slots, false), Pair(2, 3));
  EXPECT_EQ(pick_slots({slots[0], slots[1], slots[2]}, false), std::nullopt);
  EXPECT_EQ(pick_slots({slots[0], slots[1], slots[2]}, true), Pair(2, 1));
  EXPECT_EQ(pick_slots({slots[0], slots[1]}, true), std::nullopt);
}

TEST(Collect, FindsOutWhetherThereIsARamCache) {
  FakeEngine without, with;
  with.ram_cache = true;
  EXPECT_FALSE(examine(without).pin.ram_cache);
  EXPECT_TRUE(examine(with).pin.ram_cache);
}

}  // namespace
}  // namespace keep::doctor
