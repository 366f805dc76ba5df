#include "exchange/interfaces/conversations.hpp"

#include <algorithm>

namespace keep {

std::string_view to_string(Role role) noexcept {
  switch (role) {
    case Role::kSystem: return "system";
    case Role::kUser: return "user";
    case Role::kAssistant: return "assistant";
    case Role::kTool: return "tool";
    case Role::kOther: break;
  }
  return "other";
}

Role role_of(std::string_view name) noexcept {
  if (name == "user") return Role::kUser;
  if (name == "assistant") return Role::kAssistant;
  if (name == "tool" || name == "function") return Role::kTool;
  if (name == "system" || name == "developer") return Role::kSystem;
  return Role::kOther;
}

bool contains(std::span<const Stretch> path, Position position) noexcept {
  const auto after = std::ranges::upper_bound(path, position, {}, &Stretch::first);
  return after != path.begin() && position <= std::prev(after)->last;
}

}  // namespace keep
