#include "exchange/explanation.hpp"

#include <algorithm>
#include <array>

namespace keep {

namespace {

struct Names {
  Explanation::Name name;
  std::string_view header, field;
};

using enum Explanation::Name;
constexpr std::array<Names, 12> kNames{{
    {kConversation, "X-Keep-Conversation", "conversation"},
    {kIdentity, "X-Keep-Identity", "identity"},
    {kDivergence, "X-Keep-Divergence", "divergence"},
    {kRecord, "X-Keep-Record", "record"},
    {kWindow, "X-Keep-Window", "window"},
    {kRecall, "X-Keep-Recall", "recall"},
    {kQueue, "X-Keep-Queue", "queue"},
    {kUpstream, "X-Keep-Upstream", "upstream"},
    {kCache, "X-Keep-Cache", "cache"},
    {kSlot, "X-Keep-Slot", "slot"},
    {kCachedTokens, "X-Keep-Cached-Tokens", "cached_tokens"},
    {kOverheadUs, "X-Keep-Overhead-Us", "overhead_us"},
}};

constexpr bool is_in_order() {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (static_cast<std::size_t>(kNames[i].name) != i) return false;
  }
  return true;
}
static_assert(is_in_order());

}  // namespace

void Explanation::say(Name name, std::string value) { put({name, std::move(value), false}); }

void Explanation::say(Name name, std::int64_t value) { put({name, std::to_string(value), true}); }

void Explanation::put(Line line) {
  const auto at = std::ranges::find(lines_, line.name, &Line::name);
  if (at == lines_.end()) {
    if (lines_.empty()) lines_.reserve(kNames.size());
    lines_.push_back(std::move(line));
  } else {
    *at = std::move(line);
  }
}

std::optional<std::string_view> Explanation::find(Name name) const noexcept {
  const auto at = std::ranges::find(lines_, name, &Line::name);
  if (at == lines_.end()) return std::nullopt;
  return at->value;
}

std::string_view header_of(Explanation::Name name) noexcept {
  return kNames[static_cast<std::size_t>(name)].header;
}

std::string_view field_of(Explanation::Name name) noexcept {
  return kNames[static_cast<std::size_t>(name)].field;
}

}  // namespace keep
