#include "openai/edit/pieces.hpp"

#include <utility>

namespace keep::openai {

void Pieces::add(std::string_view text) {
  if (text.empty()) return;
  bytes_ += text.size();
  if (!views_.empty()) {
    std::string_view& last = views_.back();
    if (last.data() + last.size() == text.data()) {
      last = {last.data(), last.size() + text.size()};
      return;
    }
  }
  views_.push_back(text);
}

void Pieces::add_own(std::string text) { add(own_.emplace_back(std::move(text))); }

void Pieces::append_to(std::string& out) const {
  for (const std::string_view view : views_) out += view;
}

}  // namespace keep::openai
