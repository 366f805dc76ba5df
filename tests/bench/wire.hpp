// HTTP/1.1 as far as the bench programs need it: header fields and the chunked coding.
//
// Written by hand so that these programs cost less than the proxies they measure. Both peers are
// our own or a well-behaved proxy: framing faults end the connection, nothing is repaired.
#pragma once

#include <algorithm>
#include <cctype>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace keep::bench {

// The wall clock, because both programs must agree on it: an event carries the time it was sent.
inline std::int64_t now_us() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

template <class Number>
Number to_number(std::string_view digits, int base = 10) {
  Number value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  return value;
}

// The value of a field of a message head (names compare without case); empty when it is missing.
inline std::string_view find_field(std::string_view head, std::string_view name) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  };
  while (!head.empty()) {
    const auto end = std::min(head.find("\r\n"), head.size());
    auto line = head.substr(0, end);
    head.remove_prefix(std::min(end + 2, head.size()));
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    if (!std::equal(name.begin(), name.end(), line.begin(), same)) continue;
    line.remove_prefix(name.size() + 1);
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    return line;
  }
  return {};
}

// Takes the chunked coding apart, fed in pieces of any size.
class ChunkReader {
 public:
  // Appends the payload found in `in` to `out`.
  void feed(std::string_view in, std::string& out) {
    while (!in.empty() && state_ != State::kDone) {
      if (state_ == State::kData) {
        const auto n = std::min(left_, in.size());
        out.append(in.substr(0, n));
        in.remove_prefix(n);
        if ((left_ -= n) == 0) state_ = State::kDataEnd;
        continue;
      }
      const auto newline = in.find('\n');
      line_.append(in.substr(0, newline));
      if (newline == in.npos) return;
      in.remove_prefix(newline + 1);
      on_line();
    }
  }

  bool done() const { return state_ == State::kDone; }

 private:
  enum class State { kSize, kData, kDataEnd, kTrailer, kDone };

  void on_line() {
    if (state_ == State::kSize) {
      left_ = to_number<std::size_t>(line_, 16);
      state_ = left_ == 0 ? State::kTrailer : State::kData;
    } else if (state_ == State::kDataEnd) {
      state_ = State::kSize;
    } else if (line_ == "\r") {
      state_ = State::kDone;
    }
    line_.clear();
  }

  State state_ = State::kSize;
  std::size_t left_ = 0;
  std::string line_;
};

}  // namespace keep::bench
