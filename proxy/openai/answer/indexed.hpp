// Indexed: things that come in pieces, each of which names its thing by a number; in the order in
// which they first came. Finding one takes the same time however many there are: how many is for
// upstream to say. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace keep::openai {

// An Item has a member `index`.
template <class Item>
class Indexed {
 public:
  // Added where it is new. Valid until the next one is added.
  Item& at(std::int64_t index) {
    if (!items_.empty() && items_.back().index == index) return items_.back();
    const auto [place, added] = places_.try_emplace(index, items_.size());
    if (added) items_.emplace_back().index = index;
    return items_[place->second];
  }

  bool empty() const noexcept { return items_.empty(); }
  std::size_t size() const noexcept { return items_.size(); }
  auto begin() const noexcept { return items_.begin(); }
  auto end() const noexcept { return items_.end(); }

 private:
  std::vector<Item> items_;
  std::unordered_map<std::int64_t, std::size_t> places_;
};

}  // namespace keep::openai
