// Conversations: everything that was ever said, lent by the history plugin to those who search it.
//
// A conversation is a tree of messages: an edit or a regenerate makes a branch that shares what
// came before. Every message has a position (0, 1, 2 ... in the order of arrival) and a parent.
// Loop thread only; the reading itself happens elsewhere, so every call may suspend.
#pragma once

#include "base/result.hpp"
#include "exchange/conversation_name.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace keep {

using Position = std::uint32_t;
inline constexpr Position kNoPosition = std::numeric_limits<Position>::max();

enum class Role : std::uint8_t { kSystem, kUser, kAssistant, kTool, kOther };
std::string_view to_string(Role role) noexcept;
Role role_of(std::string_view name) noexcept;  // "developer" is kSystem, "function" is kTool

struct MessageInfo {
  Position position = kNoPosition;
  Position parent = kNoPosition;  // kNoPosition: the first of its conversation
  Role role = Role::kOther;
  std::uint32_t tokens = 0;          // of its text, counted or estimated when it was stored
  std::uint32_t turn = 0;            // user turns on the way to it, itself included
  std::uint64_t token_position = 0;  // tokens on the way to it, itself excluded
  std::uint64_t hash = 0;            // openai::Message::hash
  std::int64_t time = 0;             // seconds since 1970, UTC
};

// Positions `first` to `last`, both included, each the parent of the next.
struct Stretch {
  Position first = 0, last = 0;
};
// The way to a message, oldest first: stretches in rising order that do not overlap.
using Path = std::vector<Stretch>;
bool contains(std::span<const Stretch> path, Position position) noexcept;  // logarithmic

struct StoredMessage {
  MessageInfo info;
  std::string json;  // as the client sent it, byte for byte
};

// Whoever keeps something about conversations: told when one is no more, asked what it holds.
class ConversationObserver {
 public:
  virtual ~ConversationObserver() = default;
  virtual void forget(const ConversationName& name) = 0;
  // What stood from `end` on was taken back: other messages will get these positions.
  virtual void cut(const ConversationName&, [[maybe_unused]] Position end) {}
  virtual std::size_t index_entries(const ConversationName&) const { return 0; }
  virtual std::size_t memory_bytes() const { return 0; }  // for all conversations
};

// What is kept beside a conversation on disk, so that its prompt goes on over a restart: where its
// clear zone begins, and what was recalled into it.
enum class Sidecar : std::uint8_t { kZone, kRecalled };

class Conversations {
 public:
  virtual ~Conversations() = default;
  // Messages from `from` on in the order of their positions: as many as fit in `max_bytes`, at
  // least one while there is one. Empty: there is none. Fault::kNotFound for an unknown
  // conversation.
  virtual Task<std::vector<StoredMessage>> read(ConversationName name, Position from,
                                                std::size_t max_bytes) = 0;
  // A sidecar goes with its conversation. Small, and worth one prefill: one that is lost, or
  // damaged, reads as empty. Fault::kNotFound for an unknown conversation.
  virtual Task<std::string> read_sidecar(ConversationName name, Sidecar which) = 0;
  virtual Task<> write_sidecar(ConversationName name, Sidecar which, std::string text) = 0;
  virtual bool has(const ConversationName& name) const = 0;  // anything on record
  // `observer` must live as long as conversations may end.
  virtual void attach(ConversationObserver& observer) = 0;
};

}  // namespace keep
