#include "plugins/hedge/markup.hpp"

namespace keep::hedge {

bool Markup::is_prose_elsewhere(Kind kind, bool in_word) noexcept {
  if (run_size_ > 0 && kind != run_) end_run();
  if (kind == Kind::kTick || kind == Kind::kTilde) return take_run(kind);
  if (kind == Kind::kNewline) return end_line();
  const bool line_begins = line_begins_;
  if (kind != Kind::kSpace) line_begins_ = closes_ = false;
  switch (place_) {
    case Place::kProse: return !begins_other(kind, line_begins, in_word);
    case Place::kQuote:
      if (kind == closing_) place_ = Place::kProse;
      return false;
    default: return false;
  }
}

bool Markup::begins_other(Kind kind, bool line_begins, bool in_word) noexcept {
  if (kind == Kind::kAngle && line_begins) {
    place_ = Place::kQuotedLine;
    return true;
  }
  if ((kind == Kind::kQuote && !in_word) || kind == Kind::kOpenQuote) {
    place_ = Place::kQuote;
    closing_ = kind == Kind::kQuote ? Kind::kQuote : Kind::kCloseQuote;
    return true;
  }
  return false;
}

bool Markup::take_run(Kind kind) noexcept {
  if (run_size_ == 0) {
    run_ = kind;
    run_begins_line_ = line_begins_;
    line_begins_ = closes_ = false;
  }
  ++run_size_;
  const bool may_be_prose = kind == Kind::kTilde && !(run_begins_line_ && run_size_ >= kFence);
  return may_be_prose && place_ == Place::kProse;
}

void Markup::end_run() noexcept {
  const std::size_t size = run_size_;
  run_size_ = 0;
  switch (place_) {
    case Place::kProse:
      if (run_ == Kind::kTilde && !(run_begins_line_ && size >= kFence)) return;
      place_ = run_ == Kind::kTick ? Place::kInlineCode : Place::kFencedCode;
      closing_ = run_;
      closing_size_ = size;
      return;
    case Place::kInlineCode:
      if (run_ == closing_ && size == closing_size_) place_ = Place::kProse;
      return;
    case Place::kFencedCode:
      closes_ = run_begins_line_ && run_ == closing_ && size >= closing_size_;
      return;
    default: return;
  }
}

// The end of a line is prose where the line was.
bool Markup::end_line() noexcept {
  const bool was_prose = place_ == Place::kProse;
  const bool is_fence = place_ == Place::kInlineCode && closing_size_ >= kFence;
  const bool stays_code = place_ == Place::kFencedCode && !closes_;
  place_ = is_fence || stays_code ? Place::kFencedCode : Place::kProse;
  line_begins_ = true;
  closes_ = false;
  return was_prose;
}

}  // namespace keep::hedge
