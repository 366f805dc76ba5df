// Zone planner: where the clear zone begins. Pure, linear.
//
// The zone begins at an anchor, which stays as long as everything from there on fits: a prompt that
// keeps its beginning keeps its KV cache. When it no longer fits, the anchor jumps so far that the
// zone fills at most `low_water` of the budget, and many turns pass until the next jump.
//
// Cuts fall between turns. A turn is opened by the user (with system messages around) and runs to
// the next opening; it consists of rounds, each an assistant's message with the tool results that
// answer it. Only when the newest turn alone is too long does it lose its oldest rounds; its
// opening stays, and a tool call is never parted from its results.
#pragma once

#include "exchange/interfaces/conversations.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace keep::history {

using Tokens = std::int64_t;

struct Weight {  // of one message
  Role role = Role::kOther;
  Tokens tokens = 0;
};

// Messages [head_begin, head_end) and those from `first` on are in the zone.
struct Anchor {
  std::size_t head_begin = 0, head_end = 0, first = 0;
  bool keeps(std::size_t message) const noexcept {
    return message >= first || (message >= head_begin && message < head_end);
  }
  friend bool operator==(const Anchor&, const Anchor&) = default;
};

struct ZonePlan {
  enum class Verdict {
    kKept,
    kMoved,
    kTooLong,  // not even the opening of the newest turn and its last round fit
  };
  Verdict verdict = Verdict::kKept;
  Anchor anchor;
  Tokens tokens = 0;  // of the messages in the zone; when too long, what would have to fit
};

// `messages` without the leading system messages; `anchor` is the present one.
ZonePlan plan_zone(std::span<const Weight> messages, const Anchor& anchor, Tokens budget,
                   double low_water);

}  // namespace keep::history
