// The dialect of a path: errors of /v1/messages and what is below have Anthropic's form, all others
// OpenAI's; completions have llama-server's own form on two paths. Pure.
#pragma once

#include "exchange/http/local_reply.hpp"

#include <string_view>

namespace keep {

bool speaks_anthropic(std::string_view target) noexcept;
// A completion in llama-server's own form, with more to say than OpenAI's.
bool speaks_native(std::string_view target);
// A text to be filled in between two others: generates, and is passed on unread.
bool speaks_infill(std::string_view target);
// to_reply(error) in the dialect of the path of `target`, which may be empty.
Reply to_reply(const Error& error, std::string_view target);

}  // namespace keep
