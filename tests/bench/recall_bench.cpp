// The lexical index on a pipe: one command a line, fields separated by tabs. recall.py drives it.
//
//   new                             another index; prints nothing
//   add DAY SESSION SPEAKER TEXT    prints nothing
//   fill TOKENS                     adds made-up prose; prints {"tokens":,"seconds":}
//   vector NUMBERS                  of the text added last; prints nothing
//   ask TEXT [NUMBERS]              prints {"us":,"hits":[passage, ...]}, the best 200
//   select TOKENS TEXT [NUMBERS]    prints {"passages":[passage, ...],"tokens":}, what would go
//                                   into a prompt that has room for TOKENS; NUMBERS: the vector of
//                                   TEXT, to be compared as well
//   size                            prints {"passages":,"bytes":}
//
// The prose has the words of all texts added so far by frequency, then made-up rare ones, so that
// questions meet long lists of postings, as they do in real prose. As there, a third of the words
// was said a short while ago; with that it has about as many terms and postings as technical
// documentation of that size.

#include "base/json/json.hpp"
#include "exchange/exchange.hpp"
#include "plugins/recall/choose/selection.hpp"
#include "plugins/recall/fog/fusion.hpp"
#include "search/lexical_index.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace keep::bench {
namespace {

constexpr std::size_t kHits = 200;
constexpr double kTokensPerWord = 1.3;
constexpr std::size_t kPassageWords = 98;
constexpr std::size_t kVocabulary = 120000;
constexpr double kExponent = -1.15;
constexpr double kRepeated = 0.35;
constexpr std::size_t kRemembered = 300;  // words

double seconds_since(std::chrono::steady_clock::time_point begun) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

std::vector<std::string_view> split(std::string_view line, char separator) {
  std::vector<std::string_view> fields;
  while (true) {
    const std::size_t end = line.find(separator);
    fields.push_back(line.substr(0, end));
    if (end == line.npos) return fields;
    line.remove_prefix(end + 1);
  }
}

// Words at random, the n-th most frequent with a share of about 1/n.
class Prose {
 public:
  explicit Prose(const std::unordered_map<std::string, unsigned>& counts) {
    std::vector<std::pair<unsigned, std::string>> known;
    for (const auto& [word, count] : counts) known.emplace_back(count, word);
    std::sort(known.rbegin(), known.rend());
    for (auto& [count, word] : known) words_.push_back(std::move(word));
    while (words_.size() < kVocabulary) words_.push_back(made_up(words_.size()));
    double sum = 0;
    for (std::size_t i = 0; i < words_.size(); ++i) {
      share_until_.push_back(sum += std::pow(static_cast<double>(i) + 3, kExponent));
    }
  }

  std::string passage() {
    std::string text;
    for (std::size_t i = 0; i < kPassageWords; ++i) text.append(words_[next_word()]).append(" ");
    return text;
  }

 private:
  static std::string made_up(std::size_t number) {
    std::string word;
    for (; number > 0; number /= 75) {
      word += "bdfgklmnprstvwz"[number % 15];
      word += "aeiou"[number / 15 % 5];
    }
    return word;
  }

  std::size_t next_word() {
    std::uniform_real_distribution<double> choose(0, 1);
    std::size_t word = 0;
    if (recent_.size() == kRemembered && choose(random_) < kRepeated) {
      word = recent_[random_() % kRemembered];
    } else {
      const double share = choose(random_) * share_until_.back();
      const auto at = std::lower_bound(share_until_.begin(), share_until_.end(), share);
      word = static_cast<std::size_t>(at - share_until_.begin());
    }
    if (recent_.size() < kRemembered) recent_.push_back(word);
    recent_[said_++ % kRemembered] = word;
    return word;
  }

  std::mt19937_64 random_{1};
  std::vector<std::size_t> recent_;
  std::size_t said_ = 0;
  std::vector<std::string> words_;
  std::vector<double> share_until_;
};

class Driver {
 public:
  void obey(std::string_view line) {
    const std::vector<std::string_view> fields = split(line, '\t');
    if (fields[0] == "new") {
      index_ = search::LexicalIndex();
      texts_.clear();
      vectors_.reset();
    }
    if (fields[0] == "vector") add_vector(numbers(fields.at(1)));
    if (fields[0] == "add") add(fields.at(1), fields.at(2), fields.at(3), fields.at(4));
    if (fields[0] == "fill") fill(std::strtod(std::string(fields.at(1)).c_str(), nullptr));
    if (fields[0] == "ask") ask(fields.at(1), vector_in(fields, 2));
    if (fields[0] == "select") {
      select(std::atoi(std::string(fields.at(1)).c_str()), fields.at(2), vector_in(fields, 3));
    }
    if (fields[0] == "size") {
      json::Writer out;
      out.begin_object().member("passages", index_.size()).member("bytes", index_.memory_bytes());
      std::cout << out.end_object().str() << std::endl;
    }
  }

