// QuestionWords: how a passage holds the words of a question. Pure.
#pragma once

#include "search/vocabulary.hpp"

#include <cstddef>
#include <string_view>

namespace keep::recall {

class QuestionWords {
 public:
  explicit QuestionWords(std::string_view question);

  // The different words that tell something, in any form.
  std::size_t size() const noexcept { return vocabulary_.size(); }

  struct Match {
    std::size_t words = 0;  // of the question, in the passage
    std::size_t span = 0;   // words of the passage, in the shortest part that has all of these
  };
  // Linear.
  Match find_in(std::string_view passage) const;
  // Whether the passage alone has all words, and these are at least two.
  bool all_in(const Match& match) const noexcept {
    return match.words > 1 && match.words == size();
  }

 private:
  search::Vocabulary vocabulary_;
};

}  // namespace keep::recall
