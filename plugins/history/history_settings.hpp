#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace keep::history {

struct HistorySettings {
  bool enabled = true;
  std::string folder;                              // conversations are kept below it
  std::size_t max_bytes = std::size_t{10} << 30;   // on disk, all of them; 0: no limit
  std::chrono::milliseconds ttl{0};                // since the last use; 0: for ever
  std::size_t max_open = 256;                      // files held open
  std::size_t max_conversation_tokens = 10000000;  // no longer; announced as max_model_len
  std::size_t window_tokens = 0;  // what the model can see; 0: what llama-server has
  double low_water = 0.5;         // of the window, filled after a cut
  std::size_t recall_tokens = 0;  // set aside for recalled text; set by whoever wires the plugins
  std::size_t queue = 0;          // likewise: requests that may wait for a slot
};

}  // namespace keep::history
