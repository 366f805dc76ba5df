#include "plugins/tier/archive/beginnings.hpp"

#include <algorithm>
#include <iterator>
#include <string>

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
  const std::string& tenant = prompt.owner->conversation.tenant;
  for (auto mark = landmarks.rbegin(); mark != landmarks.rend() && found.empty(); ++mark) {
    const auto at = owners_.find(*mark);
    if (at == owners_.end()) continue;
    std::copy_if(at->second.rbegin(), at->second.rend(), std::back_inserter(found),
                 [&tenant](const Owner& owner) { return owner->conversation.tenant == tenant; });
  }
  return found;
}

}  // namespace keep::tier
