// Content of Responses items -> content of chat messages.
//
// What llama-server cannot take (files, parts it does not know) becomes a text that says so:
// refusing it would end the conversation for good, since it is sent again with every turn.
#pragma once

#include "base/json/json.hpp"
#include "base/result.hpp"
#include "openai/json_text.hpp"

#include <string>
#include <string_view>

namespace keep::openai::responses {

// Writes the value of `content`: a string as it came, else an array of parts; null is "".
Result<> write_content(const json::Value& content, std::string_view where, json::Writer& out);

// Adds the text of a content, parts one after the other: a model wrote them as one text.
void append_text(const json::Value& content, JsonText& out);

}  // namespace keep::openai::responses
