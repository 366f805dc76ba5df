// WordReader: the words of a text as the index takes them, one after the other. Linear; any bytes.
//
// A word is a run of letters and digits of any script, lower-case, with at most one apostrophe
// before letters ("caroline's"). Scripts that are written without spaces come as pairs of
// characters. Names from programs come whole and in parts: snake_case, camelCase, a/path.cpp,
// 10.0.0.1:80. Only the first kMaxWordBytes of a word count.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

namespace keep::text {

inline constexpr std::size_t kMaxWordBytes = 64;

// The whole of a name in parts that something joins: "max_size", but not "maxSize".
bool is_compound(std::string_view word) noexcept;

class WordReader {
 public:
  explicit WordReader(std::string_view text = {}) noexcept { reset(text); }
  void reset(std::string_view text) noexcept;

  // Valid until the next call; empty at the end of the text.
  std::string_view next();

 private:
  std::string_view read_word();
  std::string_view read_pair(std::size_t size) noexcept;
  std::string_view lower(std::string_view piece) noexcept;
  std::size_t apostrophe() const noexcept;
  void find_compound(std::size_t begin, std::size_t end);
  void find_humps(std::size_t begin, std::size_t end);
  void append(char byte) noexcept;
  void append(std::string_view character) noexcept;

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t compound_end_ = 0;           // the compound that `at_` is in was looked at up to here
  bool in_pairs_ = false;                  // the character before `at_` is part of a pair
  std::vector<std::string_view> waiting_;  // pieces of the text found beside the word read last
  std::array<char, kMaxWordBytes> word_;
  std::size_t size_ = 0;
};

}  // namespace keep::text
