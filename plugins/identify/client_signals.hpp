// Client signals: what clients say about which conversation a request belongs to. A table of header
// names and body fields, as data. Pure.
//
// The order of the table is the order of trust: our own names, headers of one client, headers that
// several clients use, fields of the body. The first one that carries a usable value wins. Missing,
// empty values and those that say nothing ("null", "{{...}}": a template that was not filled in)
// are skipped.
#pragma once

#include "base/json/json.hpp"
#include "exchange/http/http_message.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace keep::identify {

struct SignalRow {
  enum class Where {
    kHeader,
    kBody,    // dots lead into objects: "metadata.session_id"
    kUserId,  // metadata.user_id of Claude Code, which holds a session among other things
  };
  enum class Gives {
    kConversation,
    kAgent,   // tells the agents of one conversation apart
    kParent,  // who started this agent: never an identity, but tells agents apart, too
    kHint,    // counts only when it stays the same over several requests
    kTenant,  // names a person or an account: never a conversation
  };
  Where where;
  std::string_view name;
  std::string_view client;
  Gives gives;
};

std::span<const SignalRow> signal_table() noexcept;

struct Signal {
  std::string id;      // as sent, or its hash (see clean_id)
  std::string source;  // "header:x-session-id", "body:prompt_cache_key"
};

// The conversation's explicit id. `root` is the body, or what is left of it without its messages
// (one pass over its members, so that is the cheaper way). Missing root: headers only.
std::optional<Signal> find_signal(const Headers& headers, const json::Value& root);

// Hash of what tells agents of one conversation apart; 0 when nothing does.
std::uint64_t agent_signal(const Headers& headers);

// A header that names a conversation only if it comes again.
std::optional<Signal> find_hint(const Headers& headers);

// previous_response_id, the answer that a Responses request continues.
std::optional<std::string> previous_response(const json::Value& root);

// Ids are compared byte for byte and kept as sent, except that one that is longer than 256 bytes
// or holds control characters is replaced by "h-" and its hash. Empty when it says nothing.
std::optional<std::string> clean_id(std::string_view value);

// The session in metadata.user_id: {"device_id","account_uuid","session_id"} as a JSON string, or
// user_<hash>_account_<id>_session_<uuid>.
std::optional<std::string> session_of_user_id(const std::string& user_id);

}  // namespace keep::identify
