#include "upstream/slot_control.hpp"

#include "openai/count_of.hpp"
#include "upstream/fetch.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace keep {

namespace {

// A slot that was never used has no task (or -1, of builds that always name one) and holds nothing.
std::optional<std::int64_t> read_held(const json::Value& slot) {
  const json::Value tokens = slot.find("n_prompt_tokens");
  if (!tokens.missing()) return openai::count_of(tokens);
  if (slot.find("id_task").integer().value_or(-1) < 0) return 0;
  return std::nullopt;
}

constexpr std::chrono::seconds kEraseLimit{10};
// A long context is gigabytes, and the disk may be slow.
constexpr std::chrono::seconds kTransferLimit{60};

std::string naming(const std::string& file) {
  json::Writer body;
  body.begin_object().member("filename", file).end_object();
  return body.take();
}

// What the members of an answer are called.
struct TransferWords {
  const char *tokens, *bytes, *time;
};
constexpr TransferWords kSaved{"n_saved", "n_written", "save_ms"};
constexpr TransferWords kRestored{"n_restored", "n_read", "restore_ms"};

Result<SlotTransfer> read_transfer(const std::string& answer, const std::string& file,
                                   const TransferWords& words) {
  const auto root = json::validate(answer);
  const auto counted = [&root](const char* name) {
    const auto count = root->find(name).integer();
    return count && *count >= 0 ? count : std::nullopt;
  };
  if (!root || !counted(words.tokens) || !counted(words.bytes) ||
      root->find("filename").string() != file) {
    return Error(Fault::kProtocol, Side::kUpstream,
                 "llama-server did not say what it has done with the file of a slot");
  }
  SlotTransfer transfer;
  transfer.tokens = *counted(words.tokens);
  transfer.bytes = *counted(words.bytes);
  const double time = root->find("timings").find(words.time).number().value_or(0);
  transfer.time = decltype(transfer.time)(std::max(time, 0.0));
  return transfer;
}

}  // namespace

std::vector<SlotState> read_slots(const json::Value& root) {
  std::vector<SlotState> slots;
  for (const json::Value slot : root.elements()) {
    const std::int64_t id = slot.find("id").integer().value_or(0);
    if (id < 0 || id >= openai::kMaxSlots || slots.size() == openai::kMaxSlots) continue;
    SlotState state;
    state.id = static_cast<int>(id);
    state.processing = slot.find("is_processing").boolean().value_or(false);
    state.held_tokens = read_held(slot);
    state.task = slot.find("id_task").integer();
    slots.push_back(state);
  }
  return slots;
}

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

Task<std::string> HttpSlotControl::act(int slot, const char* action, std::string body,
                                       Duration limit) {
  const std::string target = "/slots/" + std::to_string(slot) + "?action=" + action;
  FetchRequest request("POST", target, std::move(body));
  request.limit = limit;
  request.headers.add("Content-Type", "application/json");
  if (!authorization_.empty()) request.headers.add("Authorization", authorization_);
  auto response = co_await fetch(pool_, std::move(request));
  if (!response) co_return response.error();
  if (response->status == 501) {
    co_return Error(Fault::kNotFound, Side::kUpstream,
                    "llama-server runs without --slot-save-path");
  }
  if (response->status != 200) {
    // It says 400 for a bad name, for a file that is not there and for a cache that is full.
    const Fault fault = response->status == 400 ? Fault::kStorage : Fault::kProtocol;
    co_return Error(fault, Side::kUpstream,
                    std::string("llama-server refused to ") + action + " a slot");
  }
  co_return std::move(response->body);
}

Task<> HttpSlotControl::erase(int slot) {
  const auto answer = co_await act(slot, "erase", "{}", kEraseLimit);
  if (!answer) co_return answer.error();
  co_return Result<>{};
}

Task<SlotTransfer> HttpSlotControl::save(int slot, std::string file) {
  const auto answer = co_await act(slot, "save", naming(file), kTransferLimit);
  if (!answer) co_return answer.error();
  co_return read_transfer(*answer, file, kSaved);
}

Task<SlotTransfer> HttpSlotControl::restore(int slot, std::string file) {
  const auto answer = co_await act(slot, "restore", naming(file), kTransferLimit);
  if (!answer) co_return answer.error();
  co_return read_transfer(*answer, file, kRestored);
}

}  // namespace keep
