#include "plugins/recall/ask/question.hpp"

#include "base/text/utf8.hpp"
#include "plugins/recall/ask/question_words.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <unordered_set>

namespace keep::recall {

namespace {

constexpr std::size_t kMaxNames = 8;
// A question with fewer words ("What do you think?") could be about anything.
constexpr std::size_t kTellingWords = 2;

bool is_word(char c) noexcept {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || !utf8::is_ascii(c);
}

// Words with the character before them.
template <class Visit>
void for_each_word(std::string_view text, Visit visit) {
  for (std::size_t at = 0; at < text.size();) {
    if (!is_word(text[at])) {
      ++at;
      continue;
    }
    const std::size_t begin = at;
    while (at < text.size() && is_word(text[at])) ++at;
    visit(begin, text.substr(begin, at - begin));
  }
}

std::string lower(std::string_view word) {
  std::string text(word);
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool is_reference(std::string_view word) {
  static constexpr std::array<std::string_view, 14> kReferences = {
      "it",   "its",  "he",    "him",  "his",  "she",   "her",
      "they", "them", "their", "that", "this", "those", "these"};
  return std::ranges::find(kReferences, lower(word)) != kReferences.end();
}

bool refers_back(std::string_view text) {
  bool refers = false;
  for_each_word(text,
                [&](std::size_t, std::string_view word) { refers = refers || is_reference(word); });
  return refers;
}

bool begins_sentence(std::string_view text, std::size_t at) {
  while (at > 0 && (text[at - 1] == ' ' || text[at - 1] == '\n')) --at;
  return at == 0 || text[at - 1] == '.' || text[at - 1] == '!' || text[at - 1] == '?';
}

// Capitalised inside a sentence, or with a digit or underscore in it.
bool is_name(std::string_view text, std::size_t at, std::string_view word) {
  const auto telling = [](unsigned char c) { return std::isdigit(c) != 0 || c == '_'; };
  if (std::ranges::any_of(word, telling)) return true;
  return std::isupper(static_cast<unsigned char>(word.front())) != 0 && word.size() > 1 &&
         !begins_sentence(text, at);
}

std::string names_of(std::string_view text) {
  std::string names;
  std::size_t count = 0;
  for_each_word(text, [&](std::size_t at, std::string_view word) {
    if (count == kMaxNames || !is_name(text, at, word)) return;
    names.append(" ").append(word);
    ++count;
  });
  return names;
}

std::vector<std::string_view> sentences_that_ask(std::string_view text) {
  std::vector<std::string_view> sentences;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool last = i + 1 == text.size() || text[i + 1] == ' ' || text[i + 1] == '\n';
    if ((c != '.' && c != '!' && c != '?') || !last) continue;
    if (c == '?') sentences.push_back(text.substr(begin, i + 1 - begin));
    begin = i + 1;
  }
  return sentences;
}

bool asks_with(std::string_view word) {
  static constexpr std::array<std::string_view, 16> kOpenings = {
      "what", "when", "where", "who",    "whose",  "which",  "why",  "how",
      "tell", "show", "list",  "remind", "recall", "repeat", "find", "summarize"};
  return std::ranges::find(kOpenings, lower(word)) != kOpenings.end();
}

}  // namespace

bool asks(std::string_view turn) {
  if (turn.find('?') != std::string_view::npos) return true;
  // Other scripts have marks of their own.
  if (turn.find("\uff1f") != std::string_view::npos ||
      turn.find("\u061f") != std::string_view::npos) {
    return true;
  }
  bool found = false;
  for_each_word(turn, [&](std::size_t at, std::string_view word) {
    found = found || (begins_sentence(turn, at) && asks_with(word));
  });
  return found;
}

TurnWords::TurnWords(std::string_view turn) {
  for_each_word(turn, [this](std::size_t, std::string_view word) { words_.insert(lower(word)); });
}

bool TurnWords::lack_some_of(std::string_view passage) const {
  constexpr std::size_t kTelling = 3;
  bool lack = false;
  for_each_word(passage, [&](std::size_t, std::string_view word) {
    lack = lack || (word.size() >= kTelling && !words_.contains(lower(word)));
  });
  return lack;
}

std::vector<std::string> questions_of(std::string_view turn, std::string_view before) {
  std::vector<std::string> questions;
  const auto sentences = sentences_that_ask(turn);
  const bool several = sentences.size() > 1 && sentences.size() <= kMaxQuestions;
  const bool one_that_tells =
      sentences.size() == 1 && QuestionWords(sentences.front()).size() >= kTellingWords;
  if (several || one_that_tells) questions.assign(sentences.begin(), sentences.end());
  // What stands around a question may say what it is about, or have nothing to do with it.
  const bool more = sentences.size() == 1 && sentences.front().size() < turn.size();
  if (!turn.empty() && (questions.empty() || more)) questions.emplace_back(turn);
  for (std::string& question : questions) {
    if (refers_back(question)) question += names_of(before);
  }
  return questions;
}

}  // namespace keep::recall
