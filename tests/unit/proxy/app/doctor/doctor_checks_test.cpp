#include "app/doctor/doctor_checks.hpp"

#include "base/json/json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace keep::doctor {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A llama-server with nothing to complain about.
EngineFacts sound() {
  EngineFacts facts;
  facts.url = "http://box:1";
  facts.reach = Reach::kOk;
  facts.props = true;
  facts.build = "b11669-Debian";
  facts.total_slots = 4;
  facts.n_ctx = facts.n_ctx_train = 8192;
  facts.slots.emplace(4);
  facts.metrics = facts.save_path = true;
  facts.pin = PinProbe{PinProbe::State::kRan, "", 0, 0, 20, 20, true};
  return facts;
}

EngineFacts with_pool(EngineFacts facts, std::int64_t tokens) {
  facts.pool_tokens = tokens;
  return facts;
}

Check find(const std::vector<Check>& checks, const std::string& id) {
  for (const Check& check : checks) {
    if (check.id == id) return check;
  }
  return Check{"", id, Status::kOk, "no such check", ""};
}

Check engine_check(const EngineFacts& facts, const std::string& id, std::int64_t pool = 16384) {
  return find(check_engine(with_pool(facts, pool), {}), id);
}

TEST(CheckEngine, ASoundOneHasNoComplaints) {
  for (const Check& check : check_engine(with_pool(sound(), 16384), {})) {
    EXPECT_EQ(check.status, Status::kOk) << check.id << ": " << check.message;
    EXPECT_EQ(check.target, "http://box:1");
  }
}

TEST(CheckEngine, TellsWhetherBothSeeTheFolderOfSlots) {
  EngineFacts facts = sound();
  EXPECT_EQ(engine_check(facts, "slot_folder").message, "no such check");
  facts.slot_folder = "/saves";
  EXPECT_EQ(engine_check(facts, "slot_folder").status, Status::kSkip);
  facts.pin.saves_there = true;
  EXPECT_EQ(engine_check(facts, "slot_folder").status, Status::kOk);
  facts.pin.saves_there = false;
  EXPECT_EQ(engine_check(facts, "slot_folder").status, Status::kFail);
  EXPECT_THAT(engine_check(facts, "slot_folder").fix, HasSubstr("upstream.slot_save_path"));
  facts.pin.saves_there.reset();
  facts.save_path = false;
  EXPECT_EQ(engine_check(facts, "slot_folder").status, Status::kFail);
}

TEST(CheckEngine, EveryComplaintSaysWhatToDo) {
  std::vector<EngineFacts> bad(9, sound());
  bad[0].slots.reset();
  bad[1].metrics = false;
  bad[2].save_path = false;
  bad[3].pin.cached = 0;
  bad[4].pin.answered_slot = 3;
  bad[5].n_ctx = 256;
  bad[6].build = "b1000";
  bad[7].pin.state = PinProbe::State::kNoRoom;
  bad[8].pin.state = PinProbe::State::kFailed;
  for (const EngineFacts& facts : bad) {
    int complaints = 0;
    for (const Check& check : check_engine(with_pool(facts, 0), {})) {
      if (check.status == Status::kOk) continue;
      ++complaints;
      EXPECT_NE(check.fix, "") << check.id;
    }
    EXPECT_GT(complaints, 0);
  }
}

TEST(CheckEngine, NamesTheFlagThatIsWrong) {
  EngineFacts facts = sound();
  facts.slots.reset();
  EXPECT_EQ(engine_check(facts, "slots_endpoint").status, Status::kFail);
  EXPECT_THAT(engine_check(facts, "slots_endpoint").fix, HasSubstr("--no-slots"));
  facts = sound();
  facts.save_path = false;
  EXPECT_THAT(engine_check(facts, "slot_save_path").fix, HasSubstr("--slot-save-path"));
  facts.metrics = false;
  EXPECT_EQ(engine_check(facts, "metrics").status, Status::kWarn);
  EXPECT_THAT(engine_check(facts, "metrics").fix, HasSubstr("--metrics"));
}

TEST(CheckEngine, PinningFailsWhenTokensAreGone) {
  EngineFacts facts = sound();
  facts.pin.cached = 19;  // the last token may be read again
  EXPECT_EQ(engine_check(facts, "pinning").status, Status::kOk);
  facts.pin.cached = 18;
  EXPECT_EQ(engine_check(facts, "pinning").status, Status::kFail);
  EXPECT_THAT(engine_check(facts, "pinning").fix, HasSubstr("--no-cache-idle-slots"));
  facts.pin.erased = false;
  EXPECT_THAT(engine_check(facts, "pinning").message, HasSubstr("stay in its slots"));
}

TEST(CheckEngine, UnreachableEndsTheExamination) {
  for (const Reach reach : {Reach::kRefused, Reach::kSilent, Reach::kUnresolved, Reach::kLoading,
                            Reach::kUnauthorized, Reach::kLlamaKeep, Reach::kForeign}) {
    EngineFacts facts = sound();
    facts.reach = reach;
    const auto checks = check_engine(facts, {});
    ASSERT_EQ(checks.size(), 1u);
    EXPECT_EQ(checks[0].status, Status::kFail);
    EXPECT_NE(checks[0].fix, "");
  }
}

