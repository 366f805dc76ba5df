// References: {"type":"item_reference","id":...} in the input of a response stands for an item that
// was given out before. Pure.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace keep::openai::responses {

// Puts what `find` knows by id (JSON; empty: nothing) in the place of references. Other bytes
// stay. Does nothing to a body that is no valid JSON. A body without
// the word costs one search for it. Fault::kTooLarge: it would become longer than `max_bytes`.
Result<> resolve_references(std::string& body,
                            const std::function<std::string_view(std::string_view id)>& find,
                            std::size_t max_bytes);

}  // namespace keep::openai::responses
