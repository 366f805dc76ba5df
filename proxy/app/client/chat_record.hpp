// What a running llama-keep has on record, fetched and made readable.
#pragma once

#include "app/client/chat_client.hpp"
#include "base/result.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace keep {

// Entries of GET /v1/conversations/ID in the order of their positions, page by page.
using OnEntry = std::function<void(std::string_view)>;
Result<> for_each_message(ChatClient& client, const std::string& id, const OnEntry& on_entry);

// An entry as one line of JSON: line breaks that the client's JSON had between its tokens become
// spaces.
std::string exported_message(std::string_view entry);
// A line that says who spoke when, and the text.
std::string readable_message(std::string_view entry);
// The text of a message: its content, or the texts among its parts, and calls of tools by name.
std::string text_of(std::string_view message);
// The body of /v1/conversations/list, the last used first.
Result<std::string> conversations_table(const std::string& body);

}  // namespace keep
