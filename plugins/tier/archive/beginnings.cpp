#include "plugins/tier/archive/beginnings.hpp"

#include <ranges>
#include <utility>

namespace keep::tier {

namespace {

constexpr std::size_t kMost = 4;  // of one landmark

}  // namespace

void Beginnings::add(const Owner& owner, const openai::PromptTrail& trail) {
  for (const std::uint64_t landmark : trail.landmarks()) {
    std::vector<Owner>& owners = owners_[landmark];
    owners.push_back(owner);
    if (owners.size() > kMost) owners.erase(owners.begin());
  }
}

void Beginnings::remove(const Owner& owner, const openai::PromptTrail& trail) {
  for (const std::uint64_t landmark : trail.landmarks()) {
    const auto at = owners_.find(landmark);
    if (at == owners_.end()) continue;
    std::erase(at->second, owner);
    if (at->second.empty()) owners_.erase(at);
  }
}

// A landmark is a hash that one can aim at: whose it is counts.
std::vector<Beginnings::Owner> Beginnings::find(const WantedPrompt& prompt) const {
  std::vector<Owner> found;
  const std::vector<std::uint64_t> landmarks = prompt.trail.landmarks();
  for (const std::uint64_t landmark : landmarks | std::views::reverse) {
    const auto at = owners_.find(landmark);
    if (at == owners_.end()) continue;
    for (const Owner& owner : at->second | std::views::reverse) {
      const bool own_tenant = owner->conversation.tenant == prompt.owner->conversation.tenant;
      if (own_tenant) found.push_back(owner);
    }
    if (!found.empty()) break;
  }
  return found;
}

}  // namespace keep::tier
