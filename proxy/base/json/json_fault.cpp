#include "base/json/json_fault.hpp"

#include "base/json/json_scan.hpp"

#include <string>

namespace keep::json {

namespace {

using Fault = std::optional<TextFault>;

// What may come at this place.
enum class Expect { kValue, kValueOrEnd, kKey, kKeyOrEnd, kCommaOrEnd };

class Checker {
 public:
  explicit Checker(std::string_view text) noexcept : text_(text) {}

  Fault run() {
    do {
      at_ = scan::skip_space(text_, at_);
      if (at_ >= text_.size()) return TextFault{at_, "the text ends too early"};
      if (const Fault fault = step()) return fault;
    } while (!open_.empty());
    at_ = scan::skip_space(text_, at_);
    if (at_ < text_.size()) return TextFault{at_, "more text after the value"};
    return std::nullopt;
  }

 private:
  Fault step() {
    const char c = text_[at_];
    const char closer = open_.empty() ? '\0' : (open_.back() == '{' ? '}' : ']');
    const bool may_end = expect_ == Expect::kValueOrEnd || expect_ == Expect::kKeyOrEnd ||
                         expect_ == Expect::kCommaOrEnd;
    if (may_end && c == closer) {
      ++at_;
      open_.pop_back();
      expect_ = Expect::kCommaOrEnd;
      return std::nullopt;
    }
    switch (expect_) {
      case Expect::kCommaOrEnd:
        if (c != ',') return TextFault{at_, "expected a comma or the end"};
        ++at_;
        expect_ = closer == '}' ? Expect::kKey : Expect::kValue;
        return std::nullopt;
      case Expect::kKey:
      case Expect::kKeyOrEnd: return key();
      default: return value();
    }
  }

  Fault key() {
    if (text_[at_] != '"') return TextFault{at_, "expected a key in quotes"};
    if (const Fault fault = string()) return fault;
    at_ = scan::skip_space(text_, at_);
    if (at_ >= text_.size() || text_[at_] != ':') return TextFault{at_, "expected a colon"};
    ++at_;
    expect_ = Expect::kValue;
    return std::nullopt;
  }

  Fault value() {
    const char c = text_[at_];
    if (c == '{' || c == '[') {
      if (open_.size() == kMaxDepth) return TextFault{at_, "nested too deep"};
      ++at_;
      open_ += c;
      expect_ = c == '{' ? Expect::kKeyOrEnd : Expect::kValueOrEnd;
      return std::nullopt;
    }
    expect_ = Expect::kCommaOrEnd;
    if (c == '"') return string();
    for (const std::string_view word : {"true", "false", "null"}) {
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return std::nullopt;
      }
    }
    return number();
  }

  Fault string() {
    ++at_;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return std::nullopt;
      }
      if (static_cast<unsigned char>(c) < 0x20) {
        return TextFault{at_, "control character in a string"};
      }
      if (c == '\\') {
        if (const Fault fault = escape()) return fault;
        continue;
      }
      const std::size_t length = scan::utf8_length(text_, at_);
      if (length == 0) return TextFault{at_, "bytes that are not UTF-8"};
      at_ += length;
    }
    return TextFault{at_, "the text ends inside a string"};
  }

  Fault escape() {
    const std::size_t begin = at_;
    const char c = begin + 1 < text_.size() ? text_[begin + 1] : '\0';
    at_ += 2;
    if (c != 'u') {
      const bool known = c != '\0' && std::string_view("\"\\/bfnrt").find(c) != scan::npos;
      return known ? Fault() : TextFault{begin, "unknown escape"};
    }
    const int high = scan::hex4(text_, at_);
    if (high < 0) return TextFault{begin, "unknown escape"};
    at_ += 4;
    if (high < 0xD800 || high > 0xDFFF) return std::nullopt;
    const int low = text_.substr(at_, 2) == "\\u" ? scan::hex4(text_, at_ + 2) : -1;
    if (high > 0xDBFF || low < 0xDC00 || low > 0xDFFF) return TextFault{begin, "lone surrogate"};
    at_ += 6;
    return std::nullopt;
  }

  bool digits() noexcept {
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    return at_ > begin;
  }

  bool take(std::string_view any) noexcept {
    if (at_ >= text_.size() || any.find(text_[at_]) == scan::npos) return false;
    ++at_;
    return true;
  }

  Fault number() {
    const std::size_t begin = at_;
    take("-");
    const bool zero = at_ < text_.size() && text_[at_] == '0';
    const std::size_t first = at_;
    if (!digits()) return TextFault{begin, "expected a value"};
    bool good = !zero || at_ == first + 1;
    if (take(".")) good = digits() && good;
    if (take("eE")) {
      take("+-");
      good = digits() && good;
    }
    return good ? Fault() : TextFault{begin, "malformed number"};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string open_;  // brackets not closed yet, innermost last
  Expect expect_ = Expect::kValue;
};

}  // namespace

std::optional<TextFault> find_fault(std::string_view text) { return Checker(text).run(); }

}  // namespace keep::json
