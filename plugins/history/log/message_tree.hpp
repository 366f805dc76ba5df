// MessageTree: what is known of every message of a conversation but its text. Pure; in memory only.
//
// 33 bytes per message whose parent is the one before it, about 60 more where a branch begins. One
// struct per message rather than an array per field: info() reads one cache line.
#pragma once

#include "exchange/interfaces/conversations.hpp"
#include "plugins/history/log/message_meta.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <vector>

namespace keep::history {

class MessageTree {
 public:
  void add(const MessageRow& row);  // its parent is there already
  void remove_last();               // that was added
  // Messages that nothing is known of, up to before `until`.
  void add_lost(Position until);
  // Totals as if these had been added. The lost ones count, but which of them had what is not
  // known.
  void set_totals(std::uint64_t tokens, std::uint64_t turns) noexcept;

  std::size_t size() const noexcept { return messages_.size(); }
  std::uint64_t tokens() const noexcept { return tokens_; }
  std::uint64_t turns() const noexcept { return turns_; }

  // These four as in ConversationLog.
  MessageInfo info(Position position) const;
  std::optional<Position> child(Position parent, std::uint64_t hash) const;
  std::optional<Position> last_with(std::uint64_t hash) const;
  Path path_to(Position tip) const;

  std::uint64_t memory_bytes() const noexcept;

 private:
  struct Message {
    std::uint64_t hash;
    std::int64_t time;
    std::uint64_t token_position : 56;
    std::uint64_t role : 7;
    std::uint64_t branches : 1;  // its parent is in branches_
    std::uint32_t tokens;
    std::uint32_t turn;
  };
  static_assert(sizeof(Message) == 32);
  struct Branch {
    Position position, parent;
  };

  static std::uint64_t child_key(Position parent, std::uint64_t hash) noexcept;
  Position parent_of(Position position) const;
  const Branch* branch_at(Position position) const;  // the last one up to there

  std::deque<Message> messages_;  // never copied to grow, which would take twice the memory
  std::vector<Branch> branches_;  // in rising order
  // By parent and hash: a message may have any number of children.
  std::unordered_multimap<std::uint64_t, Position> branches_of_;
  std::uint64_t tokens_ = 0, turns_ = 0;
};

}  // namespace keep::history
