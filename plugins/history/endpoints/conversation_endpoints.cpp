#include "plugins/history/endpoints/conversation_endpoints.hpp"

#include "base/json/json.hpp"
#include "base/text/url.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace keep::history {

namespace {

constexpr std::size_t kMaxBodyBytes = 64 << 10;  // it is read on the loop

void write_conversation(json::Writer& out, const ListedConversation& c, std::int64_t now) {
  out.begin_object().member("conversation_id", c.summary.name.id);
  out.member("tokens", c.summary.tokens).member("turns", c.summary.turns);
  out.member("index_entries", c.index_entries);
  out.member("idle_seconds", std::max<std::int64_t>(0, now - c.summary.last_used));
  out.member("messages", c.summary.messages).member("disk_bytes", c.summary.disk_bytes);
  out.member("created", c.summary.created).end_object();
}

Error bad_request(std::string detail) {
  return Error(Fault::kBadRequest, Side::kDownstream, std::move(detail));
}

Result<std::uint64_t> read_count(std::string_view name, std::string_view text, std::uint64_t max) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (whole && value <= max) return value;
  return bad_request("'" + std::string(name) + "' must be a number from 0 to " +
                     std::to_string(max));
}

Result<> read_field(std::string_view field, PageQuery& query) {
  const std::size_t equals = std::min(field.find('='), field.size());
  const std::string_view name = field.substr(0, equals);
  const std::string_view value = field.substr(std::min(equals + 1, field.size()));
  if (name == "from") {
    const auto from = read_count(name, value, kNoPosition - 1);
    if (!from) return from.error();
    query.from = static_cast<Position>(*from);
  } else if (name == "limit") {
    const auto limit = read_count(name, value, PageQuery::kMaxLimit);
    if (!limit) return limit.error();
    query.limit = std::max<std::size_t>(1, *limit);
  }
  return {};
}

void write_message(json::Writer& out, const StoredMessage& message) {
  const MessageInfo& info = message.info;
  out.begin_object().member("position", info.position).key("parent");
  if (info.parent == kNoPosition) {
    out.null();
  } else {
    out.integer(info.parent);
  }
  out.member("role", to_string(info.role)).member("turn", info.turn);
  out.member("tokens", info.tokens).member("token_position", info.token_position);
  out.member("time", info.time).member_raw("message", message.json).end_object();
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
  if (body.size() > kMaxBodyBytes) {
    return bad_request("the body must be at most " + std::to_string(kMaxBodyBytes) + " bytes");
  }
  const auto root = json::validate(body);
  if (!root) return root.error();
  auto id = root->find("conversation_id").string();
  if (id && !id->empty()) return *std::move(id);
  return bad_request("'conversation_id' must be a string that is not empty");
}

Result<PageQuery> read_page_query(std::string_view target) {
  PageQuery query;
  target.remove_prefix(kConversations.size());
  const std::size_t mark = std::min(target.find('?'), target.size());
  auto id = url::percent_decode(target.substr(0, mark));
  if (!id || id->empty()) return bad_request("the path must end in the id of a conversation");
  query.id = *std::move(id);
  for (std::size_t at = mark + 1; at < target.size();) {
    const std::size_t end = std::min(target.find('&', at), target.size());
    const auto read = read_field(target.substr(at, end - at), query);
    if (!read) return read.error();
    at = end + 1;
  }
  return query;
}

std::string page_body(const Page& page) {
  json::Writer out;
  out.begin_object().key("messages").begin_array();
  for (const StoredMessage& message : page.messages) write_message(out, message);
  out.end_array().key("next");
  if (page.next == kNoPosition) {
    out.null();
  } else {
    out.integer(page.next);
  }
  return out.end_object().take();
}

std::string session_body(const SessionState& state) {
  json::Writer out;
  out.begin_object().member("session_id", state.id).member("has_cache", state.has_cache);
  out.member("context_length", state.context_length).member("is_prefilled", state.has_cache);
  out.member("message_count", state.messages).member("max_context", state.window);
  return out.end_object().take();
}

}  // namespace keep::history
