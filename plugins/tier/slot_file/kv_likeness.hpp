// KvLikeness: whether rows of KV cache are those that a server would compute itself.
//
// The same tokens read again give the same numbers but for rounding: batches of another size are
// added up in another order. Another model, other positions or an adapter give quite others. So the
// distance of each part (the keys, or the values, of a layer) is compared with its length:
//
//   |a - b| <= 0.03 |a|
//
// Types that are no plain floats are compared byte by byte: half of them have to be equal. Pure.
#pragma once

#include "plugins/tier/slot_file/kv_layout.hpp"

#include <cstddef>
#include <string_view>

namespace keep::tier {

// Both of as many tokens, as SlotFile::rows gives them.
bool are_alike(const KvLayout& layout, std::size_t tokens, std::string_view a, std::string_view b);

}  // namespace keep::tier