TEST(CheckEngine, RouterIsAWarning) {
  EngineFacts facts = sound();
  facts.router = true;
  EXPECT_EQ(engine_check(facts, "router").status, Status::kWarn);
}

TEST(CheckEngine, SmallSlotsAreNamed) {
  EngineFacts facts = sound();
  facts.n_ctx = 256;  // -c 4096 -np 16 without -kvu
  EXPECT_EQ(engine_check(facts, "window").status, Status::kWarn);
  facts.n_ctx_train = 256;
  EXPECT_EQ(engine_check(facts, "window").status, Status::kOk);
}

TEST(CheckEngine, MemoryPlanCompares) {
  const EngineFacts facts = sound();  // 4 slots of 8192
  EXPECT_EQ(engine_check(facts, "memory", 16384).status, Status::kOk);
  EXPECT_THAT(engine_check(facts, "memory", 16384).message, HasSubstr("4096 for each"));
  EXPECT_EQ(engine_check(facts, "memory", 0).status, Status::kWarn);
  EXPECT_EQ(engine_check(facts, "memory", 4096).status, Status::kFail);
  EXPECT_EQ(engine_check(facts, "memory", 40000).status, Status::kWarn);
}

TEST(CheckTogether, AdmissionNeedsSlots) {
  Config config;
  const std::vector<EngineFacts> engines{sound(), sound()};
  EXPECT_EQ(check_together(engines, config).at(0).status, Status::kOk);
  config.slots.max_active = 9;
  EXPECT_EQ(check_together(engines, config).at(0).status, Status::kWarn);
  EXPECT_THAT(check_together({}, config), IsEmpty());
}

TEST(CheckConfig, ListenerAndKeys) {
  Config config;
  ConfigFacts facts;
  EXPECT_FALSE(any_failed(check_config(facts, config)));
  facts.listener.loopback = false;
  EXPECT_EQ(find(check_config(facts, config), "keys_file").status, Status::kWarn);
  facts.listener.state = Listener::State::kTaken;
  EXPECT_EQ(find(check_config(facts, config), "listener").status, Status::kFail);
  facts.listener.state = Listener::State::kOurs;
  EXPECT_EQ(find(check_config(facts, config), "listener").status, Status::kOk);
  config.keys_file = "/keys";
  facts.secrets = {{"auth.keys_file", "/keys", "cannot read /keys", ""}};
  EXPECT_EQ(find(check_config(facts, config), "keys_file").status, Status::kFail);
  facts.secrets = {{"auth.keys_file", "/keys", "", "others may read /keys"}};
  EXPECT_EQ(find(check_config(facts, config), "keys_file").status, Status::kWarn);
}

TEST(BuildNumber, IsTheFirstNumber) {
  EXPECT_EQ(build_number("b11669-Debian"), 11669);
  EXPECT_EQ(build_number("b6000"), 6000);
  EXPECT_EQ(build_number("unknown"), 0);
  EXPECT_EQ(build_number(""), 0);
}

TEST(DoctorReport, IsReadableByMachines) {
  EngineFacts facts = sound();
  facts.slots.reset();
  const std::string text = to_json(check_engine(facts, {}));
  const auto root = json::validate(text);
  ASSERT_TRUE(root);
  EXPECT_EQ(root->find("ok").boolean(), false);
  int failed = 0;
  for (const json::Value check : root->find("checks").elements()) {
    EXPECT_TRUE(check.find("id").is_string());
    EXPECT_TRUE(check.find("fix").is_string());
    if (check.find("status").string() == "fail") ++failed;
  }
  EXPECT_EQ(failed, 1);
}

TEST(DoctorReport, CountsForPeople) {
  EngineFacts facts = sound();
  facts.metrics = false;
  const std::string text = to_text(check_engine(with_pool(facts, 16384), {}));
  EXPECT_THAT(text, HasSubstr("  warn  metrics "));
  EXPECT_THAT(text, HasSubstr("-> start llama-server with --metrics"));
  EXPECT_THAT(text, HasSubstr("0 problems, 1 warning\n"));
}

TEST(CheckTenants, ARamCacheIsForOneKeyOrForFriends) {
  ConfigFacts facts;
  facts.secrets.emplace_back();
  EngineFacts engine = sound();
  engine.pin.ram_cache = true;
  Config config;
  facts.secrets.front().lines = 1;
  EXPECT_THAT(check_tenants(facts, {engine}, config), IsEmpty());
  facts.secrets.front().lines = 2;
  const auto warned = find(check_tenants(facts, {engine}, config), "tenants");
  EXPECT_EQ(warned.status, Status::kWarn);
  EXPECT_THAT(warned.fix, HasSubstr("--cache-ram 0"));
  EXPECT_EQ(find(check_tenants(facts, {sound()}, config), "tenants").message.substr(0, 12),
            "no RAM cache");
  config.slots.enabled = false;
  EXPECT_EQ(find(check_tenants(facts, {sound()}, config), "tenants").status, Status::kWarn);
}

}  // namespace
}  // namespace keep::doctor
