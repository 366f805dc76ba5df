#include "app/doctor/doctor_probe.hpp"

#include "base/json/json.hpp"
#include "base/text/ids.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

namespace keep::doctor {

namespace {

struct Completion {
  int slot = -1;
  std::int64_t cached = 0, evaluated = 0;
};

Error odd_reply(std::string_view what, int status) {
  return Error(Fault::kProtocol, Side::kUpstream,
               std::string(what) + " answered " + std::to_string(status));
}

// Token ids instead of text: a longer prompt then surely begins with the shorter one's tokens.
Task<std::vector<std::int64_t>> tokenize(Engine& engine, std::string text) {
  json::Writer body;
  body.begin_object().member("content", text).end_object();
  const auto reply = co_await engine.ask("POST", "/tokenize", body.take());
  if (!reply) co_return reply.error();
  const auto root = json::validate(reply->body);
  if (reply->status != 200 || !root) co_return odd_reply("/tokenize", reply->status);
  std::vector<std::int64_t> tokens;
  for (const json::Value token : root->find("tokens").elements()) {
    tokens.push_back(token.integer().value_or(0));
  }
  if (tokens.empty()) co_return odd_reply("/tokenize without tokens", reply->status);
  co_return tokens;
}

// Evaluates the prompt into the slot and generates nothing.
Task<Completion> evaluate(Engine& engine, int slot, std::vector<std::int64_t> prompt) {
  json::Writer body;
  body.begin_object().member("id_slot", slot).member("n_predict", 0).member("cache_prompt", true);
  body.key("prompt").begin_array();
  for (const std::int64_t token : prompt) body.integer(token);
  body.end_array().end_object();
  const auto reply = co_await engine.ask("POST", "/completion", body.take());
  if (!reply) co_return reply.error();
  const auto root = json::validate(reply->body);
  if (reply->status != 200 || !root) co_return odd_reply("/completion", reply->status);
  const json::Value timings = root->find("timings");
  Completion completion;
  completion.slot = static_cast<int>(root->find("id_slot").integer().value_or(-1));
  completion.cached = timings.find("cache_n").integer().value_or(0);
  completion.evaluated = timings.find("prompt_n").integer().value_or(0);
  co_return completion;
}

// Whether a file that the server is told to save is in that folder; it is not left there.
asio::awaitable<bool> saves_into(Engine& engine, int slot, std::string folder) {
  const std::string name = random_id("llama-keep-doctor-");
  json::Writer body;
  body.begin_object().member("filename", name).end_object();
  const std::string target = "/slots/" + std::to_string(slot) + "?action=save";
  co_await engine.ask("POST", target, body.take());
  std::error_code none;
  co_return std::filesystem::remove(std::filesystem::path(folder) / name, none);
}

Task<> run(Engine& engine, std::pair<int, int> slots, PinProbe& probe) {
  // A text that was never seen, so that no cache of the server can hold it already.
  const std::string name = random_id("probe ");
  auto first = co_await tokenize(engine, name + ": the first of two conversations.");
  if (!first) co_return first.error();
  auto second = co_await tokenize(engine, "Quite another text, " + name);
  if (!second) co_return second.error();
  const auto opened = co_await evaluate(engine, slots.first, *first);
  if (!opened) co_return opened.error();
  const auto between = co_await evaluate(engine, slots.second, *second);
  if (!between) co_return between.error();
  const std::vector<std::int64_t> opening = *first;
  first->insert(first->end(), second->begin(), second->end());
  const auto again = co_await evaluate(engine, slots.first, std::move(*first));
  if (!again) co_return again.error();
  probe.asked_slot = slots.first;
  probe.answered_slot = again->slot;
  probe.held = opened->cached + opened->evaluated;
  probe.cached = again->cached;
  const auto displaced = co_await evaluate(engine, slots.first, std::move(*second));
  if (!displaced) co_return displaced.error();
  const auto back = co_await evaluate(engine, slots.first, opening);
  if (!back) co_return back.error();
  probe.ram_cache = back->cached * 2 > probe.held;
  co_return Result<>{};
}

asio::awaitable<bool> erase(Engine& engine, int slot) {
  const std::string target = "/slots/" + std::to_string(slot) + "?action=erase";
  const auto reply = co_await engine.ask("POST", target, "{}");
  co_return reply && reply->status == 200;
}

}  // namespace

std::optional<std::pair<int, int>> pick_slots(const std::vector<SlotState>& slots, bool force) {
  std::vector<int> usable;
  for (const SlotState& slot : slots) {
    if (!slot.processing && slot.held_tokens == 0) usable.push_back(slot.id);
  }
  for (const SlotState& slot : slots) {
    if (force && !slot.processing && slot.held_tokens != 0) usable.push_back(slot.id);
  }
  if (usable.size() < 2) return std::nullopt;
  return std::pair(usable[0], usable[1]);
}

asio::awaitable<PinProbe> probe_pinning(Engine& engine, const EngineFacts& facts, bool force) {
  PinProbe probe;
  if (facts.total_slots < 2) {
    probe.state = PinProbe::State::kOneSlot;
    co_return probe;
  }
  if (!facts.slots) {  // a slot in use cannot be told from an empty one
    probe.state = PinProbe::State::kBlind;
    co_return probe;
  }
  const auto slots = pick_slots(*facts.slots, force);
  if (!slots) {
    probe.state = PinProbe::State::kNoRoom;
    co_return probe;
  }
  const auto ran = co_await run(engine, *slots, probe);
  probe.state = ran ? PinProbe::State::kRan : PinProbe::State::kFailed;
  if (!ran) probe.detail = ran.error().detail;
  if (ran && !facts.slot_folder.empty() && facts.save_path.value_or(false)) {
    probe.saves_there = co_await saves_into(engine, slots->first, facts.slot_folder);
  }
  const bool first = co_await erase(engine, slots->first);
  const bool second = co_await erase(engine, slots->second);
  probe.erased = first && second;
  co_return probe;
}

}  // namespace keep::doctor
