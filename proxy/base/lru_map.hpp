// LruMap: a map that knows which entry was used least recently. One thread at a time.
//
// It has no capacity of its own: the owner adds, then takes pop_oldest() until the whole fits its
// limit in entries or bytes. References stay valid until their entry goes.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <optional>
#include <unordered_map>
#include <utility>

namespace keep {

template <class Key, class Value, class Hash = std::hash<Key>>
class LruMap {
 public:
  LruMap() = default;
  LruMap(const LruMap&) = delete;
  LruMap& operator=(const LruMap&) = delete;

  // Makes the entry the newest; nullptr when there is none.
  Value* find(const Key& key) {
    const auto at = index_.find(key);
    if (at == index_.end()) return nullptr;
    order_.splice(order_.begin(), order_, at->second);
    return &at->second->value;
  }

  // Leaves the order as it is.
  const Value* peek(const Key& key) const {
    const auto at = index_.find(key);
    return at == index_.end() ? nullptr : &at->second->value;
  }
  Value* peek(const Key& key) {
    const auto at = index_.find(key);
    return at == index_.end() ? nullptr : &at->second->value;
  }

  // The entry of that key, the newest from now on; a default one when there was none.
  Value& get(const Key& key) {
    if (Value* const value = find(key)) return *value;
    const auto at = index_.try_emplace(key).first;
    order_.push_front(Node{&at->first, Value()});
    at->second = order_.begin();
    return order_.front().value;
  }

  bool erase(const Key& key) {
    const auto at = index_.find(key);
    if (at == index_.end()) return false;
    order_.erase(at->second);
    index_.erase(at);
    return true;
  }

  std::optional<std::pair<Key, Value>> pop_oldest() {
    if (order_.empty()) return std::nullopt;
    Node& node = order_.back();
    std::pair<Key, Value> oldest(*node.key, std::move(node.value));
    order_.pop_back();
    index_.erase(oldest.first);
    return oldest;
  }

  // visit(key, value), the oldest first.
  template <class Visit>
  void for_each(Visit visit) const {
    for (auto node = order_.rbegin(); node != order_.rend(); ++node) visit(*node->key, node->value);
  }

  std::size_t size() const noexcept { return index_.size(); }
  bool empty() const noexcept { return index_.empty(); }

 private:
  struct Node {
    const Key* key;  // lives in index_, whose nodes never move
    Value value;
  };
  std::list<Node> order_;  // newest first
  std::unordered_map<Key, typename std::list<Node>::iterator, Hash> index_;
};

}  // namespace keep
