// BoundedText: room for a text whose length is not known before it is written, up to a limit.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>

namespace keep {

class BoundedText {
 public:
  explicit BoundedText(std::size_t max_bytes) : max_(max_bytes) {}

  // Where the next bytes go: never empty, and never more than one byte past the limit.
  std::span<char> room() {
    if (size_ == text_.size()) {
      text_.resize(std::min(std::max(kFirst, 2 * size_), std::max(max_ + 1, size_ + 1)));
    }
    return std::span(text_).subspan(size_);
  }
  void wrote(std::size_t bytes) noexcept { size_ += bytes; }
  bool over() const noexcept { return size_ > max_; }

  std::string take() {
    text_.resize(size_);
    return std::move(text_);
  }

 private:
  static constexpr std::size_t kFirst = 64 << 10;
  std::size_t max_, size_ = 0;
  std::string text_;
};

}  // namespace keep
