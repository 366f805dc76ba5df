// ChatSession: a conversation as its client keeps it: all of it goes with every turn. Blocks.
#pragma once

#include "app/client/chat_client.hpp"
#include "base/result.hpp"
#include "openai/event/event_info.hpp"

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace keep {

struct ChatSettings {
  std::string conversation;  // X-Conversation-Id
  std::string system;        // empty: none
  std::string model;         // empty: the server's own
  std::optional<std::int64_t> max_tokens;
  std::optional<double> temperature;
};

class ChatSession {
 public:
  ChatSession(ChatClient& client, ChatSettings settings);

  // Takes over what the server has on record of this conversation: how many messages.
  Result<std::size_t> resume();

  // Writes the answer as it comes. Of an answer that was interrupted, what came is kept; a question
  // without any answer is not.
  Result<> say(const std::string& text, std::ostream& out);

  const std::string& conversation() const noexcept { return settings_.conversation; }
  // A line for each figure, of the conversation and the last answer.
  std::string stats() const;

 private:
  std::string request_body() const;

  ChatClient& client_;
  ChatSettings settings_;
  std::vector<std::string> messages_;  // JSON, without the system prompt
  std::size_t turns_ = 0;              // here
  std::optional<openai::ServerTimings> timings_;
  std::optional<openai::Usage> usage_;
  Headers headers_;  // of the last answer
};

}  // namespace keep
