#include "plugins/recall/ask/question_words.hpp"

#include "text/words.hpp"

#include <algorithm>
#include <vector>

namespace keep::recall {

namespace {

struct Place {
  search::TermId term;
  std::size_t word;  // of the passage
};

// The shortest part of a passage that has each of `terms` different terms.
std::size_t shortest_span(const std::vector<Place>& places, std::size_t terms, std::size_t size) {
  std::vector<std::size_t> counts(size);
  std::size_t present = 0, begin = 0, shortest = 0;
  for (const Place& place : places) {
    if (counts[place.term]++ == 0) ++present;
    for (; counts[places[begin].term] > 1; ++begin) --counts[places[begin].term];
    if (present < terms) continue;
    const std::size_t span = place.word - places[begin].word + 1;
    shortest = shortest == 0 ? span : std::min(shortest, span);
  }
  return shortest;
}

}  // namespace

QuestionWords::QuestionWords(std::string_view question) {
  text::WordReader reader(question);
  for (auto word = reader.next(); !word.empty(); word = reader.next()) vocabulary_.add(word);
}

QuestionWords::Match QuestionWords::find_in(std::string_view passage) const {
  std::vector<Place> places;
  std::vector<bool> known(size());
  Match match;
  std::size_t at = 0;
  text::WordReader reader(passage);
  for (auto word = reader.next(); !word.empty(); word = reader.next(), ++at) {
    const search::TermId term = vocabulary_.find(word).id;
    if (term == search::kNoTerm) continue;
    places.push_back({term, at});
    if (!known[term]) ++match.words;
    known[term] = true;
  }
  match.span = shortest_span(places, match.words, size());
  return match;
}

}  // namespace keep::recall
