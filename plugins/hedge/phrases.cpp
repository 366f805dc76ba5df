#include "plugins/hedge/phrases.hpp"

#include "base/text/utf8.hpp"
#include "plugins/hedge/folding.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace keep::hedge {

namespace {

constexpr std::uint8_t kBlankClass = 0;
constexpr std::uint8_t kOtherClass = 1;

char small(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

Error bad(const std::string& what) {
  return Error(Fault::kBadRequest, Side::kInternal, "hedging phrases: " + what);
}

// Kind of the character at `at`, and its size in bytes; of a letter beyond ASCII the first byte's.
std::pair<Kind, std::size_t> character_at(std::string_view text, std::size_t at) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const Kind kind = kind_of(byte(0));
  if (kind != Kind::kLead) return {kind, 1};
  if (!is_second_byte(byte(1))) return {Kind::kWord, 1};
  return {general_punctuation(byte(1), byte(2)), 3};
}

// A blank, then the words with one blank between them.
std::string folded(std::string_view phrase) {
  std::string out;
  Folding folding;
  for (std::size_t at = 0; at < phrase.size();) {
    const auto [kind, size] = character_at(phrase, at);
    const Folding::Step step = folding.take(kind);
    if (step == Folding::Step::kWordBegins) out += ' ';
    if (step == Folding::Step::kWordBegins || step == Folding::Step::kWord)
      out += small(phrase[at]);
    at += size;
  }
  return out;
}

std::optional<std::string> fault_of(std::string_view phrase) {
  if (phrase.empty()) return "is empty";
  if (phrase.size() > kMaxPhraseBytes) {
    return "is longer than " + std::to_string(kMaxPhraseBytes) + " bytes";
  }
  if (!utf8::is_valid(phrase)) return "is not UTF-8";
  const std::string text = folded(phrase);
  const auto letter = [](char c) { return is_letter(static_cast<unsigned char>(c)); };
  if (std::none_of(text.begin(), text.end(), letter)) return "has no letter";
  return std::nullopt;
}

class Builder {
 public:
  explicit Builder(const std::vector<std::string>& texts) {
    built_.class_of.fill(kOtherClass);
    std::size_t classes = kOtherClass + 1;
    for (const std::string& text : texts) {
      for (const char c : text) {
        std::uint8_t& found = built_.class_of[static_cast<unsigned char>(c)];
        if (c != ' ' && found == kOtherClass) found = static_cast<std::uint8_t>(classes++);
      }
    }
    for (unsigned char c = 'A'; c <= 'Z'; ++c) built_.class_of[c] = built_.class_of[c | 0x20];
    built_.classes = classes;
    add_state(0);
    add_state(0);
    built_.next[kBlankClass] = Phrases::kBlank;
  }

  void add(std::string_view text) {
    const auto phrase = static_cast<std::uint32_t>(built_.phrase_words.size());
    State state = Phrases::kInside;
    for (const char c : text) {
      const std::size_t step =
          state * built_.classes +
          (c == ' ' ? kBlankClass : built_.class_of[static_cast<unsigned char>(c)]);
      if (built_.next[step] == 0) {
        const bool begins_word = c != ' ' && is_blank_[state];
        const State fresh = add_state(built_.words[state] + (begins_word ? 1 : 0));
        is_blank_[fresh] = c == ' ';
        built_.next[step] = fresh;
      }
      state = built_.next[step];
    }
    built_.phrase[state] = std::min(built_.phrase[state], phrase);
    built_.phrase_words.push_back(built_.words[state]);
  }

  // Where no phrase goes on, a state goes on as the longest shorter one that does.
  Phrases finish() {
    std::vector<State> shorter(built_.words.size(), Phrases::kInside);
    std::vector<State> queue = {Phrases::kInside};
    for (std::size_t done = 0; done < queue.size(); ++done) {
      const State state = queue[done];
      std::uint32_t& phrase = built_.phrase[state];
      if (phrase == Phrases::kNoPhrase) phrase = built_.phrase[shorter[state]];
      for (std::size_t c = 0; c < built_.classes; ++c) {
        State& next = built_.next[state * built_.classes + c];
        const State other = built_.next[shorter[state] * built_.classes + c];
        if (next == 0) {
          next = other;
        } else {
          if (state != Phrases::kInside) shorter[next] = other;
          queue.push_back(next);
        }
      }
    }
    return std::move(built_);
  }

 private:
  using State = Phrases::State;

  State add_state(int words) {
    built_.next.resize(built_.next.size() + built_.classes, 0);
    built_.words.push_back(static_cast<std::uint8_t>(words));
    built_.phrase.push_back(Phrases::kNoPhrase);
    is_blank_.push_back(built_.words.size() == Phrases::kBlank + 1);
    return static_cast<State>(built_.words.size() - 1);
  }

  Phrases built_;
  std::vector<bool> is_blank_;  // of a state: the last it took was a blank
};

}  // namespace

Result<std::shared_ptr<const Phrases>> compile(const std::vector<std::string>& phrases) {
  if (phrases.size() > kMaxPhrases) {
    return bad("more than " + std::to_string(kMaxPhrases));
  }
  std::vector<std::string> texts;
  texts.reserve(phrases.size());
  for (const std::string& phrase : phrases) {
    if (const auto fault = fault_of(phrase)) return bad("'" + phrase + "' " + *fault);
    texts.push_back(folded(phrase));
  }
  Builder builder(texts);
  for (const std::string& text : texts) builder.add(text);
  return std::make_shared<const Phrases>(builder.finish());
}

}  // namespace keep::hedge
