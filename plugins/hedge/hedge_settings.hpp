#pragma once

#include <cstddef>
#include <string>

namespace keep::hedge {

struct HedgeSettings {
  bool enabled = true;
  std::size_t max_resubmits = 2;  // of one answer
  double low_probability = 0;     // a token less likely than this counts as hedging; 0: none does
  std::string phrases_file;       // one phrase in each line, # comments; empty: the built-in ones
};

}  // namespace keep::hedge
