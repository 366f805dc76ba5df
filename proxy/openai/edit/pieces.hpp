// Pieces: a text put together from views of others, so that changing a few bytes of a large one
// copies none of it. The texts must outlive this; short ones of no other owner are kept here.
#pragma once

#include <cstddef>
#include <list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace keep::openai {

class Pieces {
 public:
  Pieces() = default;
  Pieces(Pieces&&) = default;
  Pieces& operator=(Pieces&&) = default;

  // What continues the last piece in memory makes it longer.
  void add(std::string_view text);
  void add_own(std::string text);

  std::span<const std::string_view> views() const noexcept { return views_; }
  std::size_t bytes() const noexcept { return bytes_; }
  void append_to(std::string& out) const;

 private:
  std::vector<std::string_view> views_;
  std::list<std::string> own_;  // their bytes never move
  std::size_t bytes_ = 0;
};

}  // namespace keep::openai
