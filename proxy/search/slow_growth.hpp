// How the large arrays of an index grow: by a sixteenth instead of to the double, because there are
// many indexes and what is reserved is memory that nothing else can use. Any thread.
#pragma once

#include <utility>
#include <vector>

namespace keep::search {

template <class T>
void push_back(std::vector<T>& values, T value) {
  if (values.size() == values.capacity()) values.reserve(values.size() + values.size() / 16 + 16);
  values.push_back(std::move(value));
}

}  // namespace keep::search
