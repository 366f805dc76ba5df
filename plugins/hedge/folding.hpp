// Folding: text to the form in which phrases are compared. Pure, one thread at a time.
//
// What is between two words counts as one blank, whatever it is and however much: "I'm not sure,
// but" is "i'm not sure but". Only more than kMaxBlanks characters come between no two words of a
// phrase. An apostrophe inside a word counts for nothing: "don't" is "dont".
#pragma once

#include "plugins/hedge/characters.hpp"

namespace keep::hedge {

class Folding {
 public:
  static constexpr unsigned kMaxBlanks = 8;

  enum class Step : std::uint8_t {
    kNothing,
    kWordBegins,  // with this byte
    kWord,
    kBlank,
    kBreak,  // no phrase goes on here
  };
  // What a character adds to the folded text; of a word, what one byte adds.
  Step take(Kind kind) noexcept {
    if (kind == Kind::kWord) return take_word();
    if (kind == Kind::kApostrophe && in_word_ && !apostrophe_) {
      apostrophe_ = true;
      return Step::kNothing;
    }
    return take_blank();
  }

  // As at the begin of a text.
  void break_off() noexcept { *this = Folding(); }

  bool in_word() const noexcept { return in_word_; }

 private:
  Step take_word() noexcept {
    apostrophe_ = false;
    if (in_word_) return Step::kWord;
    in_word_ = true;
    blanks_ = 0;
    return Step::kWordBegins;
  }
  Step take_blank() noexcept {
    in_word_ = apostrophe_ = false;
    if (blanks_ > kMaxBlanks) return Step::kNothing;
    ++blanks_;
    if (blanks_ == 1) return Step::kBlank;
    return blanks_ > kMaxBlanks ? Step::kBreak : Step::kNothing;
  }

  bool in_word_ = false;
  bool apostrophe_ = false;  // the last character of the word so far
  unsigned blanks_ = 0;      // since the last word
};

}  // namespace keep::hedge
