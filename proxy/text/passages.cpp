#include "text/passages.hpp"

#include "base/text/utf8.hpp"

#include <array>

namespace keep::text {

namespace {

// A word costs 1.3 tokens, and a long one more: what has no spaces has tokens all the same.
constexpr std::size_t kWordCost = 13;
constexpr std::size_t kLongWord = 12;  // bytes
constexpr std::size_t kByteCost = 2;   // of the bytes after these
constexpr std::size_t kMaxCost = kPassageTokens * 10;
constexpr std::size_t kMinCost = kMaxCost / 2;
// What is a little too long for one passage stays one: no passage of a few words at the end.
constexpr std::size_t kWholeCost = kMaxCost * 5 / 4;

constexpr std::string_view kIdeographicStop = "\u3002";

enum Cut { kParagraph, kLine, kSentence, kWord, kCuts };

bool is_space(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool ends_sentence(std::string_view text) noexcept {
  return text.ends_with('.') || text.ends_with('?') || text.ends_with('!');
}

// Finds the end of the first piece of a text.
class Piece {
 public:
  std::size_t size_in(std::string_view text) noexcept {
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (is_space(text[at])) {
        word_bytes_ = 0;
      } else {
        cost_ += word_bytes_ == 0 ? kWordCost : word_bytes_ > kLongWord ? kByteCost : 0;
        ++word_bytes_;
      }
      if (cost_ > kWholeCost) return best_cut(at);
      if (cost_ > kMaxCost) continue;
      if (!utf8::is_inside(text[at])) last_character_ = at;
      if (cost_ >= kMinCost) look_for_cut(text.substr(0, at + 1));
    }
    return text.size();
  }

 private:
  // Whether one may cut at the end of `text`.
  void look_for_cut(std::string_view text) noexcept {
    const std::string_view before = text.substr(0, text.size() - 1);
    if (text.ends_with('\n')) {
      cuts_[before.ends_with('\n') || before.ends_with("\n\r") ? kParagraph : kLine] = text.size();
    } else if (is_space(text.back())) {
      cuts_[ends_sentence(before) ? kSentence : kWord] = text.size();
    } else if (text.ends_with(kIdeographicStop)) {
      cuts_[kSentence] = text.size();
    }
  }

  std::size_t best_cut(std::size_t at) const noexcept {
    for (const std::size_t cut : cuts_) {
      if (cut > 0) return cut;
    }
    // Bytes that are no text may have no beginning of a character.
    return last_character_ > 0 ? last_character_ : at;
  }

  std::size_t cost_ = 0;
  std::size_t word_bytes_ = 0;
  std::size_t last_character_ = 0;  // where it begins
  std::array<std::size_t, kCuts> cuts_{};
};

}  // namespace

std::vector<std::string_view> split_passages(std::string_view text) {
  std::vector<std::string_view> pieces;
  while (!text.empty()) {
    const std::size_t size = Piece().size_in(text);
    pieces.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return pieces;
}

}  // namespace keep::text
