// What the fuzz targets share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace keep::fuzz {

// A property that does not hold ends the process, which the fuzzer reports with the input.
inline void check(bool holds) {
  if (!holds) __builtin_trap();
}

// Decisions taken from the front of an input; zero when it is used up.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}

  std::size_t pick(std::size_t count) {
    if (rest_.empty()) return 0;
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return byte % count;
  }
  // Up to the separator byte, which no JSON text contains.
  std::string_view take_text() {
    const std::size_t end = rest_.find('\xFE');
    const std::string_view text = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    return text;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

}  // namespace keep::fuzz
