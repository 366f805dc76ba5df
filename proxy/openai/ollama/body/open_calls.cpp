#include "openai/ollama/body/open_calls.hpp"

namespace keep::openai::ollama {

void OpenCalls::clear() noexcept {
  by_id_.clear();
  by_name_.clear();
  calls_.clear();
}

void OpenCalls::add(std::string id, std::string name) {
  const std::size_t place = added_++;
  const Call& call = calls_.try_emplace(place, Call{std::move(id), std::move(name)}).first->second;
  by_id_.emplace(call.id, place);
  by_name_.emplace(call.name, place);
}

OpenCalls::Calls::iterator OpenCalls::first_of(const Places& places, std::string_view key) {
  const auto found = places.lower_bound({key, 0});
  if (found == places.end() || found->first != key) return calls_.end();
  return calls_.find(found->second);
}

std::optional<std::string> OpenCalls::take(std::string_view id, std::string_view name) {
  auto at = id.empty() ? first_of(by_name_, name) : first_of(by_id_, id);
  if (at == calls_.end() && id.empty()) at = calls_.begin();
  if (at == calls_.end()) return std::nullopt;
  by_id_.erase({at->second.id, at->first});
  by_name_.erase({at->second.name, at->first});
  std::string taken = std::move(at->second.id);
  calls_.erase(at);
  return taken;
}

}  // namespace keep::openai::ollama
