// What a request asks, and where the messages that go to the model begin. Pure.
#pragma once

#include "exchange/exchange.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace keep::recall {

// Where the newest turn begins, if the request ends in what the user says: a request that goes on
// after a tool's result has had its turn before.
std::optional<std::size_t> newest_turn(const Exchange& exchange);
// What the user says in messages `begin` to `end`.
std::string user_text(const Exchange& exchange, std::size_t begin, std::size_t end);
// What the user said in the turn before.
std::string text_before(const Exchange& exchange, std::size_t turn);
// What is longer than can be asked for: its beginning and its end, without what is between them.
inline constexpr std::size_t kMaxAsked = 256 << 10;
std::string ends_of(std::string text);
Position first_sent(const Exchange& exchange);

}  // namespace keep::recall
