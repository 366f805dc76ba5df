#include "tests/bench/scale_index.hpp"

#include "plugins/recall/ask/message_text.hpp"
#include "search/lexical_index.hpp"
#include "tests/bench/chat_text.hpp"
#include "text/passages.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace keep::bench {

namespace {

using search::LexicalIndex;

constexpr std::uint64_t kSeed = 1;
constexpr std::size_t kQuestions = 400;
constexpr std::size_t kWords = 7;  // of a question
constexpr std::size_t kHits = 20;

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begun) {
  return std::chrono::duration<double>(Clock::now() - begun).count();
}

// Consecutive words of a message, as somebody would ask about it.
std::string question_about(std::string_view text, std::mt19937_64& random) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    if (end > at) words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  std::string question;
  const std::size_t first = words.size() > kWords ? random() % (words.size() - kWords) : 0;
  for (std::size_t i = first; i < std::min(words.size(), first + kWords); ++i) {
    question.append(words[i]).append(" ");
  }
  return question;
}

struct Built {
  search::LexicalIndex index;
  search::LexicalIndex exact{0};  // one stage, which looks at everything
  double tokens = 0, seconds = 0;
  std::vector<std::string> questions;
};

void add(search::LexicalIndex& index, const ChatText::Said& said) {
  const std::string text = recall::message_text(said.json);
  search::Passage passage;
  passage.speaker = said.by_user ? "user" : "assistant";
  for (const std::string_view piece : text::split_passages(text)) {
    passage.text = piece;
    index.add(passage);
  }
}

void build(Built& built, std::uint64_t tokens) {
  ChatText text(kSeed);
  std::mt19937_64 random(kSeed);
  const std::uint64_t every = std::max<std::uint64_t>(1, tokens / 35 / kQuestions);
  while (built.tokens < static_cast<double>(tokens)) {
    const ChatText::Said said = text.next();
    const auto begun = Clock::now();
    add(built.index, said);
    built.seconds += seconds_since(begun);
    add(built.exact, said);
    built.tokens += said.tokens;
    if (random() % every == 0) {
      built.questions.push_back(question_about(recall::message_text(said.json), random));
    }
  }
}

std::vector<double> sorted(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return times;
}

// Share of the exact search's hits that the two-stage one has as well.
double agreement(const std::vector<search::Hit>& hits, const std::vector<search::Hit>& exact) {
  if (exact.empty()) return 1;
  const auto among = std::count_if(exact.begin(), exact.end(), [&](const search::Hit& one) {
    return std::any_of(hits.begin(), hits.end(),
                       [&](const search::Hit& other) { return other.passage == one.passage; });
  });
  return static_cast<double>(among) / static_cast<double>(exact.size());
}

}  // namespace

void measure_index(BenchReport& report, std::uint64_t tokens) {
  Built built;
  build(built, tokens);
  std::vector<double> times, exact_times;
  double agreed = 0;
  for (const std::string& question : built.questions) {
    const auto begun = Clock::now();
    const auto hits = built.index.search(question, kHits);
    const auto between = Clock::now();
    const auto exact = built.exact.search(question, kHits);
    times.push_back(std::chrono::duration<double>(between - begun).count() * 1e3);
    exact_times.push_back(seconds_since(between) * 1e3);
    agreed += agreement(hits, exact);
  }
  const std::size_t n = built.questions.size();
  times = sorted(std::move(times));
  exact_times = sorted(std::move(exact_times));
  report.add("index", {{"tokens", built.tokens},
                       {"passages", static_cast<double>(built.index.size())},
                       {"memory_bytes_per_token",
                        static_cast<double>(built.index.memory_bytes()) / built.tokens, 1.1},
                       {"build_tokens_per_s", built.tokens / built.seconds, 2.5e6, true},
                       {"query_p50_ms", times[n / 2], 1},
                       {"query_p99_ms", times[n * 99 / 100], 5},
                       {"exact_p50_ms", exact_times[n / 2]},
                       {"exact_p99_ms", exact_times[n * 99 / 100]},
                       {"hits_as_exact_percent", 100 * agreed / static_cast<double>(n)}});
}

}  // namespace keep::bench
