// The members of a body that a dialect translates, found in one pass; and how a translation ends.
// Pure.
#pragma once

#include "base/json/json.hpp"
#include "base/result.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace keep::openai {

using Names = std::span<const std::string_view>;

// The place of its key in `names`; names.size(): it is not there.
inline std::size_t place_in(Names names, const json::Member& member) noexcept {
  const auto same = [&](std::string_view name) { return member.key_is(name); };
  return static_cast<std::size_t>(std::ranges::find_if(names, same) - names.begin());
}
inline bool is_in(Names names, const json::Member& member) noexcept {
  return place_in(names, member) < names.size();
}

// Says what is wrong, and where, in the words of the dialect.
using MakeFault = Error (*)(std::string_view where, std::string_view what);

// By the places of `names`; missing: it was not given. Refused: what is no object, a name that
// appears twice, and more members than a request may have.
Result<std::vector<json::Value>> read_known(const json::Value& root, Names names, MakeFault fault);

// The text of a translation, with room for the parser's padding: it is parsed again.
std::string take_body(json::Writer& out);

}  // namespace keep::openai
