// The scan of a state folder when the proxy starts: figures of every conversation in it.
//
// Blocking file I/O, off the loop. Reads tails only, which are small and know the totals of what is
// before them; a conversation without a good one is opened in full. Nothing is fatal but a folder
// that cannot be made or listed: a conversation that cannot be read at all is renamed to *.damaged,
// one of a newer version stays as it is and unknown.
#pragma once

#include "base/result.hpp"
#include "plugins/history/log_settings.hpp"
#include "plugins/history/summary.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace keep::history {

struct Scan {
  std::vector<Summary> found;      // least recently used first
  std::size_t damaged = 0;         // set aside
  std::vector<std::string> notes;  // one line each, for the log
};

Result<Scan> scan_shelf(const std::string& folder, const LogSettings& settings);

// Where the files of a conversation are, without their endings.
std::string stem_of(const std::string& folder, const ConversationName& name);

}  // namespace keep::history
