// PassagePlace: where a passage was said. The places of an index rise with its passages. Pure.
#pragma once

#include "exchange/interfaces/conversations.hpp"
#include "search/scope.hpp"

#include <compare>
#include <cstdint>
#include <span>
#include <vector>

namespace keep::recall {

struct PassagePlace {
  Position message = 0;
  std::uint32_t part = 0;  // of the message, see split_passages()
  friend bool operator==(const PassagePlace&, const PassagePlace&) = default;
  friend std::strong_ordering operator<=>(const PassagePlace& a, const PassagePlace& b) noexcept {
    const std::strong_ordering messages = a.message <=> b.message;
    return std::is_neq(messages) ? messages : a.part <=> b.part;
  }
};

// The numbers of those passages whose messages are on `path` before `end`.
std::vector<search::PassageRange> ranges_of(std::span<const PassagePlace> places,
                                            std::span<const Stretch> path, Position end);

// Outside of what was said: no passages are made of it.
bool is_instruction(const MessageInfo& message) noexcept;

}  // namespace keep::recall
