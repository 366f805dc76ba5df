// References: {"type":"item_reference","id":...} in the input of a response stands for an item that
// was given out before. Pure.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace keep::openai::responses {

struct Reference {
  std::size_t at = 0, size = 0;  // in the body
  std::string id;
};

// What goes in the place of a reference.
struct Swap {
  std::size_t at = 0, size = 0;
  std::string item;
};

using FindItem = std::function<std::string_view(std::string_view id)>;

// The three steps of resolve_references(), of which the first and the last pass over the body, and
// only the second asks for what is known.
std::vector<Reference> find_references(const std::string& body);
Result<std::vector<Swap>> look_up(const std::vector<Reference>& references, const FindItem& find,
                                  std::size_t max_bytes);
std::string with_items(const std::string& body, const std::vector<Swap>& swaps);

// Puts what `find` knows by id (JSON; empty: nothing) in the place of references. Other bytes
// stay. Does nothing to a body that is no valid JSON. A body without
// the word costs one search for it. Fault::kTooLarge: it would become longer than `max_bytes`.
Result<> resolve_references(std::string& body, const FindItem& find, std::size_t max_bytes);

}  // namespace keep::openai::responses
