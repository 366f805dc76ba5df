// NamedSpeakers: the passages of the sections in which persons speak whom a question names.
//
// A byte for every passage up to the last such one. Any thread, none while another changes it.
#pragma once

#include "search/scope.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace keep::search {

class NamedSpeakers {
 public:
  // Nobody is present. Only passages before `end` will be added.
  void reset(PassageId end);
  // One more person is in all from `first` to before `end`; at most 255 are.
  void add(PassageId first, PassageId end) noexcept;

  std::uint8_t persons(PassageId passage) const noexcept {
    return passage < persons_.size() ? persons_[passage] : 0;
  }
  std::size_t passages() const noexcept { return passages_; }  // where anybody is
  // How many of a list of postings are passages where anybody is.
  std::size_t count(Postings::Cursor postings) const noexcept;

  std::size_t memory_bytes() const noexcept { return persons_.capacity(); }

 private:
  std::vector<std::uint8_t> persons_;  // by passage
  std::size_t passages_ = 0;
};

}  // namespace keep::search
