// ChatText: made-up talk between a user and an assistant, the same on every machine.
//
// The words follow Zipf's law in sentences with the grammar words of English; rare ones come back
// soon after they were used, as names and terms do. Pairs of neighbours repeat, so that it
// compresses about as well as prose: see tests/bench/scale_bench.cpp for what that gives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace keep::bench {

class ChatText {
 public:
  explicit ChatText(std::uint64_t seed);

  struct Said {
    bool by_user = false;
    std::uint32_t tokens = 0;  // words * 1.3
    std::string json;          // {"role":...,"content":...}
  };
  Said next();

 private:
  std::uint64_t below(std::uint64_t limit);
  double share();
  std::size_t next_word();
  void add_word(std::string& text);
  void add_sentence(std::string& text, std::size_t words);
  void make_words(std::size_t count);

  std::mt19937_64 random_;
  std::vector<std::string> words_;        // the most frequent first
  std::vector<double> shares_;            // of the words up to each
  std::vector<std::uint16_t> followers_;  // what often comes after a word
  std::deque<std::size_t> recent_;
  std::size_t last_ = 0;
  bool user_ = true;
};

}  // namespace keep::bench
