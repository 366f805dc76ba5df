// Several messages as one, as JSON. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace keep::openai {

// The first message with the contents and the tool calls of all, and under another role unless
// `role` is empty. Texts stay a text, with an empty line between; one with parts makes all parts.
std::string join_messages(std::span<const std::string_view> messages, std::string_view role);

}  // namespace keep::openai
