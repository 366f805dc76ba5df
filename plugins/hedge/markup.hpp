// Markup: which characters of an answer are its own prose. Pure, one thread at a time.
//
// Not prose are, in the Markdown that models write:
// - fenced code: from ~~~ at a line's begin, or from ``` anywhere if it is not closed on its line,
//   to a line with nothing but as many of the same characters or more
// - inline code: from a run of ` to one of the same length or to the line's end
// - quoted text: from " or a curly quote to its counterpart or to the line's end; a " right behind
//   a letter or digit (inches) begins none
// - lines that begin with >
// White space at a line's begin makes no difference.
#pragma once

#include "plugins/hedge/characters.hpp"

#include <cstddef>

namespace keep::hedge {

class Markup {
 public:
  // Takes the next character of the text. True: it is prose. False: it is not, or it is a mark
  // that something begins or ends with. `in_word`: the character before was prose, in a word.
  bool is_prose(Kind kind, bool in_word) noexcept {
    if (kind == Kind::kWord && place_ == Place::kProse && run_size_ == 0) {
      line_begins_ = false;
      return true;
    }
    return is_prose_elsewhere(kind, in_word);
  }

 private:
  enum class Place : std::uint8_t { kProse, kInlineCode, kFencedCode, kQuote, kQuotedLine };

  bool is_prose_elsewhere(Kind kind, bool in_word) noexcept;
  bool take_run(Kind kind) noexcept;
  void end_run() noexcept;
  bool end_line() noexcept;
  bool begins_other(Kind kind, bool line_begins, bool in_word) noexcept;

  static constexpr std::size_t kFence = 3;

  Place place_ = Place::kProse;
  bool line_begins_ = true;  // nothing but white space on this line so far
  // A run of ` or ~ that goes on, if its size is not 0.
  Kind run_ = Kind::kTick;
  bool run_begins_line_ = false;
  std::size_t run_size_ = 0;
  // What ends the place.
  Kind closing_ = Kind::kTick;
  std::size_t closing_size_ = 0;
  bool closes_ = false;  // this line of fenced code is the last, if nothing else is on it
};

}  // namespace keep::hedge
