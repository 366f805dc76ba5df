// The commands of a chat, lines that begin with a slash, and what the knowledge verb shares with
// them. Block.
#pragma once

#include "app/client/chat_client.hpp"
#include "app/client/chat_session.hpp"
#include "base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace keep {

// Words of a line; "two words" in double quotes are one. At most `limit`: the last one is all that
// is left.
std::vector<std::string> split_words(std::string_view line, std::size_t limit);

// Each gives the text to show.
Result<std::string> list_topics(ChatClient& client);
struct ToStore {
  std::string topic, key, value, source;
};
Result<std::string> store_fact(ChatClient& client, const ToStore& fact);
Result<std::string> search_facts(ChatClient& client, const std::string& query,
                                 const std::string& topic = "");

// Of everything but /quit.
Result<std::string> run_command(const std::string& line, ChatClient& client,
                                const ChatSession& session);
bool is_command(std::string_view line) noexcept;
bool is_quit(std::string_view line) noexcept;

}  // namespace keep
