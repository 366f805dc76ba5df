#include "plugins/recall/choose/ranking.hpp"

#include "plugins/recall/ask/question_words.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

namespace keep::recall {

namespace {

using Match = QuestionWords::Match;

// Words in one place: about two sentences.
constexpr std::size_t kClose = 40;
// What each doubling of that costs. Neither shows in dialogues, where turns are short.
constexpr float kScattered = 0.3F;
constexpr float kLeastShare = 0.3F;

bool ends_asking(std::string_view text) noexcept {
  const std::size_t last = text.find_last_not_of(" \t\r\n");
  return last != text.npos && text[last] == '?';
}

float closeness(std::size_t span) noexcept {
  if (span <= kClose) return 1;
  const float doublings = std::log2(static_cast<float>(span) / static_cast<float>(kClose));
  return std::max(kLeastShare, 1 - kScattered * doublings);
}

// A larger share of the words of its question; or as large, and closer together.
bool fits_better(const Match& a, std::size_t words_a, const Match& b, std::size_t words_b) {
  const std::size_t share_a = a.words * words_b, share_b = b.words * words_a;
  return share_a != share_b ? share_a > share_b : a.span < b.span;
}

Ranked rank(Found found, const std::vector<QuestionWords>& questions) {
  Ranked ranked;
  Match best;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const Match match = questions[i].find_in(found.text);
    if (i > 0 &&
        !fits_better(match, questions[i].size(), best, questions[ranked.question].size())) {
      continue;
    }
    best = match;
    ranked.question = i;
    ranked.whole = questions[i].all_in(match) && match.span <= kClose && !ends_asking(found.text);
  }
  ranked.score = found.relevance * closeness(best.span);
  ranked.found = std::move(found);
  return ranked;
}

bool better(const Ranked& a, const Ranked& b) {
  if (a.whole != b.whole) return a.whole;
  return a.score + a.found.bonus > b.score + b.found.bonus;
}

}  // namespace

std::vector<Ranked> rank_passages(std::vector<Found> found,
                                  std::span<const std::string> questions) {
  const std::vector<QuestionWords> words(questions.begin(), questions.end());
  std::vector<std::vector<Ranked>> lists(std::max<std::size_t>(questions.size(), 1));
  for (Found& one : found) {
    Ranked ranked = rank(std::move(one), words);
    lists[ranked.question].push_back(std::move(ranked));
  }
  for (auto& list : lists) std::ranges::stable_sort(list, better);
  std::vector<Ranked> ranked;
  for (std::size_t at = 0; ranked.size() < found.size(); ++at) {
    for (auto& list : lists) {
      if (at < list.size()) ranked.push_back(std::move(list[at]));
    }
  }
  return ranked;
}

}  // namespace keep::recall
