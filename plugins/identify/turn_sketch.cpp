#include "plugins/identify/turn_sketch.hpp"

#include "base/hash.hpp"
#include "base/json/json.hpp"
#include "base/text/utf8.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace keep::identify {

namespace {

using Words = std::vector<std::uint16_t>;
using View = std::span<const std::uint16_t>;

constexpr std::size_t kMaxWords = TurnSketch::kHeadWords + TurnSketch::kTailWords;
constexpr std::size_t kTailBytes = 1024;  // of one text, in which its last words are looked for
constexpr std::size_t kFewWords = 4;      // as many do not stand in another text by chance
constexpr std::size_t kManyWords = 16;    // ... nor as many at the edge of what is known of it
constexpr std::size_t kMaxMessages = 8;   // of one turn

// What hides an end of a text has so many words more than are kept of that end, two bytes each.
constexpr std::size_t kHidesHead = 2 * (TurnSketch::kHeadWords - kManyWords);
constexpr std::size_t kHidesTail = 2 * (TurnSketch::kTailWords - kManyWords);

enum class Byte : std::uint8_t { kOther, kWord, kSeparator };

constexpr auto kBytes = [] {
  std::array<Byte, 256> bytes{};
  const auto set = [&bytes](unsigned char c, Byte kind) { bytes[c] = kind; };
  for (unsigned char c = '0'; c <= '9'; ++c) set(c, Byte::kWord);
  for (unsigned char c = 'a'; c <= 'z'; ++c) set(c, Byte::kWord);
  for (unsigned char c = 'A'; c <= 'Z'; ++c) set(c, Byte::kWord);
  for (const char c : std::string_view("[](){}<>:;.!?|#*=")) {
    set(static_cast<unsigned char>(c), Byte::kSeparator);
  }
  return bytes;
}();

Byte kind_of(char c) noexcept { return kBytes[static_cast<unsigned char>(c)]; }
bool is_word_byte(char c) noexcept { return kind_of(c) == Byte::kWord; }

// Punctuation of other scripts: U+2000 to U+207F, U+3000 to U+303F, the wide forms of ASCII.
bool separates(std::string_view character) noexcept {
  if (character.size() == 1) return kind_of(character[0]) == Byte::kSeparator;
  return character.starts_with("\xe2\x80") || character.starts_with("\xe2\x81") ||
         character.starts_with("\xe3\x80") || character.starts_with("\xef\xbc");
}

// Reads the inside of a JSON string as it stands there: escapes are the same whenever the client
// sends the text again, so that nothing has to be decoded.
class WordReader {
 public:
  explicit WordReader(std::string_view text) : rest_(text) {}

  // Adds words until there are `limit`. -> whether the text has ended.
  bool read(Words& words, std::size_t limit) {
    while (!rest_.empty()) {
      if (rest_.front() == ' ') {  // most of what stands between words
        rest_.remove_prefix(1);
        continue;
      }
      const std::string_view unit = next_unit();
      if (!is_word(unit)) {
        mark_ = mark_ || separates(unit) || unit == "\\n" || unit == "\\r";
      } else {
        if (words.size() == limit) return false;
        const auto hash = static_cast<std::uint16_t>(hash64(unit) << 1U);
        words.push_back(static_cast<std::uint16_t>(hash | (mark_ ? 1U : 0U)));
        mark_ = false;
      }
      rest_.remove_prefix(unit.size());
    }
    return true;
  }

 private:
  static bool is_word(std::string_view unit) noexcept {
    return is_word_byte(unit.front()) || unit.starts_with("\\u") ||
           (!utf8::is_ascii(unit.front()) && !separates(unit));
  }
  // A word, an escape, or one character: scripts without spaces have no words to be found.
  std::string_view next_unit() const noexcept {
    std::size_t end = 1;
    if (rest_[0] == '\\') return rest_.substr(0, rest_.substr(1).starts_with('u') ? 6 : 2);
    const bool beyond = !utf8::is_ascii(rest_[0]);
    if (!beyond && !is_word_byte(rest_[0])) return rest_.substr(0, 1);
    while (end < rest_.size() &&
           (beyond ? utf8::is_inside(rest_[end]) : is_word_byte(rest_[end]))) {
      ++end;
    }
    return rest_.substr(0, end);
  }

