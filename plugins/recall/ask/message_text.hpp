// Message text: what a stored message says, as text to search and to quote. Pure.
#pragma once

#include <string>
#include <string_view>

namespace keep::recall {

// Of a chat message or an item of the Responses API: its text parts, the names and arguments of the
// tools it calls, what a tool said. Pictures and the like are left out.
std::string message_text(std::string_view json);

}  // namespace keep::recall
