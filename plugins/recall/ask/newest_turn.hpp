// NewestTurn: what the user has just said, what to search for because of it, and where the messages
// that go to the model begin. Pure.
//
// A turn and its query follow from the messages of a request and where they are on record, which is
// settled when on_request is over: found once, they hold for all attempts. first_sent() follows
// from the plan of the clear zone and holds for one attempt.
#pragma once

#include "exchange/exchange.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace keep::recall {

// All that was said since the last answer.
struct Turn {
  std::size_t index = 0;            // of chat.messages: where it begins
  Position position = kNoPosition;  // of that message; kNoPosition: it is not on record
};

// What a turn is searched with.
struct Query {
  std::string text;                    // what the user says in the turn, see ends_of()
  std::vector<std::string> questions;  // see questions_of()
  bool is_question = false;            // see asks()
};

// Empty unless the request ends in what the user says: one that goes on after a tool's result has
// had its turn before.
std::optional<Turn> newest_turn(const Exchange& exchange);
// Reads all that the user says in this turn and the one before, so that it is done off the loop for
// a large request.
Query query_of(const Exchange& exchange, const Turn& turn);
// What the user said in the turn before.
std::string text_before(const Exchange& exchange, const Turn& turn);
// What is longer than can be asked for: its beginning and its end, without what is between them.
inline constexpr std::size_t kMaxAsked = 256 << 10;
std::string ends_of(std::string text);
// Position of the first message of the clear zone that is on record; kNoPosition: there is none.
Position first_sent(const Exchange& exchange);

}  // namespace keep::recall
