// Speakers: who speaks in an index, and whom a question is about.
//
// At most 255 names; passages of further ones have no speaker. One thread at a time.
#pragma once

#include "plugins/recall/temporal.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace keep::recall {

using SpeakerId = std::uint8_t;
inline constexpr SpeakerId kNoSpeaker = 255;

// The name of a part in a chat ("user") rather than a person's: it is no word of the passage.
bool is_role(std::string_view speaker) noexcept;

class Speakers {
 public:
  SpeakerId add(std::string_view name);

  // The one speaker that the question is about, kNoSpeaker when there is none or more than one. A
  // person is named ("Caroline", "Mel" for Melanie); of user and assistant it is asked what "I" or
  // "you" said, did or have.
  SpeakerId asked_about(const PlainWords& question) const;

  std::size_t memory_bytes() const noexcept;

 private:
  std::vector<std::string> names_;
};

}  // namespace keep::recall
