// Stemmer: the stem of an English word, by Snowball. The only door to libstemmer. Movable; one
// thread at a time. Words of other languages come back about as they went in.
#pragma once

#include <memory>
#include <string_view>

struct sb_stemmer;

namespace keep::text {

class Stemmer {
 public:
  Stemmer();

  // `word` is lower-case UTF-8. Valid until the next call; `word` itself if memory runs out.
  std::string_view stem(std::string_view word) const noexcept;

 private:
  struct Close {
    void operator()(sb_stemmer* stemmer) const noexcept;
  };
  std::unique_ptr<sb_stemmer, Close> stemmer_;
};

}  // namespace keep::text
