// The bodies of /v1/conversations/* and /v1/sessions/ID: reading requests, writing replies. Pure.
#pragma once

#include "base/result.hpp"
#include "exchange/interfaces/conversations.hpp"
#include "plugins/history/store/summary.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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

// GET /v1/conversations/ID?from=POSITION&limit=N: the messages of a conversation, page by page.
struct PageQuery {
  static constexpr std::size_t kDefaultLimit = 100, kMaxLimit = 1000;
  std::string id;
  Position from = 0;
  std::size_t limit = kDefaultLimit;  // messages; a page of long ones may hold fewer
};
// `target` begins with kConversations. Fault::kBadRequest with a text for the client.
inline constexpr std::string_view kConversations = "/v1/conversations/";
Result<PageQuery> read_page_query(std::string_view target);

struct Page {
  std::vector<StoredMessage> messages;
  Position next = kNoPosition;  // where the next page begins; kNoPosition: this was the last
};
// {"messages":[{"position",..,"message":{as it was sent}}],"next":POSITION or null}
std::string page_body(const Page& page);

struct SessionState {
  std::string id;
  bool has_cache = false;           // its prompt was in a slot after the last answer
  std::int64_t context_length = 0;  // tokens of that prompt and answer
  std::uint64_t messages = 0;
  std::int64_t window = 0;
};
std::string session_body(const SessionState& state);

}  // namespace keep::history
