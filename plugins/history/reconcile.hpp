// Reconcile: where the messages of a request stand in what is on record, and what of it is new.
//
// Clients send their whole history with each request. What matches the record from its beginning is
// known; what follows is new: the next turn, or a branch where an edit or a regenerate departs. A
// request that begins elsewhere comes from a client that has cut its history: if its beginning is
// on record it goes on from there, if not (a summary, say) it follows the newest message on record,
// so that what was cut stays in the fog zone. Linear in the messages of the request, unless the
// history was cut; runs in the conversation's turn.
//
// A turn that was decorated when it was asked and is told plain now is an edit like any other: both
// forms are kept, with the answer beside each, and the way leads past the plain one. At the opening
// that is a beginning of its own, not one that was cut.
//
// Leading system messages are instructions, not part of what was said: each is kept once, as a
// first message of its own, and the way through the conversation does not pass it.
#pragma once

#include "base/result.hpp"
#include "plugins/history/log/conversation_log.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace keep::history {

struct Incoming {
  Role role = Role::kOther;
  std::uint64_t hash = 0;    // 0: removed by hygiene, goes on no record
  std::uint32_t tokens = 0;  // estimate
  std::string_view json;
};

struct OnRecord {
  std::vector<Position> positions;  // of each message; kNoPosition: not on record
  std::size_t added = 0;
  Path path;                      // to the last one on record
  std::uint64_t path_tokens = 0;  // on that way
};

// With `store` the new messages are appended, with Write::kLater; without they stay off the record.
// `lead`: the leading system messages. Messages that would make the way longer than `max_tokens`
// are not appended: then there is no path, and `path_tokens` is how long it would have become.
inline constexpr std::uint64_t kAnyLength = std::numeric_limits<std::uint64_t>::max();
Result<OnRecord> reconcile(ConversationLog& log, std::span<const Incoming> lead,
                           std::span<const Incoming> messages, bool store, std::int64_t now,
                           std::uint64_t max_tokens = kAnyLength);

// The same in two steps, the first one of what is in memory alone: what is to be appended, and
// where the messages stand when that has been done and nothing else before.
struct Match {
  OnRecord on_record;
  std::vector<NewMessage> fresh;
};
Match match(const ConversationLog& log, std::span<const Incoming> lead,
            std::span<const Incoming> messages, bool store, std::int64_t now,
            std::uint64_t max_tokens = kAnyLength);
// Whether match() need not look at all that is on record.
bool begins_on_record(const ConversationLog& log, std::span<const Incoming> messages);

// Whether a message is one of those instructions.
bool is_instruction(const MessageInfo& info) noexcept;

}  // namespace keep::history
