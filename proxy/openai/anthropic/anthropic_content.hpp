// Anthropic's content blocks -> parts of a chat message's content.
//
// What llama-server cannot take (PDF, files, blocks it does not know) becomes a text that says so:
// refusing it would end the conversation for good, since it is sent again with every turn.
#pragma once

#include "base/json/json.hpp"
#include "base/result.hpp"

#include <string>
#include <string_view>

namespace keep::openai::anthropic {

// The fault of a body, with the place in it: "messages[3].content[0].text must be a string".
Error bad_request(std::string_view where, std::string_view what);
std::string element_of(std::string_view where, std::size_t index);  // where[index]

// The type of a block, "text" for one that has none.
std::string_view type_of(const json::Value& block) noexcept;

// Appends one part (or several) to the array being written.
Result<> append_parts(const json::Value& block, std::string_view where, json::Writer& out);

// A text part of plain text.
void append_text_part(std::string_view text, json::Writer& out);

}  // namespace keep::openai::anthropic
