// ListSplice: prints a JSON object or array again with some entries left out, replaced or put in
// between. Entries and white space that nothing names stay byte for byte; what has to be
// looked after are the commas. Pure; adds to the pieces of the caller.
#pragma once

#include "openai/edit/pieces.hpp"

#include <cstddef>
#include <string_view>

namespace keep::openai {

class ListSplice {
 public:
  // `list` with its brackets. Then, in order: keep() or drop() for each entry, insert() at will,
  // and finish().
  ListSplice(std::string_view list, Pieces& out);

  // `entry` is a view into the list. Adds what lies before it; the caller adds the entry.
  void keep(std::string_view entry);
  void drop(std::string_view entry);
  // The caller adds the new entry.
  void insert();
  void finish();

 private:
  std::string_view take_until(const char* end) noexcept;

  Pieces& out_;
  std::string_view rest_;    // not passed yet
  bool first_ = true;        // nothing was written yet
  bool at_begin_ = true;     // no entry was passed yet
  std::string_view margin_;  // white space after the opening bracket
};

}  // namespace keep::openai
