// Question: what to look for, from the newest turn. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace keep::recall {

// The questions of a turn: one for each sentence that ends in a question mark if there are several
// (at most kMaxQuestions). A single one among other sentences, and then the whole text, too: words
// around it that nobody has used must not make it less relevant. Else the whole text. A question
// that speaks of "it", "he" or "that" gets the names of `before`, what the user said in the turn
// before. Empty for an empty text.
inline constexpr std::size_t kMaxQuestions = 4;
std::vector<std::string> questions_of(std::string_view turn, std::string_view before);

// Whether the turn wants to know something, by its marks and first words. A statement is worth less
// of a search: what it resembles is seldom needed.
bool asks(std::string_view turn);

// The words of a turn, which may be as long as the window; read once for all that was found.
class TurnWords {
 public:
  TurnWords() = default;  // of a turn that says nothing
  explicit TurnWords(std::string_view turn);
  // Whether `passage` says more than the turn: a word of three letters or more that is not there.
  bool lack_some_of(std::string_view passage) const;

 private:
  std::unordered_set<std::string> words_;
};

// What the user wants to know, for who chooses among what was found. Lent for a call.
struct Wanted {
  bool is_question = false;  // asks() of the turn
  const TurnWords& said;
  std::span<const std::string> questions;
};

}  // namespace keep::recall
