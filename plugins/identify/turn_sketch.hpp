// TurnSketch: the words of a turn as hashes, enough of them to tell whether another text stands in
// it. Pure.
//
// Clients decorate the newest turn of the user (documents, a reminder, the time of day) and send
// it plain in later requests. The plain text is then a piece of the decorated one. What is kept is
// hashes, because no text may outlive its request here, and only of both ends, because a turn may
// be a book: 256 bytes at most.
#pragma once

#include "openai/request/message.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace keep::identify {

struct TurnSketch {
  static constexpr std::size_t kHeadWords = 48;
  static constexpr std::size_t kTailWords = 80;

  // 15 bits of hash; the lowest: a line, a bracket, a colon or the end of a sentence comes before.
  std::vector<std::uint16_t> head, tail;  // no tail: the head is all of it
  std::uint32_t bytes = 0;                // of the whole text
  bool media = false;                     // pictures or the like were there, too

  bool whole() const noexcept { return tail.empty(); }
  friend bool operator==(const TurnSketch&, const TurnSketch&) = default;
};

// Instructions, reasoning and what hygiene removes are no part of what was said.
bool is_said(const openai::Message& message) noexcept;

// Of the texts of these messages, one after the other. Linear in their number and parts; of a text
// only the ends are read.
TurnSketch sketch_of(std::span<const openai::Message> turn);

// The same of each message alone; of no more than a turn has in earnest, else nothing.
std::vector<TurnSketch> sketch_each(std::span<const openai::Message> turn);

// Whether every message of `plain` says something and stands in `turn`: between two of those marks,
// or a few words long, so that it is not there by chance. Of a long one both ends have to be seen,
// unless there is room for what hides one of them. A picture may have become a text that
// stands in for it. False when it cannot be told.
bool retells(std::span<const TurnSketch> plain, const TurnSketch& turn);

}  // namespace keep::identify
