// What the detector has to find, said once more in the simplest way: over the whole text, line by
// line, with as many passes as it takes.
#pragma once

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace keep::hedge::naive {

inline constexpr std::size_t kNone = std::string::npos;

// Folded text: words with one blank before each; '\n' where no phrase goes on.
struct Folded {
  std::string text = " ";
  std::vector<std::size_t> at = {0};  // byte of the original

  void add(char c, std::size_t where) {
    text += c;
    at.push_back(where);
  }
};

inline std::size_t character_size(std::string_view text, std::size_t at) {
  const std::string_view rest = text.substr(at);
  const bool punctuation = rest.size() >= 3 &&
                           (rest.starts_with("\xE2\x80") || rest.starts_with("\xE2\x81")) &&
                           (static_cast<unsigned char>(rest[2]) & 0xC0) == 0x80;
  return punctuation ? 3 : 1;
}

inline bool is_word(std::string_view character) {
  const auto byte = static_cast<unsigned char>(character[0]);
  if (character.size() == 3) return false;
  return byte >= 0x80 || std::isalnum(byte) != 0;
}
inline bool is_apostrophe(std::string_view character) {
  return character == "'" || character == "\u2018" || character == "\u2019";
}

class Folder {
 public:
  explicit Folder(std::string_view text) : text_(text) {
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t newline = text.find('\n', begin);
      const std::size_t end = newline == kNone ? text.size() : newline;
      const bool prose_to_the_end = line(begin, end);
      if (newline != kNone) prose_to_the_end ? blank(newline) : cut(newline);
      begin = end + 1;
    }
  }
  Folded take() { return std::move(out_); }

 private:
  static std::string_view trimmed(std::string_view line) {
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first == kNone) return {};
    return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
  }
  // End of the run of the byte at `at`.
  std::size_t run_end(std::size_t at, std::size_t end) const {
    std::size_t stop = at;
    while (stop < end && text_[stop] == text_[at]) ++stop;
    return stop;
  }

  // True: the line ends in prose.
  bool line(std::size_t begin, std::size_t end) {
    const std::string_view inner = trimmed(text_.substr(begin, end - begin));
    if (!fence_.empty()) {
      cut(begin);
      if (inner.size() >= fence_.size() && inner == std::string(inner.size(), fence_[0])) {
        fence_.clear();
      }
      return false;
    }
    std::size_t at = begin;
    while (at < end && std::strchr(" \t\r", text_[at]) != nullptr) blank(at++);
    if (inner.starts_with('>')) return cut(at), false;
    if (inner.starts_with("~~~")) {
      fence_ = std::string(run_end(at, end) - at, '~');
      return cut(at), false;
    }
    return rest_of_line(at, end);
  }

  bool rest_of_line(std::size_t at, std::size_t end) {
    while (at < end) {
      const std::size_t size = std::min(character_size(text_, at), end - at);
      const std::string_view character = text_.substr(at, size);
      std::size_t behind = at + size;
      if (character == "`") {
        behind = behind_code(at, end);
      } else if ((character == "\"" && !in_word_) || character == "\u201C") {
        const std::string_view closing = character == "\"" ? "\"" : "\u201D";
        const std::size_t found = text_.substr(0, end).find(closing, behind);
        behind = found == kNone ? kNone : found + closing.size();
      } else {
        prose(character, at);
        at = behind;
        continue;
      }
      cut(at);
      if (behind == kNone) return false;
      at = behind;
    }
    return true;
  }

  std::size_t behind_code(std::size_t at, std::size_t end) {
    const std::size_t open_end = run_end(at, end), size = open_end - at;
    for (std::size_t i = open_end; i < end;) {
      if (text_[i] != '`') {
        ++i;
        continue;
      }
      const std::size_t stop = run_end(i, end);
      if (stop - i == size) return stop;
      i = stop;
    }
    if (size >= 3) fence_ = std::string(size, '`');
    return kNone;
  }

  void prose(std::string_view character, std::size_t at) {
    if (is_word(character)) {
      const char c = character[0];
      out_.add(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c, at);
      in_word_ = true;
      apostrophe_ = false;
      blanks_ = 0;
    } else if (is_apostrophe(character) && in_word_ && !apostrophe_) {
      apostrophe_ = true;
    } else {
      blank(at);
    }
  }
  void blank(std::size_t at) {
    in_word_ = apostrophe_ = false;
    ++blanks_;
    if (blanks_ == 1) out_.add(' ', at);
    if (blanks_ == 9) cut(at);
  }
  void cut(std::size_t at) {
    in_word_ = apostrophe_ = false;
    out_.add('\n', at);
    out_.add(' ', at);
  }

  std::string_view text_;
  Folded out_;
  std::string fence_;
  bool in_word_ = false, apostrophe_ = false;
  int blanks_ = 0;
};

inline Folded fold(std::string_view text) { return Folder(text).take(); }

struct Hit {
  std::size_t begin, phrase;
  bool operator==(const Hit&) const = default;
};

struct Found {
  std::vector<Hit> hits;  // each begins behind the one before
  std::size_t pending = kNone;
};

// `phrases` folded, each with a blank before it. `text` does not end inside a character.
inline Found find(std::string_view text, const std::vector<std::string>& phrases) {
  Found found;
  const Folded folded = fold(text);
  std::size_t from = 0;
  for (std::size_t end = 1; end <= folded.text.size(); ++end) {
    const std::string_view seen = std::string_view(folded.text).substr(from, end - from);
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < phrases.size(); ++i) {
      if (seen.ends_with(phrases[i]) && (!best || phrases[i].size() > phrases[*best].size())) {
        best = i;
      }
    }
    if (!best) continue;
    found.hits.push_back({folded.at[end - phrases[*best].size() + 1], *best});
    from = end;
  }
  for (std::size_t begin = from; begin + 1 < folded.text.size(); ++begin) {
    const std::string_view rest = std::string_view(folded.text).substr(begin);
    const auto begins = [&](const std::string& phrase) { return phrase.starts_with(rest); };
    if (std::none_of(phrases.begin(), phrases.end(), begins)) continue;
    found.pending = folded.at[begin + 1];
    break;
  }
  return found;
}

// Of any text: with a cut character, what any of its completions leaves pending.
inline std::size_t pending_from(std::string_view text, const std::vector<std::string>& phrases) {
  std::vector<std::string> ends = {""};
  if (text.ends_with("\xE2")) ends = {"\x80\x99", "\x80\x94", "\x80\x9C", "\x84"};
  if (text.ends_with("\xE2\x80")) ends = {"\x99", "\x94", "\x9C"};
  if (text.ends_with("\xE2\x81")) ends = {"\x8A"};
  std::size_t first = kNone;
  for (const std::string& end : ends) {
    const std::size_t pending = find(std::string(text) + end, phrases).pending;
    if (pending < text.size()) first = std::min(first, pending);
  }
  return first;
}

}  // namespace keep::hedge::naive
