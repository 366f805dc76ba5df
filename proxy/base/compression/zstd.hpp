// Zstd: compression of short texts with a dictionary made of texts like them. The only door to
// zstd.
//
// Any thread; a Dictionary is used by one thread at a time. Working memory is kept per thread.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace keep::zstd {

class Dictionary {
 public:
  explicit Dictionary(std::string bytes);
  Dictionary(Dictionary&& other) noexcept;
  Dictionary& operator=(Dictionary&& other) noexcept;
  ~Dictionary();

  std::size_t memory_bytes() const noexcept;

 private:
  struct Forms;  // as zstd wants it, made when first needed
  friend std::string compress(std::string_view, int, Dictionary*);
  friend Result<std::string> decompress(std::string_view, std::size_t, Dictionary*);

  std::unique_ptr<Forms> forms_;
};

// At most `max_bytes` that help to compress texts like the samples; empty when there is too little
// in common, or too little at all.
std::string train(std::span<const std::string_view> samples, std::size_t max_bytes);

// `dictionary` may be nullptr.
std::string compress(std::string_view text, int level, Dictionary* dictionary);
// Exactly `size` bytes come out, else Fault::kStorage.
Result<std::string> decompress(std::string_view frame, std::size_t size, Dictionary* dictionary);

}  // namespace keep::zstd
