#include "app/doctor/doctor_checks.hpp"

#include "app/doctor/minimum_engine.hpp"

#include <algorithm>
#include <charconv>

namespace keep::doctor {

namespace {

// A slot below this is filled by one agent's system prompt and tools.
constexpr std::int64_t kSmallSlot = 4096;

// Appends checks about one upstream.
struct Checker {
  const EngineFacts& facts;
  const Config& config;
  std::vector<Check> checks;

  void add(std::string id, Status status, std::string message, std::string fix = {}) {
    checks.push_back(Check{facts.url, std::move(id), status, std::move(message), std::move(fix)});
  }

  void reachable();
  void version();
  void endpoints();
  void slot_folder();
  void window();
  void pinning();
  void probe_result();
  void memory();
};

void Checker::reachable() {
  switch (facts.reach) {
    case Reach::kOk: return add("reachable", Status::kOk, "llama-server answers");
    case Reach::kRefused:
      return add("reachable", Status::kFail, "nobody listens there",
                 "start llama-server, or correct upstream.url");
    case Reach::kSilent:
      return add("reachable", Status::kFail, "no answer: " + facts.reach_detail,
                 "see whether llama-server hangs or a firewall is in the way");
    case Reach::kUnresolved:
      return add("reachable", Status::kFail, facts.reach_detail, "correct upstream.url");
    case Reach::kLoading:
      return add("reachable", Status::kFail, "llama-server is loading its model",
                 "wait until it has, then run doctor again");
    case Reach::kUnauthorized:
      return add("reachable", Status::kFail, "llama-server wants an API key",
                 "write its --api-key into a file and name that as upstream.api_key_file");
    case Reach::kLlamaKeep:
      return add("reachable", Status::kFail, "this is llama-keep itself, not a llama-server",
                 "correct upstream.url");
    case Reach::kForeign:
      return add("reachable", Status::kFail, "something answers, but it is not a llama-server",
                 "correct upstream.url");
  }
}

void Checker::version() {
  const int build = build_number(facts.build);
  if (build >= kMinimumBuild) return add("version", Status::kOk, "build " + facts.build);
  const std::string found = facts.build.empty() ? "an unknown build" : "build " + facts.build;
  add("version", Status::kWarn,
      found + "; what llama-keep relies on was verified with b" + std::to_string(kMinimumBuild),
      "update llama-server, or go by the checks below");
}

void Checker::endpoints() {
  if (facts.slots) {
    add("slots_endpoint", Status::kOk, "GET /slots tells the state of the slots");
  } else {
    add("slots_endpoint", Status::kFail,
        "GET /slots is off, so llama-keep cannot see what the slots hold",
        "start llama-server without --no-slots");
  }
  if (facts.save_path.value_or(false)) {
    add("slot_save_path", Status::kOk, "slots can be emptied and saved");
  } else {
    add("slot_save_path", Status::kWarn,
        "slots can neither be emptied nor saved; a full KV pool then costs conversations",
        "start llama-server with --slot-save-path DIR, an existing folder it may write to");
  }
  slot_folder();
  if (facts.metrics.value_or(false)) {
    add("metrics", Status::kOk, "GET /metrics is on");
  } else {
    add("metrics", Status::kWarn, "llama-server's own figures are off",
        "start llama-server with --metrics");
  }
}

void Checker::slot_folder() {
  if (facts.slot_folder.empty()) return;
  const std::string fix =
      "name the folder of llama-server's --slot-save-path in upstream.slot_save_path, on the same "
      "machine, for the same user";
  if (!facts.save_path.value_or(false) || !facts.pin.saves_there.value_or(true)) {
    return add(
        "slot_folder", Status::kFail,
        "llama-server saves no slots in " + facts.slot_folder + ": what leaves a slot is not kept",
        fix);
  }
  if (!facts.pin.saves_there) {
    return add("slot_folder", Status::kSkip,
               "skipped: whether llama-server saves in " + facts.slot_folder + " was not tried",
               "run it while two slots are empty, or with --probe");
  }
  add("slot_folder", Status::kOk, "what leaves a slot is kept by way of " + facts.slot_folder);
}

void Checker::window() {
  const std::string tokens = std::to_string(facts.n_ctx);
  if (facts.n_ctx <= 0) return;
  const bool cut = facts.n_ctx_train > 0 && facts.n_ctx < facts.n_ctx_train;
  if (cut && facts.n_ctx < kSmallSlot) {
    return add("window", Status::kWarn,
               "a slot has only " + tokens + " tokens; the model was trained for " +
                   std::to_string(facts.n_ctx_train) +
                   ". Without -kvu llama-server divides -c among the slots",
               "start llama-server with -c " +
                   std::to_string(facts.total_slots * std::min(facts.n_ctx_train, kSmallSlot * 2)) +
                   " or more");
  }
  add("window", Status::kOk, "a slot takes up to " + tokens + " tokens");
}

void Checker::pinning() {
  switch (facts.pin.state) {
    case PinProbe::State::kNotTried: return;
    case PinProbe::State::kRan: return probe_result();
    case PinProbe::State::kNoRoom:
      return add("pinning", Status::kSkip, "skipped: all slots are busy or hold conversations",
                 "use --probe to try it on idle slots; what they hold is lost");
    case PinProbe::State::kOneSlot:
      return add("pinning", Status::kWarn,
                 "one slot only: every change of conversation reads the whole prompt again",
                 "start llama-server with -np N for N conversations, and -c for all of them");
    case PinProbe::State::kBlind:
      return add("pinning", Status::kSkip, "skipped: without GET /slots no idle slot can be told",
                 "start llama-server without --no-slots");
    case PinProbe::State::kFailed:
      return add("pinning", Status::kFail, "the probe failed: " + facts.pin.detail,
                 "look into the log of llama-server");
  }
}

void Checker::probe_result() {
  const PinProbe& pin = facts.pin;
  const std::string left = pin.erased ? "" : " (two tiny prompts stay in its slots)";
  if (pin.answered_slot != pin.asked_slot) {
    return add("pinning", Status::kFail,
               "slot " + std::to_string(pin.asked_slot) + " was asked for, slot " +
                   std::to_string(pin.answered_slot) + " answered" + left,
               "use a llama-server that honours id_slot");
  }
  if (pin.cached + 1 < pin.held) {  // the last token may be read again
    return add(
        "pinning", Status::kFail,
        "a conversation lost its slot as soon as another one spoke: " + std::to_string(pin.cached) +
            " of " + std::to_string(pin.held) + " tokens were still there" + left,
        "start llama-server with --no-cache-idle-slots, and -no-kvu with -np: every request "
        "otherwise clears the idle slots. Leave --cache-ram on, for more conversations than slots");
  }
  add("pinning", Status::kOk, "a conversation keeps its slot while another one speaks" + left);
}

void Checker::memory() {
  if (facts.total_slots <= 0 || facts.n_ctx <= 0) return;
  const auto slots = static_cast<std::int64_t>(facts.total_slots);
  const std::int64_t pool = facts.pool_tokens;
  const std::string each =
      std::to_string(slots) + " slots of up to " + std::to_string(facts.n_ctx) + " tokens: ";
  if (pool == 0) {
    const Status status = slots > 1 ? Status::kWarn : Status::kOk;
    return add("memory", status,
               each + std::to_string(slots * facts.n_ctx) +
                   " KV cells. llama-server does not tell whether they share a smaller pool (-kvu)",
               slots > 1 ? "set pool_tokens of the upstream to the -c of llama-server, unless it "
                           "runs with -no-kvu"
                         : "");
  }
  if (pool < facts.n_ctx) {
    return add("memory", Status::kFail,
               each + "pool_tokens is " + std::to_string(pool) + ", less than a single slot takes",
               "set pool_tokens of the upstream to the -c of llama-server");
  }
  if (pool > slots * facts.n_ctx) {
    return add("memory", Status::kWarn,
               each + "pool_tokens is " + std::to_string(pool) + ", but no more than " +
                   std::to_string(slots * facts.n_ctx) + " can be used",
               "lower -c and pool_tokens, or raise -np");
  }
  add("memory", Status::kOk,
      each + std::to_string(pool) + " KV cells, " + std::to_string(pool / slots) +
          " for each when all are in use");
}

}  // namespace

int build_number(const std::string& build) {
  const std::size_t at = build.find_first_of("0123456789");
  if (at == std::string::npos) return 0;
  int number = 0;
  std::from_chars(build.data() + at, build.data() + build.size(), number);
  return number;
}

std::vector<Check> check_engine(const EngineFacts& facts, const Config& config) {
  Checker checker{facts, config, {}};
  checker.reachable();
  if (facts.reach != Reach::kOk) return std::move(checker.checks);
  checker.version();
  if (facts.router) {
    checker.add("router", Status::kWarn,
                "llama-server runs as a router of several models; slots are not pinned there",
                "start one llama-server for each model with -m, and name each as an upstream");
    return std::move(checker.checks);
  }
  checker.endpoints();
  checker.window();
  checker.pinning();
  checker.memory();
  return std::move(checker.checks);
}

}  // namespace keep::doctor
