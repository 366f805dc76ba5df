#include "plugins/slots/isolation.hpp"

#include "base/hash.hpp"

#include <algorithm>
#include <iterator>

namespace keep::slots {

namespace {

// Fields that clients change from turn to turn, and that no template sees.
constexpr std::string_view kNotRendered[] = {
    "user",   "metadata",       "conversation_id", "max_tokens", "max_completion_tokens",
    "stream", "stream_options", "temperature",     "top_p",      "seed"};

bool is_rendered(const json::Member& field, std::string_view list) noexcept {
  if (!list.empty() && field.key_is(list)) return false;
  return std::ranges::find(kNotRendered, field.raw_key) == std::end(kNotRendered);
}

// llama-server looks into its RAM cache when less than half of what the slot holds begins the new
// prompt. The answer may not come back (reasoning does not), the prompt before it does.
bool keeps_most(const Slot& slot, const Wish& wish) noexcept {
  const std::size_t all = slot.trail.messages();
  const bool known = all > 0 && all < PromptTrail::kMaxMarks && slot.settings == wish.settings;
  return known && slot.trail.shared_with(wish.trail).messages == all &&
         slot.prompt * 4 >= slot.held * 3;
}

}  // namespace

Reuse reuse_of(const Slot& slot, const Wish& wish, RamCache ram) noexcept {
  const bool own = slot.owner == wish.owner;
  if (ram == RamCache::kNone) return own ? Reuse::kAll : Reuse::kNothing;
  if (own) return keeps_most(slot, wish) ? Reuse::kAll : Reuse::kUntold;
  return wish.returning ? Reuse::kUntold : Reuse::kNothing;
}

OwnerKey owner_of(std::string_view tenant) noexcept { return hash64(tenant) | 1; }

std::uint64_t settings_hash(const openai::ChatRequest& chat) noexcept {
  const std::string_view list = openai::list_name(chat.surface);
  std::uint64_t hash = 0;
  for (const json::Member& field : chat.fields) {
    if (!is_rendered(field, list)) continue;
    hash = hash_combine(hash, hash_combine(hash64(field.raw_key), hash64(field.value.raw())));
  }
  return hash;
}

}  // namespace keep::slots
