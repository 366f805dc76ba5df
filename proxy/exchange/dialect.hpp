// The dialect of a path: errors of /v1/messages and what is below have Anthropic's form, all others
// OpenAI's. Pure.
#pragma once

#include "exchange/local_reply.hpp"

#include <string_view>

namespace keep {

bool speaks_anthropic(std::string_view target) noexcept;
// to_reply(error) in the dialect of the path of `target`, which may be empty.
Reply to_reply(const Error& error, std::string_view target);

}  // namespace keep
