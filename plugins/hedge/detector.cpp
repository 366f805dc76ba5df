#include "plugins/hedge/detector.hpp"

#include "base/text/utf8.hpp"

#include <algorithm>

namespace keep::hedge {

std::optional<Detector::Hit> Detector::feed(std::string_view piece) noexcept {
  for (const char c : piece) {
    read(static_cast<unsigned char>(c));
    const std::uint32_t phrase = phrases_->phrase[state_];
    if (phrase == Phrases::kNoPhrase) continue;
    const Hit hit{begin_of_last(phrases_->phrase_words[phrase]), size_, phrase};
    state_ = Phrases::kInside;
    return hit;
  }
  return std::nullopt;
}

void Detector::read(unsigned char byte) noexcept {
  if (lead_size_ == 1 && is_second_byte(byte)) {
    lead_[lead_size_++] = byte;
  } else if (lead_size_ == 2 && utf8::is_inside(static_cast<char>(byte))) {
    lead_size_ = 0;
    take(general_punctuation(lead_[1], byte), byte, size_ - 2);
  } else {
    if (lead_size_ > 0) take_lead_as_word();
    const Kind kind = kind_of(byte);
    if (kind == Kind::kLead) {
      lead_[lead_size_++] = byte;
    } else {
      take(kind, byte, size_);
    }
  }
  ++size_;
}

void Detector::take_lead_as_word() noexcept {
  const std::size_t size = lead_size_;
  lead_size_ = 0;
  for (std::size_t i = 0; i < size; ++i) take(Kind::kWord, lead_[i], size_ - size + i);
}

void Detector::take(Kind kind, unsigned char byte, std::size_t begin) noexcept {
  if (!markup_.is_prose(kind, folding_.in_word())) {
    folding_.break_off();
    state_ = Phrases::kBlank;
    return;
  }
  switch (folding_.take(kind)) {
    case Folding::Step::kNothing: return;
    case Folding::Step::kWordBegins: begins_[++words_ % kMaxWords] = begin; [[fallthrough]];
    case Folding::Step::kWord: state_ = phrases_->after_byte(state_, byte); return;
    case Folding::Step::kBlank: state_ = phrases_->after_blank(state_); return;
    case Folding::Step::kBreak: state_ = Phrases::kBlank; return;
  }
}

std::size_t Detector::begin_of_last(std::size_t words) const noexcept {
  return begins_[(words_ - words + 1) % kMaxWords];
}

std::size_t Detector::begin_of_state() const noexcept {
  const std::size_t words = phrases_->words[state_];
  return words == 0 ? kNone : begin_of_last(words);
}

// A character that is not complete may be an apostrophe, a blank, or, after its first byte, a
// letter.
std::size_t Detector::pending_from() const noexcept {
  if (lead_size_ == 0) return begin_of_state();
  std::size_t first = kNone;
  const auto consider = [&](Kind kind) {
    Detector other = *this;
    other.take(kind, lead_[0], size_ - lead_size_);
    first = std::min(first, other.begin_of_state());
  };
  consider(Kind::kPunctuation);
  if (lead_size_ == 1) consider(Kind::kWord);
  if (lead_size_ == 1 || lead_[1] == 0x80) consider(Kind::kApostrophe);
  return first;
}

void Detector::restart(std::string_view text_so_far) noexcept {
  *this = Detector(std::move(phrases_));
  for (const char c : text_so_far) read(static_cast<unsigned char>(c));
  state_ = folding_.in_word() ? Phrases::kInside : Phrases::kBlank;
}

}  // namespace keep::hedge
