// Speakers: who speaks in an index, where, and whom a question is about.
//
// At most 255 names; passages of further ones have no speaker. One thread at a time.
#pragma once

#include "text/temporal.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace keep::search {

using SpeakerId = std::uint8_t;
inline constexpr SpeakerId kNoSpeaker = 255;

// The name of a part in a chat ("user") rather than a person's: it is no word of the passage.
bool is_role(std::string_view speaker) noexcept;

class Speakers {
 public:
  // Sections come in rising order.
  SpeakerId add(std::string_view name, std::uint32_t section);

  // The one speaker that the question is about, kNoSpeaker when there is none or more than one. A
  // person is named ("Caroline", "Mel" for Melanie); of user and assistant it is asked what "I" or
  // "you" said, did or have.
  SpeakerId asked_about(const text::PlainWords& question) const;

  // The sections in which a person speaks whom the question names, in rising order; as many times
  // as there are such persons. Of roles none: they speak everywhere.
  std::vector<std::uint32_t> sections_of_named(const text::PlainWords& question) const;

  std::size_t memory_bytes() const noexcept;

 private:
  struct Speaker {
    std::string name;
    std::vector<std::uint32_t> sections;  // of a person
  };
  std::vector<Speaker> speakers_;
};

}  // namespace keep::search
