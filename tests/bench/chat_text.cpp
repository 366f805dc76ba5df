#include "tests/bench/chat_text.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <iterator>

namespace keep::bench {

namespace {

constexpr std::size_t kWords = 30'000;
constexpr std::size_t kFollowers = 4;  // of each word
constexpr double kFollows = 0.70;      // how often one of them comes
constexpr double kComesBack = 0.10;    // how often a word that was said a short while ago
constexpr std::size_t kRecent = 300;
constexpr double kTokensPerWord = 1.3;
constexpr std::size_t kSentenceWords = 14;

constexpr const char* kCommon[] = {
    "the",  "of",      "and",   "to",   "a",     "in",    "is",     "you",   "that",  "it",
    "for",  "I",       "on",    "with", "are",   "this",  "be",     "as",    "can",   "or",
    "your", "have",    "not",   "if",   "from",  "was",   "we",     "will",  "by",    "but",
    "what", "do",      "at",    "an",   "so",    "there", "which",  "when",  "would", "one",
    "all",  "they",    "more",  "how",  "about", "my",    "like",   "some",  "just",  "get",
    "use",  "up",      "out",   "time", "me",    "then",  "them",   "other", "than",  "into",
    "need", "make",    "could", "only", "also",  "any",   "should", "does",  "first", "want",
    "now",  "because", "it's",  "I'm",  "don't", "here",  "each",   "after", "same",  "where"};

// What people and models say all the time.
constexpr std::string_view kPhrases[] = {
    "Thank you so much for that!",
    "Let me know if you have any other questions.",
    "That makes a lot of sense.",
    "I was wondering whether you could help me with something.",
    "Here is one way to think about it:",
    "Could you tell me a bit more about that?",
    "Sure, I can help with that.",
    "It depends on what you want to do.",
    "There are a few things to keep in mind:",
    "What would you do if you were in my place?",
    "For example, you could start with a small one.",
    "Sounds good, I will give it a try and come back to you."};
constexpr std::uint64_t kPhraseEvery = 6;  // sentences

constexpr const char* kBegins[] = {"b", "br", "c",  "ch", "d", "f",  "g", "h",  "k", "l", "m",
                                   "n", "p",  "pr", "r",  "s", "st", "t", "tr", "v", "w", ""};
constexpr const char* kVowels[] = {"a", "e", "i", "o", "u", "ea", "ou", "ai", "io"};
constexpr const char* kEnds[] = {"n", "r", "t", "l", "s", "d", "", "", "", "", "", ""};
constexpr const char* kSuffixes[] = {"", "", "", "", "s", "ing", "ed", "ion", "er", "ly", "al"};

}  // namespace

ChatText::ChatText(std::uint64_t seed) : random_(seed) {
  make_words(kWords);
  double sum = 0;
  for (std::size_t i = 0; i < words_.size(); ++i) {
    sum += 1 / (static_cast<double>(i) + 2.7);
    shares_.push_back(sum);
  }
  for (std::size_t i = 0; i < kWords * kFollowers; ++i) {
    followers_.push_back(static_cast<std::uint16_t>(next_word()));
  }
}

// Not the standard distributions: those differ between libraries.
std::uint64_t ChatText::below(std::uint64_t limit) { return random_() % limit; }
double ChatText::share() { return static_cast<double>(random_() >> 11) * 0x1p-53; }

void ChatText::make_words(std::size_t count) {
  words_.assign(std::begin(kCommon), std::end(kCommon));
  const auto one_of = [this](const auto& list) { return list[below(std::size(list))]; };
  while (words_.size() < count) {
    // The more frequent, the shorter.
    const std::uint64_t most = words_.size() < 1500 ? 1 : words_.size() < 12'000 ? 2 : 3;
    std::string word;
    for (std::uint64_t syllables = most - below(2) * (most / 2); syllables > 0; --syllables) {
      word += one_of(kBegins);
      word += one_of(kVowels);
      word += one_of(kEnds);
    }
    if (most > 1) word += one_of(kSuffixes);
    if (below(12) == 0) word[0] = static_cast<char>(std::toupper(word[0]));  // a name
    words_.push_back(word);
  }
}

std::size_t ChatText::next_word() {
  const double at = share() * shares_.back();
  const auto word = std::lower_bound(shares_.begin(), shares_.end(), at) - shares_.begin();
  return std::min(static_cast<std::size_t>(word), words_.size() - 1);
}

void ChatText::add_word(std::string& text) {
  const double chance = share();
  if (chance < kFollows) {
    // The first of them most often.
    const std::size_t which = std::min({below(kFollowers), below(kFollowers), below(kFollowers)});
    last_ = followers_[last_ * kFollowers + which];
  } else if (chance < kFollows + kComesBack && !recent_.empty()) {
    last_ = recent_[below(recent_.size())];
  } else {
    last_ = next_word();
  }
  if (last_ >= std::size(kCommon)) recent_.push_back(last_);
  if (recent_.size() > kRecent) recent_.pop_front();
  text += words_[last_];
}

void ChatText::add_sentence(std::string& text, std::size_t words) {
  const std::size_t begin = text.size();
  for (std::size_t i = 0; i < words; ++i) {
    if (i > 0) text += below(11) == 0 ? ", " : " ";
    if (below(60) == 0) {
      text += std::to_string(below(2000));
    } else {
      add_word(text);
    }
  }
  text[begin] = static_cast<char>(std::toupper(text[begin]));
  text += user_ && below(2) == 0 ? "?" : ".";
}

ChatText::Said ChatText::next() {
  Said said;
  said.by_user = user_;
  // From a few words to some hundred, 23 on average: 30 tokens.
  const double length = std::exp(share() * share() * (user_ ? 4.6 : 5.4) + 1.2);
  std::size_t left = std::max<std::size_t>(2, static_cast<std::size_t>(length));
  std::size_t total = 0;
  said.json = user_ ? R"({"role":"user","content":")" : R"({"role":"assistant","content":")";
  while (left > 0) {
    std::size_t words = std::min<std::size_t>(left, 3 + below(2 * kSentenceWords - 6));
    if (below(kPhraseEvery) == 0) {
      const std::string_view phrase = kPhrases[below(std::size(kPhrases))];
      said.json += phrase;
      words = 1 + static_cast<std::size_t>(std::ranges::count(phrase, ' '));
    } else {
      add_sentence(said.json, words);
    }
    total += words;
    left -= std::min(left, words);
    if (left > 0) said.json += below(8) == 0 ? "\\n\\n" : " ";
  }
  said.json += "\"}";
  said.tokens = static_cast<std::uint32_t>(static_cast<double>(total) * kTokensPerWord);
  user_ = !user_;
  return said;
}

}  // namespace keep::bench
