#include "openai/edit/list_splice.hpp"

namespace keep::openai {

ListSplice::ListSplice(std::string_view list, Pieces& out) : out_(out), rest_(list) {
  out_.add(rest_.substr(0, 1));
  rest_.remove_prefix(1);
  margin_ = rest_.substr(0, rest_.find_first_not_of(" \t\r\n"));
}

void ListSplice::keep(std::string_view entry) {
  const std::string_view gap = take_until(entry.data());
  rest_.remove_prefix(entry.size());
  if (first_) {
    out_.add(margin_);
  } else if (at_begin_) {
    out_.add(",");  // after an insertion before the first entry
  } else {
    out_.add(gap);
  }
  first_ = at_begin_ = false;
}

void ListSplice::drop(std::string_view entry) {
  take_until(entry.data());
  rest_.remove_prefix(entry.size());
  at_begin_ = false;
}

void ListSplice::insert() {
  if (first_) {
    out_.add(margin_);
  } else {
    out_.add(",");
  }
  first_ = false;
}

void ListSplice::finish() {
  // In an empty list the space before the closing bracket is the one after the opening bracket.
  const bool doubled = at_begin_ && !first_;
  if (doubled) rest_.remove_prefix(margin_.size());
  out_.add(rest_);
}

std::string_view ListSplice::take_until(const char* end) noexcept {
  const std::string_view gap = rest_.substr(0, static_cast<std::size_t>(end - rest_.data()));
  rest_.remove_prefix(gap.size());
  return gap;
}

}  // namespace keep::openai