 private:
  void add(std::string_view day, std::string_view session, std::string_view speaker,
           std::string_view text) {
    index_.add({text, speaker, std::atoi(std::string(day).c_str()),
                static_cast<std::uint32_t>(std::atoi(std::string(session).c_str()))});
    texts_.push_back(std::string(speaker).append(": ").append(text));
    for (const std::string_view word : split(text, ' ')) ++counts_[std::string(word)];
  }

  void fill(double tokens) {
    Prose prose(counts_);
    double seconds = 0, added = 0;
    for (std::uint32_t session = 1U << 20; added < tokens; ++session) {
      const std::string text = prose.passage();
      const auto begun = std::chrono::steady_clock::now();
      index_.add({text, "", 0, session / 5});
      seconds += seconds_since(begun);
      added += kTokensPerWord * static_cast<double>(kPassageWords);
    }
    json::Writer out;
    out.begin_object().member("tokens", added).member("seconds", seconds).end_object();
    std::cout << out.str() << std::endl;
  }

  static std::vector<float> numbers(std::string_view text) {
    std::vector<float> list;
    for (const std::string_view number : split(text, ' ')) {
      list.push_back(std::strtof(std::string(number).c_str(), nullptr));
    }
    return list;
  }
  // None when there is no such field.
  static std::vector<float> vector_in(const std::vector<std::string_view>& fields, std::size_t at) {
    return at < fields.size() ? numbers(fields[at]) : std::vector<float>();
  }

  void add_vector(const std::vector<float>& vector) {
    if (!vectors_) vectors_.emplace("", vector.size());
    vectors_->add({{static_cast<Position>(index_.size() - 1), 0}, 0, ""}, vector);
  }

  std::vector<recall::FoundPassage> find(std::string_view question,
                                         const std::vector<float>& vector, std::size_t limit) {
    std::vector<recall::FoundPassage> found;
    for (const search::Hit& hit : index_.search(question, limit)) {
      found.push_back({hit.passage, hit.passage, 0, hit.relevance});
    }
    if (vector.empty()) return found;
    const auto end = static_cast<Position>(index_.size());
    const auto similar =
        vectors_->search(vector, std::vector<Stretch>{{0, end}}, end, recall::kMaxPassages);
    const auto number = [](recall::PassagePlace place) { return std::optional(place.message); };
    return recall::fuse(std::move(found), similar, number, limit);
  }

  void ask(std::string_view question, const std::vector<float>& vector) {
    const auto begun = std::chrono::steady_clock::now();
    const auto found = find(question, vector, kHits);
    json::Writer out;
    out.begin_object().member("us", seconds_since(begun) * 1e6).key("hits").begin_array();
    for (const recall::FoundPassage& one : found) out.integer(one.passage);
    std::cout << out.end_array().end_object().str() << std::endl;
  }

  void select(int tokens, std::string_view question, const std::vector<float>& vector) {
    Exchange exchange;
    exchange.zone.recall_room = tokens;
    exchange.zone.tokens_per_byte = 0.25;
    std::vector<recall::Found> found;
    for (const recall::FoundPassage& hit : find(question, vector, recall::kMaxPassages)) {
      recall::Found one;
      one.passage = hit.passage;
      one.message.position = hit.passage;
      one.text = texts_.at(hit.passage);
      one.relevance = hit.relevance;
      one.bonus = hit.bonus;
      found.push_back(std::move(one));
    }
    const std::vector questions{std::string(question)};
    const recall::TurnWords said(question);
    const recall::Wanted wanted{recall::asks(question), said, questions};
    const auto selected =
        recall::select_passages(std::move(found), exchange, wanted, recall::RecallSettings(), {});
    json::Writer out;
    out.begin_object().key("passages").begin_array();
    for (const auto passage : selected.passages) out.integer(passage);
    const std::size_t bytes = recall::compose_block(selected.quotes).size();
    out.end_array().member("tokens", exchange.zone.estimate(bytes)).end_object();
    std::cout << out.str() << std::endl;
  }

  search::LexicalIndex index_;
  std::vector<std::string> texts_;  // what was added, by passage
  std::optional<recall::ConversationVectors> vectors_;
  std::unordered_map<std::string, unsigned> counts_;
};

}  // namespace
}  // namespace keep::bench

int main() {
  keep::bench::Driver driver;
  for (std::string line; std::getline(std::cin, line);) driver.obey(line);
}
