#include "text/words.hpp"

#include "base/text/utf8.hpp"
#include "text/characters.hpp"

#include <algorithm>

namespace keep::text {

namespace {

// Longer ones are encoded data rather than names that somebody asks for.
constexpr std::size_t kMaxName = 48;

bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_plain(char c) noexcept { return is_lower(c) || is_upper(c) || is_digit(c); }
bool is_ascii_letter(char c) noexcept { return is_lower(c) || is_upper(c); }
bool is_joiner(char c) noexcept {
  return c == '_' || c == '.' || c == '/' || c == '-' || c == ':' || c == '@' || c == '\\';
}
char small(char c) noexcept { return is_upper(c) ? static_cast<char>(c | 0x20) : c; }

// Bytes from `at` on that join two parts of a name: one or two of the same kind, 0 for none.
std::size_t joiner_at(std::string_view text, std::size_t at) noexcept {
  if (at + 1 >= text.size() || !is_joiner(text[at])) return 0;
  const std::size_t size = text[at + 1] == text[at] ? 2 : 1;
  return at + size < text.size() && is_plain(text[at + size]) ? size : 0;
}

}  // namespace

bool is_compound(std::string_view word) noexcept {
  return std::any_of(word.begin(), word.end(), is_joiner);
}

void WordReader::reset(std::string_view text) noexcept {
  text_ = text;
  at_ = compound_end_ = 0;
  in_pairs_ = false;
  waiting_.clear();
}

void WordReader::append(char byte) noexcept {
  if (size_ < word_.size()) word_[size_++] = byte;
}

void WordReader::append(std::string_view character) noexcept {
  if (size_ + character.size() > word_.size()) return;
  size_ += character.copy(word_.data() + size_, character.size());
}

std::string_view WordReader::lower(std::string_view piece) noexcept {
  size_ = 0;
  for (const char c : piece) append(small(c));
  return {word_.data(), size_};
}

std::string_view WordReader::next() {
  if (!waiting_.empty()) {
    const std::string_view piece = waiting_.back();
    waiting_.pop_back();
    return lower(piece);
  }
  while (at_ < text_.size()) {
    if (utf8::is_ascii(text_[at_])) {
      in_pairs_ = false;
      if (is_plain(text_[at_])) return read_word();
      ++at_;
      continue;
    }
    const utf8::Character character = utf8::decode(text_, at_);
    const CharacterKind kind = kind_of(character.code);
    if (kind == CharacterKind::kLetter) return read_word();
    if (kind == CharacterKind::kUnspaced) {
      const std::string_view pair = read_pair(character.size);
      if (!pair.empty()) return pair;
      continue;
    }
    in_pairs_ = false;
    at_ += std::max<std::size_t>(character.size, 1);
  }
  return {};
}

// A character that stands alone is a word; the last one of a run was in the pair before it.
std::string_view WordReader::read_pair(std::size_t size) noexcept {
  const std::size_t begin = at_;
  at_ += size;
  std::size_t end = at_;
  if (at_ < text_.size() && !utf8::is_ascii(text_[at_])) {
    const utf8::Character second = utf8::decode(text_, at_);
    if (kind_of(second.code) == CharacterKind::kUnspaced) end += second.size;
  }
  if (end == at_ && in_pairs_) {
    in_pairs_ = false;
    return {};
  }
  in_pairs_ = end != at_;
  return text_.substr(begin, end - begin);
}

// Bytes of an apostrophe that a letter follows, 0 for anything else.
std::size_t WordReader::apostrophe() const noexcept {
  const std::string_view rest = text_.substr(at_);
  const std::size_t size = rest.front() == '\'' ? 1 : rest.starts_with("\u2019") ? 3 : 0;
  return size > 0 && size < rest.size() && is_ascii_letter(rest[size]) ? size : 0;
}

std::string_view WordReader::read_word() {
  const std::size_t begin = at_;
  size_ = 0;
  bool apostrophe_seen = false, letters_of_others = false, capital_inside = false,
       has_small = false;
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (is_plain(c) && !(apostrophe_seen && is_digit(c))) {
      capital_inside |= is_upper(c) && at_ > begin;
      has_small |= is_lower(c);
      append(small(c));
      ++at_;
    } else if (const std::size_t size = apostrophe_seen ? 0 : apostrophe(); size > 0) {
      apostrophe_seen = true;
      append('\'');
      at_ += size;
    } else if (!utf8::is_ascii(c)) {
      const utf8::Character character = utf8::decode(text_, at_);
      const CharacterKind kind = kind_of(character.code);
      if (kind != CharacterKind::kLetter && kind != CharacterKind::kMark) break;
      letters_of_others = true;
      const char32_t small_code = utf8::to_small(character.code);
      append(small_code == character.code ? text_.substr(at_, character.size)
                                          : std::string_view(utf8::encode(small_code)));
      at_ += character.size;
    } else {
      break;
    }
  }
  if (!apostrophe_seen && !letters_of_others) {
    if (capital_inside && has_small) find_humps(begin, at_);
    if (at_ >= compound_end_ && joiner_at(text_, at_) > 0) find_compound(begin, at_);
  }
  return {word_.data(), size_};
}

// A part of camelCase begins at a capital after a small letter or a digit, and at the last capital
// of several that small letters follow: "readHTTPBody" is read, HTTP, Body. One small letter is not
// enough: "URLs".
void WordReader::find_humps(std::size_t begin, std::size_t end) {
  if (end - begin > kMaxName) return;
  std::size_t part = begin;
  for (std::size_t i = begin + 1; i < end; ++i) {
    if (!is_upper(text_[i])) continue;
    const bool rises = is_lower(text_[i - 1]) || (is_digit(text_[i - 1]) && i + 1 < end);
    const bool falls =
        is_upper(text_[i - 1]) && i + 2 < end && is_lower(text_[i + 1]) && is_lower(text_[i + 2]);
    if (!rises && !falls) continue;
    waiting_.push_back(text_.substr(part, i - part));
    part = i;
  }
  if (part > begin) waiting_.push_back(text_.substr(part, end - part));
}

// The parts of a compound are read as words of their own; what is added here is the whole, if it
// looks like a name from a program, a path, a number or an address rather than like "well-known".
void WordReader::find_compound(std::size_t begin, std::size_t end) {
  bool is_name = false, has_digit = false;
  const auto look = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) has_digit |= is_digit(text_[i]);
  };
  look(begin, end);
  while (const std::size_t joiner = joiner_at(text_, end)) {
    is_name |= joiner == 2 || (text_[end] != '-' && text_[end] != ':');
    end += joiner;
    const std::size_t part = end;
    while (end < text_.size() && is_plain(text_[end])) ++end;
    look(part, end);
  }
  compound_end_ = end;
  if ((is_name || has_digit) && end - begin <= kMaxWordBytes) {
    waiting_.push_back(text_.substr(begin, end - begin));
  }
}

}  // namespace keep::text
