// Phrases: what the detector looks for, as one automaton for all of them (Aho-Corasick).
// Immutable once compiled, shared by any number of threads.
#pragma once

#include "base/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace keep::hedge {

// A state stands for the longest end of the folded text that a phrase begins with. In it, every
// phrase begins with the blank before its first word, so that it cannot begin inside a word.
struct Phrases {
  using State = std::uint32_t;
  static constexpr State kInside = 0;  // inside a word that no phrase has at that place
  static constexpr State kBlank = 1;   // behind a blank; a text begins so
  static constexpr std::uint32_t kNoPhrase = UINT32_MAX;

  State after_byte(State state, unsigned char byte) const noexcept {
    return next[state * classes + class_of[byte]];
  }
  State after_blank(State state) const noexcept { return next[state * classes]; }

  std::array<std::uint8_t, 256> class_of{};  // of a word's bytes; capitals as small letters
  std::size_t classes = 0;                   // 0: the blank; 1: bytes that no phrase has
  std::vector<State> next;                   // state * classes + class
  std::vector<std::uint32_t> phrase;         // of a state: the longest that ends there, kNoPhrase
  std::vector<std::uint8_t> words;           // of a state: how many words have begun in it
  std::vector<std::uint8_t> phrase_words;    // of a phrase: how many it has
};

inline constexpr std::size_t kMaxPhrases = 1000;
inline constexpr std::size_t kMaxPhraseBytes = 100;

// Fault::kBadRequest naming the phrase: empty, longer than kMaxPhraseBytes, without a letter, not
// UTF-8; or when there are more than kMaxPhrases. Of equal ones the first counts. A phrase may end
// inside a word: "if I recall" is found in "if I recalled".
Result<std::shared_ptr<const Phrases>> compile(const std::vector<std::string>& phrases);

// What English-speaking models say when a fact is not at hand.
const std::vector<std::string>& default_phrases();

}  // namespace keep::hedge
