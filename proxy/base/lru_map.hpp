// LruMap: a map that knows which entry was used least recently. One thread at a time.
//
// It has no capacity of its own: the owner adds, then takes pop_oldest() until the whole fits its
// limit in entries or bytes. References stay valid until their entry goes.
//
// Entries may be of several tenants. Then the one who has most loses its oldest entry, so that who
// fills the map loses nothing but its own, and never the one that was used last of all. To have
// most is to have most entries, or the most weight where entries are weighed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace keep {

template <class Key, class Value, class Hash = std::hash<Key>>
class LruMap {
 public:
  using Tenant = std::uint64_t;  // a hash

  LruMap() = default;
  LruMap(const LruMap&) = delete;
  LruMap& operator=(const LruMap&) = delete;

  // Makes the entry the newest; nullptr when there is none.
  Value* find(const Key& key) {
    const auto at = index_.find(key);
    if (at == index_.end()) return nullptr;
    use(at->second);
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

  // The entry of that key, the newest from now on; a default one, of that tenant, when there was
  // none.
  Value& get(const Key& key, Tenant tenant = 0) {
    if (Value* const value = find(key)) return *value;
    const auto at = index_.try_emplace(key).first;
    order_.push_front(Node{&at->first, tenant});
    at->second = order_.begin();
    Share& share = shares_[tenant];
    share.order.push_front(order_.begin());
    share.weight += kUnweighed;
    Node& node = order_.front();
    node.own = share.order.begin();
    node.used = ++uses_;
    return node.value;
  }

  // How much of the whole the entry takes, for example in bytes.
  void weigh(const Key& key, std::size_t weight) {
    const auto at = index_.find(key);
    if (at == index_.end()) return;
    Node& node = *at->second;
    shares_.at(node.tenant).weight += weight - node.weight;  // wraps around, and back
    node.weight = weight;
  }

  bool erase(const Key& key) {
    const auto at = index_.find(key);
    if (at == index_.end()) return false;
    drop(at->second);
    index_.erase(at);
    return true;
  }

  // Of the tenant that has most. Linear in tenants.
  std::optional<std::pair<Key, Value>> pop_oldest() {
    if (order_.empty()) return std::nullopt;
    const Place place = largest().order.back();
    std::pair<Key, Value> oldest(*place->key, std::move(place->value));
    drop(place);
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
  static constexpr std::size_t kUnweighed = 1;

  struct Node;
  using Place = typename std::list<Node>::iterator;
  struct Node {
    const Key* key;  // lives in index_, whose nodes never move
    Tenant tenant;
    Value value{};
    std::size_t weight = kUnweighed;
    std::uint64_t used = 0;  // grows with each use of any entry
    typename std::list<Place>::iterator own{};
  };
  struct Share {  // of one tenant that has entries
    std::size_t weight = 0;
    std::list<Place> order;  // newest first
  };

  void use(Place place) {
    order_.splice(order_.begin(), order_, place);
    std::list<Place>& own = shares_.at(place->tenant).order;
    own.splice(own.begin(), own, place->own);
    place->used = ++uses_;
  }

  void drop(Place place) {
    const auto share = shares_.find(place->tenant);
    share->second.weight -= place->weight;
    share->second.order.erase(place->own);
    if (share->second.order.empty()) shares_.erase(share);
    order_.erase(place);
  }

  // Of several that have as much, the one whose oldest entry is the oldest.
  Share& largest() {
    const auto rank = [this](const Share& share) {
      const std::uint64_t age = uses_ - share.order.back()->used;
      return std::make_tuple(age > 0, share.weight, age);
    };
    const auto less = [&rank](const auto& a, const auto& b) {
      return rank(a.second) < rank(b.second);
    };
    return std::max_element(shares_.begin(), shares_.end(), less)->second;
  }

  std::list<Node> order_;  // newest first
  std::unordered_map<Key, Place, Hash> index_;
  std::unordered_map<Tenant, Share> shares_;
  std::uint64_t uses_ = 0;
};

}  // namespace keep
