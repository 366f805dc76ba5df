// Detector: finds phrases in a text that comes in pieces. Pure, one thread at a time; O(1) a byte,
// no allocation.
//
// Only the answer's own prose is looked at (markup.hpp), folded (folding.hpp). A phrase begins
// where a word begins.
#pragma once

#include "plugins/hedge/folding.hpp"
#include "plugins/hedge/markup.hpp"
#include "plugins/hedge/phrases.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace keep::hedge {

class Detector {
 public:
  static constexpr std::size_t kNone = std::string::npos;

  explicit Detector(std::shared_ptr<const Phrases> phrases) noexcept
      : phrases_(std::move(phrases)) {}

  struct Hit {
    std::size_t begin;   // byte of the text where the phrase begins
    std::size_t end;     // byte behind it; what follows has not been read
    std::size_t phrase;  // index in the list; of several that end here, the longest
  };
  // The next piece of the text, cut anywhere, also inside a character. The first hit in it, if any:
  // the piece is then read up to hit.end only. To go on behind a hit, feed what follows it. Text
  // before hit.begin that had to be held back is free.
  std::optional<Hit> feed(std::string_view piece) noexcept;

  // First byte that may still become part of a phrase, whatever follows; kNone: there is none.
  // Nothing else needs to be held back. After a hit there is none.
  std::size_t pending_from() const noexcept;

  // As if `text_so_far` had been all the text, with nothing found or begun in it.
  void restart(std::string_view text_so_far) noexcept;

 private:
  void read(unsigned char byte) noexcept;
  void take(Kind kind, unsigned char byte, std::size_t begin) noexcept;
  void take_lead_as_word() noexcept;
  std::size_t begin_of_state() const noexcept;
  std::size_t begin_of_last(std::size_t words) const noexcept;

  static constexpr std::size_t kMaxWords = 64;
  static_assert(kMaxWords > kMaxPhraseBytes / 2, "a phrase has fewer words than that");

  std::shared_ptr<const Phrases> phrases_;
  Markup markup_;
  Folding folding_;
  Phrases::State state_ = Phrases::kBlank;
  std::size_t size_ = 0;                         // bytes of the text so far
  std::size_t words_ = 0;                        // of the prose so far
  std::array<std::size_t, kMaxWords> begins_{};  // of the last words; word modulo kMaxWords
  std::array<unsigned char, 2> lead_{};          // bytes of a character that is not complete
  std::size_t lead_size_ = 0;
};

}  // namespace keep::hedge
