// ClearZone: which messages of a request go to the model, and where they stand in what is stored.
//
// The rest of the conversation is its fog zone: stored, searched, not sent. Written by history: the
// positions in on_request, the plan in on_route (anew for each attempt).
#pragma once

#include "exchange/interfaces/conversations.hpp"
#include "exchange/interfaces/upstreams.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace keep {

struct ClearZone {
  bool stored = false;  // the conversation is on record: there is a past to search
  // Position of every message after the leading system messages; kNoPosition: not on record.
  std::vector<Position> positions;
  Path path;             // from the beginning of the conversation to the last message on record
  std::size_t lead = 0;  // leading system messages: they always go
  std::int64_t path_tokens = 0;  // on that way

  bool planned = false;   // what follows holds
  bool moved = false;     // the zone begins later than in the request before
  std::size_t first = 0;  // of chat.messages: this one and all later ones go
  // A turn that is itself too long loses its oldest rounds; the messages that opened it stay.
  std::size_t head_begin = 0, head_end = 0;
  std::int64_t window = 0;          // tokens the model can see
  std::int64_t prompt_tokens = 0;   // what goes, counted or estimated, without new recalled text
  std::int64_t guessed_tokens = 0;  // the same by its bytes alone, see PromptEstimates
  std::int64_t fog_tokens = 0;      // on record and not sent; estimate
  std::int64_t recall_room = 0;     // tokens set aside for recalled text
  bool bare = false;                // it only fits without any recalled text
  // Of this conversation's texts, counted when it was cut; of any text until then.
  double tokens_per_byte = kTokensPerByte;

  std::int64_t estimate(std::size_t bytes) const noexcept {
    return static_cast<std::int64_t>(std::ceil(static_cast<double>(bytes) * tokens_per_byte));
  }

  bool keeps(std::size_t message) const noexcept {
    return !planned || message < lead || message >= first ||
           (message >= head_begin && message < head_end);
  }
  Position position_of(std::size_t message) const noexcept {
    const std::size_t at = message - lead;
    return message < lead || at >= positions.size() ? kNoPosition : positions[at];
  }
};

// What stands before a message of this request because it was recalled in an earlier turn: the same
// bytes as then, or the prefix would break. Written by recall in on_request.
struct RecalledBefore {
  std::size_t message = 0;  // of chat.messages
  std::int64_t tokens = 0;
};

// What was recalled for this request. Written by recall.
struct Recalled {
  std::size_t passages = 0;
  std::size_t facts = 0;  // stored ones, which stand beside the passages
  std::size_t mid = 0;    // of both together, in the middle of the answer
  std::int64_t tokens = 0;
};

// Upstream said that the prompt is too long. Written by the core.
struct Overflow {
  std::int64_t prompt_tokens = 0, window = 0;
};

}  // namespace keep
