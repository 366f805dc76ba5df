#include "plugins/history/conversation_endpoints.hpp"

#include "base/json.hpp"

#include <algorithm>

namespace keep::history {

namespace {

void write_conversation(json::Writer& out, const ListedConversation& c, std::int64_t now) {
  out.begin_object().member("conversation_id", c.summary.name.id);
  out.member("tokens", c.summary.tokens).member("turns", c.summary.turns);
  out.member("index_entries", c.index_entries);
  out.member("idle_seconds", std::max<std::int64_t>(0, now - c.summary.last_used));
  out.member("messages", c.summary.messages).member("disk_bytes", c.summary.disk_bytes);
  out.member("created", c.summary.created).end_object();
}

}  // namespace

std::string list_body(std::span<const ListedConversation> conversations, const ListStats& stats,
                      std::int64_t now) {
  json::Writer out;
  std::uint64_t tokens = 0, entries = 0;
  out.begin_object().key("conversations").begin_array();
  for (const ListedConversation& c : conversations) {
    write_conversation(out, c, now);
    tokens += c.summary.tokens;
    entries += c.index_entries;
  }
  out.end_array().key("stats").begin_object();
  out.member("active_conversations", stats.running);
  out.member("max_threads", stats.max_threads).member("max_queue", stats.max_queue);
  out.member("cache_size_per_conversation", stats.max_tokens);
  out.member("total_conversations", conversations.size());
  out.member("total_evictions", stats.evictions);
  out.member("cache_hits", stats.hits).member("cache_misses", stats.misses);
  out.member("active_tokens", tokens).member("active_index_entries", entries);
  out.member("active_memory_mb", static_cast<double>(stats.memory_bytes) / (1 << 20));
  return out.end_object().end_object().take();
}

Result<std::string> read_conversation_id(const std::string& body) {
  const auto root = json::validate(body);
  if (!root) return root.error();
  auto id = root->find("conversation_id").string();
  if (id && !id->empty()) return *std::move(id);
  return Error(Fault::kBadRequest, Side::kDownstream,
               "'conversation_id' must be a string that is not empty");
}

std::string session_body(const SessionState& state) {
  json::Writer out;
  out.begin_object().member("session_id", state.id).member("has_cache", state.has_cache);
  out.member("context_length", state.context_length).member("is_prefilled", state.has_cache);
  out.member("message_count", state.messages).member("max_context", state.window);
  return out.end_object().take();
}

}  // namespace keep::history
