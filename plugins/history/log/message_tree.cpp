#include "plugins/history/log/message_tree.hpp"

#include "base/hash.hpp"

#include <algorithm>
#include <iterator>

namespace keep::history {

void MessageTree::add(const MessageRow& row) {
  const auto position = static_cast<Position>(messages_.size());
  Message message{};
  message.hash = row.hash;
  message.time = row.time;
  message.role = static_cast<std::uint64_t>(row.role) & 0x7f;
  message.tokens = row.tokens;
  if (row.parent != kNoPosition) {
    const Message& parent = messages_[row.parent];
    message.token_position = (parent.token_position + parent.tokens) & ((1ULL << 56) - 1);
    message.turn = parent.turn;
  }
  // The parent of position 0 is kNoPosition, which is 0 - 1.
  message.branches = row.parent != position - 1;
  if (message.branches) {
    branches_.push_back({position, row.parent});
    branches_of_.emplace(child_key(row.parent, row.hash), position);
  }
  if (row.role == Role::kUser) {
    ++message.turn;
    ++turns_;
  }
  tokens_ += row.tokens;
  messages_.push_back(message);
}

void MessageTree::remove_last() {
  const Message& last = messages_.back();
  if (last.branches) {
    const Branch branch = branches_.back();
    const auto [begin, end] = branches_of_.equal_range(child_key(branch.parent, last.hash));
    for (auto at = begin; at != end; ++at) {
      if (at->second != branch.position) continue;
      branches_of_.erase(at);
      break;
    }
    branches_.pop_back();
  }
  if (static_cast<Role>(last.role) == Role::kUser) --turns_;
  tokens_ -= last.tokens;
  messages_.pop_back();
}

std::uint64_t MessageTree::child_key(Position parent, std::uint64_t hash) noexcept {
  return hash_combine(hash, parent);
}

void MessageTree::add_lost(Position until) {
  while (messages_.size() < until) {
    MessageRow row;
    row.parent = static_cast<Position>(messages_.size()) - 1;
    add(row);
  }
}

void MessageTree::set_totals(std::uint64_t tokens, std::uint64_t turns) noexcept {
  tokens_ = tokens;
  turns_ = turns;
}

const MessageTree::Branch* MessageTree::branch_at(Position position) const {
  const auto after = std::ranges::upper_bound(branches_, position, {}, &Branch::position);
  return after == branches_.begin() ? nullptr : &*std::prev(after);
}

Position MessageTree::parent_of(Position position) const {
  return messages_[position].branches ? branch_at(position)->parent : position - 1;
}

MessageInfo MessageTree::info(Position position) const {
  const Message& message = messages_[position];
  MessageInfo info;
  info.position = position;
  info.parent = parent_of(position);
  info.role = static_cast<Role>(message.role);
  info.tokens = message.tokens;
  info.turn = message.turn;
  info.token_position = message.token_position;
  info.hash = message.hash;
  info.time = message.time;
  return info;
}

std::optional<Position> MessageTree::child(Position parent, std::uint64_t hash) const {
  std::optional<Position> found;
  const Position next = parent + 1;
  if (next < messages_.size() && !messages_[next].branches && messages_[next].hash == hash) {
    found = next;
  }
  const auto [begin, end] = branches_of_.equal_range(child_key(parent, hash));
  for (auto at = begin; at != end; ++at) {
    const bool later = !found || at->second > *found;
    if (later && messages_[at->second].hash == hash && parent_of(at->second) == parent) {
      found = at->second;
    }
  }
  return found;
}

std::optional<Position> MessageTree::last_with(std::uint64_t hash) const {
  const auto at = std::find_if(messages_.rbegin(), messages_.rend(),
                               [hash](const Message& message) { return message.hash == hash; });
  if (at == messages_.rend()) return std::nullopt;
  return static_cast<Position>(messages_.rend() - at - 1);
}

Path MessageTree::path_to(Position tip) const {
  Path path;
  while (tip != kNoPosition) {
    const Branch* const branch = branch_at(tip);
    Stretch stretch;
    stretch.first = branch == nullptr ? 0 : branch->position;
    stretch.last = tip;
    path.push_back(stretch);
    tip = branch == nullptr ? kNoPosition : branch->parent;
  }
  std::ranges::reverse(path);
  return path;
}

std::uint64_t MessageTree::memory_bytes() const noexcept {
  // Of the containers in this library: nodes of 512 bytes with a pointer to each; three words and a
  // pair in a node of the map, and a pointer in its table.
  constexpr std::size_t kPerMessage = sizeof(Message) + 1;
  constexpr std::size_t kPerBranch = 48;
  return messages_.size() * kPerMessage + branches_.capacity() * sizeof(Branch) +
         branches_of_.size() * kPerBranch;
}

}  // namespace keep::history
