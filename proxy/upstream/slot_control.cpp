#include "upstream/slot_control.hpp"

#include "base/json/json.hpp"
#include "openai/count_of.hpp"
#include "upstream/fetch.hpp"

#include <utility>

namespace keep {

namespace {

std::vector<SlotState> read_slots(const json::Value& root) {
  std::vector<SlotState> slots;
  for (const json::Value slot : root.elements()) {
    const std::int64_t id = slot.find("id").integer().value_or(0);
    if (id < 0 || id >= openai::kMaxSlots || slots.size() == openai::kMaxSlots) continue;
    SlotState state;
    state.id = static_cast<int>(id);
    state.processing = slot.find("is_processing").boolean().value_or(false);
    state.held_tokens = openai::count_of(slot.find("n_prompt_tokens"));
    slots.push_back(state);
  }
  return slots;
}

}  // namespace

Task<std::vector<SlotState>> HttpSlotControl::list() {
  FetchRequest request("GET", "/slots");
  if (!authorization_.empty()) request.headers.add("Authorization", authorization_);
  const auto response = co_await fetch(pool_, std::move(request));
  if (!response) co_return response.error();
  if (response->status == 501 || response->status == 404) {
    co_return Error(Fault::kNotFound, Side::kUpstream, "llama-server runs with --no-slots");
  }
  const auto root = json::validate(response->body);
  if (response->status != 200 || !root || !root->is_array()) {
    co_return Error(Fault::kProtocol, Side::kUpstream, "GET /slots gave no list of slots");
  }
  co_return read_slots(*root);
}

Task<> HttpSlotControl::erase(int slot) {
  FetchRequest request("POST", "/slots/" + std::to_string(slot) + "?action=erase", "{}");
  request.headers.add("Content-Type", "application/json");
  if (!authorization_.empty()) request.headers.add("Authorization", authorization_);
  const auto response = co_await fetch(pool_, std::move(request));
  if (!response) co_return response.error();
  if (response->status == 501) {
    co_return Error(Fault::kNotFound, Side::kUpstream,
                    "llama-server runs without --slot-save-path");
  }
  if (response->status != 200) {
    co_return Error(Fault::kProtocol, Side::kUpstream, "llama-server refused to erase a slot");
  }
  co_return Result<>{};
}

}  // namespace keep
