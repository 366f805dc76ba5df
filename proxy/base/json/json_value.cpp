// Value, Members, Elements, Cursor: walking over the bytes.
#include "base/json/json.hpp"
#include "base/json/json_scan.hpp"
#include "base/text/utf8.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <utility>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace keep::json {

namespace {

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && scan::is_space(text.back())) text.remove_suffix(1);
  text.remove_prefix(scan::skip_space(text, 0));
  return text;
}

// `at` is after `\u`; moves past the digits, and past the second half of a surrogate pair.
utf8::Encoded decode_unicode(std::string_view raw, std::size_t& at) noexcept {
  const int high = scan::hex4(raw, at);
  if (high < 0) return utf8::kReplacement;
  at += 4;
  if (high < 0xD800 || high > 0xDFFF) return utf8::encode(static_cast<char32_t>(high));
  if (high > 0xDBFF || raw.substr(at, 2) != "\\u") return utf8::kReplacement;
  const int low = scan::hex4(raw, at + 2);
  if (low < 0xDC00 || low > 0xDFFF) return utf8::kReplacement;
  at += 6;
  return utf8::encode(0x10000U + ((static_cast<unsigned>(high) - 0xD800U) << 10) +
                      (static_cast<unsigned>(low) - 0xDC00U));
}

// What the escape at `at` stands for; moves past it.
utf8::Encoded decode_escape(std::string_view raw, std::size_t& at) noexcept {
  const char c = at + 1 < raw.size() ? raw[at + 1] : '\0';
  at = std::min(at + 2, raw.size());
  if (c == 'u') return decode_unicode(raw, at);
  static constexpr std::string_view kNames = "\"\\/bfnrt", kBytes = "\"\\/\b\f\n\r\t";
  const std::size_t known = kNames.find(c);
  if (known == scan::npos) return utf8::kReplacement;
  return {{kBytes[known]}, 1};
}

// Decodes the bytes of a string literal. Long texts have an escape in every line, so a search and
// an append for each would cost more than the copy.
class Decoder {
 public:
  explicit Decoder(std::string_view raw) : raw_(raw), out_(raw.size(), '\0') {}

  std::string run() {
    while (at_ < raw_.size()) {
      copy_plain();
      if (at_ < raw_.size()) put(decode_escape(raw_, at_));
    }
    out_.resize(size_);
    return std::move(out_);
  }

 private:
  // Up to the next backslash.
  void copy_plain() noexcept {
#if defined(__SSE2__)
    constexpr std::size_t kBlock = 16;
    // What is behind the backslash is copied, too, and overwritten later.
    while (at_ + kBlock <= raw_.size() && size_ + kBlock <= out_.size()) {
      const auto* const from = reinterpret_cast<const __m128i*>(raw_.data() + at_);
      const __m128i block = _mm_loadu_si128(from);
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out_.data() + size_), block);
      const auto slashes =
          static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(block, _mm_set1_epi8('\\'))));
      const auto count =
          slashes == 0 ? kBlock : static_cast<std::size_t>(std::countr_zero(slashes));
      at_ += count;
      size_ += count;
      if (slashes != 0) return;
    }
#endif
    for (; at_ < raw_.size() && raw_[at_] != '\\'; ++at_) put(raw_.substr(at_, 1));
  }

  void put(std::string_view bytes) {
    // Only what is no valid escape can be longer than it was.
    if (size_ + bytes.size() > out_.size()) out_.resize(size_ + bytes.size() + raw_.size() - at_);
    bytes.copy(out_.data() + size_, bytes.size());
    size_ += bytes.size();
  }

  std::string_view raw_;
  std::size_t at_ = 0;
  std::string out_;
  std::size_t size_ = 0;
};

// Calls emit(piece) for the pieces of the decoded text until it returns false.
template <class Emit>
void unescape(std::string_view raw, Emit emit) {
  std::size_t at = 0;
  while (at < raw.size()) {
    const std::size_t slash = raw.find('\\', at);
    if (slash == scan::npos) {
      emit(raw.substr(at));
      return;
    }
    if (slash > at && !emit(raw.substr(at, slash - at))) return;
    at = slash;
    if (!emit(decode_escape(raw, at))) return;
  }
}

// The bytes between the quotes of a string literal, empty optional for anything else.
std::optional<std::string_view> between_quotes(std::string_view raw) noexcept {
  if (raw.size() < 2 || raw.front() != '"' || raw.back() != '"') return std::nullopt;
  return raw.substr(1, raw.size() - 2);
}

Type type_of(std::string_view text) noexcept {
  if (text.empty()) return Type::kMissing;
  switch (text.front()) {
    case '{': return Type::kObject;
    case '[': return Type::kArray;
    case '"': return Type::kString;
    case 't':
    case 'f': return Type::kBool;
    case 'n': return Type::kNull;
    case '-': return Type::kNumber;
    default: return text.front() >= '0' && text.front() <= '9' ? Type::kNumber : Type::kMissing;
  }
}

}  // namespace

Value::Value(std::string_view raw) noexcept : raw_(trimmed(raw)) {}

Type Value::type() const noexcept { return type_of(raw_); }

Value Value::find(std::string_view key) const noexcept {
  for (const Member member : members()) {
    if (member.key_is(key)) return member.value;
  }
  return {};
}

std::optional<std::string> Value::string() const {
  const auto inner = between_quotes(raw_);
  if (!inner) return std::nullopt;
  return Decoder(*inner).run();
}

std::optional<std::string_view> Value::plain_string() const noexcept {
  const auto inner = between_quotes(raw_);
  if (!inner || inner->find('\\') != scan::npos) return std::nullopt;
  return inner;
}

