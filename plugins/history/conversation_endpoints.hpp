// The bodies of /v1/conversations/* and /v1/sessions/ID: reading requests, writing replies. Pure.
#pragma once

#include "base/result.hpp"
#include "plugins/history/summary.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace keep::history {

struct ListedConversation {
  Summary summary;
  std::size_t index_entries = 0;
};

struct ListStats {
  std::size_t running = 0;      // conversations that are being answered
  std::size_t max_threads = 0;  // slots
  std::size_t max_queue = 0;
  std::size_t max_tokens = 0;  // of one conversation
  std::uint64_t evictions = 0, hits = 0, misses = 0;
  std::uint64_t memory_bytes = 0;
};

// Clients of other servers read these names; `now` in seconds since 1970.
std::string list_body(std::span<const ListedConversation> conversations, const ListStats& stats,
                      std::int64_t now);
// The id in {"conversation_id": "..."}. Fault::kBadRequest with a text for the client.
Result<std::string> read_conversation_id(const std::string& body);

struct SessionState {
  std::string id;
  bool has_cache = false;           // its prompt was in a slot after the last answer
  std::int64_t context_length = 0;  // tokens of that prompt and answer
  std::uint64_t messages = 0;
  std::int64_t window = 0;
};
std::string session_body(const SessionState& state);

}  // namespace keep::history