  std::string_view rest_;
  bool mark_ = true;  // a text begins
};

void add_text(const json::Value& text, std::vector<std::string_view>& texts) {
  const std::string_view raw = text.raw();
  if (text.is_string() && raw.size() > 2) texts.push_back(raw.substr(1, raw.size() - 2));
}

std::vector<std::string_view> texts_of(std::span<const openai::Message> turn, bool& media) {
  std::vector<std::string_view> texts;
  for (const openai::Message& message : turn) {
    if (!is_said(message)) continue;
    add_text(message.content, texts);
    if (!message.content.is_array()) continue;
    for (const json::Value part : message.content.elements()) {
      const json::Value text = part.find("text");
      media = media || text.missing();
      add_text(text, texts);
    }
  }
  return texts;
}

// The end of a text, from a place on that is in no escape and in no character.
std::string_view end_of(std::string_view text) noexcept {
  if (text.size() <= kTailBytes) return text;
  text.remove_prefix(text.size() - kTailBytes);
  const auto safe = [](char c) { return c == ' ' || (!utf8::is_ascii(c) && !utf8::is_inside(c)); };
  const auto at = std::ranges::find_if(text, safe);
  text.remove_prefix(static_cast<std::size_t>(at - text.begin()));
  return text;
}

Words last_words(std::span<const std::string_view> texts) {
  Words words;
  for (std::size_t i = texts.size(); i-- > 0 && words.size() < TurnSketch::kTailWords;) {
    Words before;
    WordReader(end_of(texts[i])).read(before, kTailBytes);
    words.insert(words.begin(), before.begin(), before.end());
  }
  if (words.size() > TurnSketch::kTailWords) {
    words.erase(words.begin(), words.end() - TurnSketch::kTailWords);
  }
  return words;
}

bool same_word(std::uint16_t a, std::uint16_t b) noexcept { return (a | 1U) == (b | 1U); }

// Whether all of `part` stands in `text`. `ends`: the text ends there, it is not only cut off.
bool stands_whole(View part, View text, bool ends) {
  const bool few = part.size() < kFewWords;
  for (std::size_t at = 0; at + part.size() <= text.size(); ++at) {
    if (!std::ranges::equal(part, text.subspan(at, part.size()), same_word)) continue;
    const std::size_t end = at + part.size();
    const bool alone = (text[at] & 1U) != 0 && (end == text.size() ? ends : (text[end] & 1U) != 0);
    if (!few || alone) return true;
  }
  return false;
}

// Whether `part` begins in `text` and goes on where nothing more is known of one of the two.
bool runs_off(View part, View text) {
  for (std::size_t at = 0; at + kManyWords <= text.size(); ++at) {
    const std::size_t seen = std::min(part.size(), text.size() - at);
    if (seen < kManyWords) return false;
    if (std::ranges::equal(part.first(seen), text.subspan(at, seen), same_word)) return true;
  }
  return false;
}

bool stands_in(const TurnSketch& part, const TurnSketch& text) {
  if (part.head.empty()) return false;
  if (part.whole() && stands_whole(part.head, text.head, text.whole())) return true;
  if (text.whole()) return false;
  if (part.whole() && stands_whole(part.head, text.tail, true)) return true;
  if (part.bytes > text.bytes) return false;
  const std::size_t room = text.bytes - part.bytes;
  const bool begins = runs_off(part.head, text.head);
  if (begins && room >= kHidesTail) return true;
  if (!begins && room < kHidesHead) return false;
  const Words& part_end = part.whole() ? part.head : part.tail;
  const Words from_end(part_end.rbegin(), part_end.rend());
  const Words text_from_end(text.tail.rbegin(), text.tail.rend());
  return runs_off(from_end, text_from_end);
}

}  // namespace

bool is_said(const openai::Message& message) noexcept {
  return message.hash != 0 && message.role != "system" && message.role != "developer" &&
         message.role != "reasoning";
}

TurnSketch sketch_of(std::span<const openai::Message> turn) {
  TurnSketch sketch;
  const auto texts = texts_of(turn, sketch.media);
  for (const openai::Message& message : turn) {
    if (is_said(message)) sketch.bytes += static_cast<std::uint32_t>(message.text_bytes);
  }
  bool ended = true;
  sketch.head.reserve(kMaxWords);
  for (std::size_t i = 0; i < texts.size() && ended; ++i) {
    ended = WordReader(texts[i]).read(sketch.head, kMaxWords);
  }
  if (!ended) {
    sketch.head.resize(TurnSketch::kHeadWords);
    sketch.tail = last_words(texts);
  }
  return sketch;
}

std::vector<TurnSketch> sketch_each(std::span<const openai::Message> turn) {
  std::vector<TurnSketch> sketches;
  for (const openai::Message& message : turn) {
    if (!is_said(message)) continue;
    if (sketches.size() == kMaxMessages) return {};
    sketches.push_back(sketch_of(std::span(&message, 1)));
  }
  return sketches;
}

bool retells(std::span<const TurnSketch> plain, const TurnSketch& turn) {
  const auto stands = [&turn](const TurnSketch& told) {
    return stands_in(told, turn) || (turn.media && stands_in(turn, told));
  };
  return !plain.empty() && std::ranges::all_of(plain, stands);
}

}  // namespace keep::identify
