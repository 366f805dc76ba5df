#include "plugins/history/zone/anchor_memory.hpp"

#include "base/hash.hpp"
#include "base/json/json.hpp"

#include <algorithm>
#include <optional>

namespace keep::history {

namespace {

std::optional<std::size_t> index_of(Position position, std::span<const Position> positions) {
  const auto at = std::ranges::find(positions, position);
  if (position == kNoPosition || at == positions.end()) return std::nullopt;
  return static_cast<std::size_t>(at - positions.begin());
}

Position position_of(const json::Value& value) {
  const auto number = value.integer().value_or(kNoPosition);
  return number >= 0 && number < kNoPosition ? static_cast<Position>(number) : kNoPosition;
}

}  // namespace

Anchor AnchorMemory::find(const Key& key, std::span<const Position> positions) {
  const Agents* const agents = agents_.find(key.conversation);
  if (agents == nullptr) return {};
  const auto places = std::ranges::find(*agents, key.agent, &Places::agent);
  if (places == agents->end()) return {};
  const auto first = index_of(places->first, positions);
  if (!first) return {};
  const auto begin = index_of(places->head_begin, positions);
  const auto last = index_of(places->head_last, positions);
  if (!begin || !last || *last >= *first || *last < *begin) return {*first, *first, *first};
  return {*begin, *last + 1, *first};
}

void AnchorMemory::put(const Key& key, const Anchor& anchor, std::span<const Position> positions) {
  Places places;
  places.agent = key.agent;
  if (anchor.first < positions.size()) places.first = positions[anchor.first];
  if (anchor.head_end > anchor.head_begin) {
    places.head_begin = positions[anchor.head_begin];
    places.head_last = positions[anchor.head_end - 1];
  }
  add(key.conversation, places);
}

void AnchorMemory::add(std::uint64_t conversation, const Places& places) {
  Agents& agents = agents_.get(conversation);
  std::erase_if(agents, [&](const Places& other) { return other.agent == places.agent; });
  if (agents.size() == kMaxAgents) agents.erase(agents.begin());
  agents.push_back(places);
  while (agents_.size() > max_) agents_.pop_oldest();
}

void AnchorMemory::restore(std::uint64_t conversation, const std::string& saved) {
  agents_.get(conversation).clear();
  while (agents_.size() > max_) agents_.pop_oldest();
  const auto list = json::validate(saved);
  if (!list) return;
  for (const json::Value agent : list->elements()) {
    Places places;
    places.agent = from_hex(agent.find("agent").string().value_or(""));
    places.first = position_of(agent.find("first"));
    places.head_begin = position_of(agent.find("head_begin"));
    places.head_last = position_of(agent.find("head_last"));
    add(conversation, places);
  }
}

std::string AnchorMemory::saved(std::uint64_t conversation) const {
  json::Writer list;
  list.begin_array();
  if (const Agents* const agents = agents_.peek(conversation)) {
    for (const Places& places : *agents) {
      list.begin_object().member("agent", to_hex(places.agent)).member("first", places.first);
      if (places.head_begin != kNoPosition) {
        list.member("head_begin", places.head_begin).member("head_last", places.head_last);
      }
      list.end_object();
    }
  }
  return list.end_array().take();
}

}  // namespace keep::history