std::optional<double> Value::number() const noexcept {
  if (type() != Type::kNumber) return std::nullopt;
  // from_chars also reads "-inf" and "-nan", which are no JSON.
  const std::string_view digits = raw_.substr(raw_.front() == '-' ? 1 : 0);
  if (digits.empty() || digits.front() < '0' || digits.front() > '9') return std::nullopt;
  double value = 0;
  const char* const end = raw_.data() + raw_.size();
  const auto [stop, fault] = std::from_chars(raw_.data(), end, value);
  if (fault != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::optional<std::int64_t> Value::integer() const noexcept {
  std::int64_t value = 0;
  const char* const end = raw_.data() + raw_.size();
  const auto [stop, fault] = std::from_chars(raw_.data(), end, value);
  if (fault == std::errc() && stop == end) return value;
  const auto real = number();
  constexpr double kLimit = 9223372036854775808.0;  // 2^63
  if (!real || *real < -kLimit || *real >= kLimit || *real != std::trunc(*real)) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(*real);
}

std::optional<bool> Value::boolean() const noexcept {
  if (raw_ == "true") return true;
  if (raw_ == "false") return false;
  return std::nullopt;
}

Members Value::members() const noexcept { return Members(is_object() ? raw_ : ""); }
Elements Value::elements() const noexcept { return Elements(is_array() ? raw_ : ""); }

bool Member::key_is(std::string_view key) const noexcept {
  // Escapes that are valid only lengthen, so most keys are told apart by their size.
  if (raw_key.size() < key.size()) return false;
  if (raw_key.size() == key.size()) return raw_key == key && raw_key.find('\\') == scan::npos;
  if (raw_key.find('\\') == scan::npos) return false;
  bool same = true;
  unescape(raw_key, [&](std::string_view piece) {
    same = key.starts_with(piece);
    if (same) key.remove_prefix(piece.size());
    return same;
  });
  return same && key.empty();
}

Members::Iterator Members::begin() const noexcept {
  return object_.empty() ? Iterator() : Iterator(object_.substr(1));
}

Members::Iterator& Members::Iterator::operator++() noexcept {
  member_ = Member();
  std::size_t at = scan::skip_space(rest_, 0);
  if (at < rest_.size() && rest_[at] == ',') at = scan::skip_space(rest_, at + 1);
  if (at >= rest_.size() || rest_[at] != '"') return *this;
  const std::size_t key_end = scan::skip_string(rest_, at);
  if (key_end == scan::npos) return *this;
  const std::size_t colon = scan::skip_space(rest_, key_end);
  if (colon >= rest_.size() || rest_[colon] != ':') return *this;
  const std::size_t begin = scan::skip_space(rest_, colon + 1);
  const std::size_t end = scan::skip_value(rest_, begin);
  if (end == scan::npos) return *this;
  member_.raw_key = rest_.substr(at + 1, key_end - at - 2);
  member_.value = Value(rest_.substr(begin, end - begin));
  rest_.remove_prefix(end);
  return *this;
}

Elements::Iterator Elements::begin() const noexcept {
  return array_.empty() ? Iterator() : Iterator(array_.substr(1));
}

Elements::Iterator& Elements::Iterator::operator++() noexcept {
  value_ = Value();
  std::size_t at = scan::skip_space(rest_, 0);
  if (at < rest_.size() && rest_[at] == ',') at = scan::skip_space(rest_, at + 1);
  const std::size_t end = scan::skip_value(rest_, at);
  if (end == scan::npos) return *this;
  value_ = Value(rest_.substr(at, end - at));
  rest_.remove_prefix(end);
  return *this;
}

Cursor::Cursor(std::string_view text) noexcept : rest_(text.substr(scan::skip_space(text, 0))) {}

Type Cursor::type() const noexcept { return type_of(rest_); }

void Cursor::give_up() noexcept {
  rest_.remove_prefix(rest_.size());
  broken_ = true;
}

Value Cursor::take() noexcept {
  const std::size_t end = scan::skip_value(rest_, 0);
  if (end == scan::npos) {
    give_up();
    return {};
  }
  const Value value(rest_.substr(0, end));
  rest_.remove_prefix(end);
  return value;
}

void Cursor::enter() noexcept { rest_.remove_prefix(rest_.empty() ? 0 : 1); }

void Cursor::pass_to(const char* place) noexcept {
  rest_.remove_prefix(static_cast<std::size_t>(place - rest_.data()));
}

bool Cursor::next(char closer) noexcept {
  std::size_t at = scan::skip_space(rest_, 0);
  if (at < rest_.size() && rest_[at] == ',') at = scan::skip_space(rest_, at + 1);
  if (at >= rest_.size()) {
    give_up();
    return false;
  }
  const bool ends = rest_[at] == closer;
  rest_.remove_prefix(ends ? at + 1 : at);
  return !ends;
}

bool Cursor::next_key(std::string_view& raw_key) noexcept {
  if (!next('}')) return false;
  const std::size_t end = rest_.front() == '"' ? scan::skip_string(rest_, 0) : scan::npos;
  const std::size_t colon = end == scan::npos ? rest_.size() : scan::skip_space(rest_, end);
  if (colon >= rest_.size() || rest_[colon] != ':') {
    give_up();
    return false;
  }
  raw_key = rest_.substr(1, end - 2);
  rest_.remove_prefix(scan::skip_space(rest_, colon + 1));
  return true;
}

bool Cursor::next_element() noexcept { return next(']'); }

}  // namespace keep::json
