#include "openai/request/prefix_memory.hpp"

#include "base/hash.hpp"

#include <algorithm>
#include <utility>

namespace keep::openai {

namespace {

// What comes before the messages, the bracket of their list included; "" when there is no list.
std::string_view head_of(std::string_view body, Surface surface) noexcept {
  const std::string_view list = list_name(surface);
  json::Cursor cursor(body);
  if (list.empty() || cursor.type() != json::Type::kObject) return {};
  cursor.enter();
  for (json::Member member; cursor.next_key(member.raw_key);) {
    if (member.key_is(list)) {
      if (cursor.type() != json::Type::kArray) return {};
      return body.substr(0, static_cast<std::size_t>(cursor.place() - body.data()) + 1);
    }
    cursor.take();
  }
  return {};
}

std::uint32_t offset(std::string_view part, std::string_view whole) noexcept {
  return static_cast<std::uint32_t>(part.data() - whole.data());
}

}  // namespace

// Of the message that comes first in what is left of a list.
bool PrefixMemory::find_place(std::string_view rest, Place& place) noexcept {
  json::Cursor cursor(rest);
  if (!cursor.next_element()) return false;
  const auto gap = static_cast<std::size_t>(cursor.place() - rest.data());
  const json::Value value = cursor.take();
  place = {rest.substr(0, gap), value.raw()};
  return !value.missing();
}

PrefixMemory::Key PrefixMemory::root_key(std::string_view head, Surface surface) noexcept {
  return hash_combine(bytes_hash(head), static_cast<std::uint64_t>(surface));
}

PrefixMemory::Key PrefixMemory::child_key(Key parent, const Place& place,
                                          std::uint64_t raw_hash) noexcept {
  return hash_combine(hash64(place.gap, parent), raw_hash);
}

PrefixMemory::Node PrefixMemory::make_node(const Message& message) {
  Node node;
  node.facts.role = message.role;
  node.facts.hash = message.hash;
  node.facts.raw_hash = message.raw_hash;
  node.facts.text_bytes = message.text_bytes;
  node.facts.media = message.media;
  node.facts.calls = message.calls;
  const std::string_view content = message.content.raw();
  if (!content.empty()) node.facts.content_at = offset(content, message.raw.raw());
  node.facts.content_bytes = static_cast<std::uint32_t>(content.size());
  return node;
}

Message PrefixMemory::make_message(const Facts& facts, std::string_view json) {
  Message message;
  message.role = facts.role;
  message.raw = json::Value(json);
  message.content = json::Value(json.substr(facts.content_at, facts.content_bytes));
  message.hash = facts.hash;
  message.text_bytes = facts.text_bytes;
  message.media = facts.media;
  message.calls = facts.calls;
  message.raw_hash = facts.raw_hash;
  return message;
}

// Moves it to the younger generation.
PrefixMemory::Node* PrefixMemory::look(Key key) {
  if (const auto at = young_.find(key); at != young_.end()) return &at->second;
  auto handle = old_.extract(key);
  if (handle.empty()) return nullptr;
  return &young_.insert(std::move(handle)).position->second;
}

// The node of the message that begins `rest`; nullptr when it is not known after this one. Most
// nodes have one that follows; where it has other bytes here the message's end is searched.
PrefixMemory::Node* PrefixMemory::next(Node& node, std::string_view rest, Key& key, Place& place) {
  if (node.next_bytes == 0) return nullptr;
  const auto try_place = [&]() -> Node* {
    const Key child = child_key(key, place, bytes_hash(place.json));
    Node* const found = look(child);
    if (found != nullptr) key = child;
    return found;
  };
  const std::size_t bytes = std::size_t{node.gap} + node.next_bytes;
  if (bytes <= rest.size()) {
    place = {rest.substr(0, node.gap), rest.substr(node.gap, node.next_bytes)};
    if (Node* const found = try_place()) return found;
  }
  if (!find_place(rest, place)) return nullptr;
  if (place.gap.size() == node.gap && place.json.size() == node.next_bytes) return nullptr;
  Node* const found = try_place();
  if (found == nullptr) return nullptr;
  node.gap = static_cast<std::uint32_t>(place.gap.size());
  node.next_bytes = static_cast<std::uint32_t>(place.json.size());
  return found;
}

PrefixMemory::Known PrefixMemory::find(const std::string& body, Surface surface) {
  Known known;
  if (body.size() < kMinBody || body.size() > kMaxBody) return known;
  make_room(0);
  const std::string_view all = body;
  const std::string_view head = head_of(all, surface);
  if (head.empty()) return known;
  Key key = root_key(head, surface);
  Place place;
  std::size_t at = head.size();
  for (Node* node = look(key); node != nullptr;) {
    node = next(*node, all.substr(at), key, place);
    if (node == nullptr) break;
    known.messages.push_back(make_message(node->facts, place.json));
    known.bytes = at += place.gap.size() + place.json.size();
  }
  known.key = key;
  return known;
}

// In the younger generation, which takes all of a body.
void PrefixMemory::make_room(std::size_t nodes) {
  if (young_.size() + nodes <= generation_) return;
  old_ = std::exchange(young_, {});
}

void PrefixMemory::add(const std::string& body, const ChatRequest& request, std::size_t known,
                       Key key) {
  if (body.size() < kMinBody || body.size() > kMaxBody) return;
  if (!request.messages_raw.is_array()) return;
  const std::size_t count = std::min({request.messages.size(), kMaxMessages, generation_ - 1});
  if (known >= count) return;
  make_room(count - known + 1);
  const std::string_view all = body;
  std::size_t at = offset(request.messages_raw.raw(), all) + std::size_t{1};
  if (known == 0) {
    key = root_key(all.substr(0, at), request.surface);
  } else {
    const std::string_view last = request.messages[known - 1].raw.raw();
    at = offset(last, all) + last.size();
  }
  Node* node = look(key);
  if (node == nullptr) node = &young_[key];  // a root
  for (std::size_t i = known; i < count; ++i) {
    const Message& message = request.messages[i];
    const std::string_view json = message.raw.raw();
    const Place place{all.substr(at, offset(json, all) - at), json};
    node->gap = static_cast<std::uint32_t>(place.gap.size());
    node->next_bytes = static_cast<std::uint32_t>(json.size());
    key = child_key(key, place, message.raw_hash);
    node = look(key);
    if (node == nullptr) node = &young_.emplace(key, make_node(message)).first->second;
    at += place.gap.size() + json.size();
  }
}

}  // namespace keep::openai
