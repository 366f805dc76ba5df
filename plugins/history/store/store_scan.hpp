// The scan of a state folder when the proxy starts: figures of every conversation in it.
//
// Blocking file I/O, off the loop. Reads tails only, which are small and know the totals of what is
// before them; a conversation without a good one is opened in full. Nothing is fatal but a folder
// that cannot be made or listed, or a pack that is fine and cannot be read: a conversation that
// cannot be read at all is renamed to *.damaged, one of a newer version stays as it is and unknown.
// What is both in the pack and in files is deleted from the pack, unless the files have less of it:
// then a tail without blocks is deleted.
#pragma once

#include "base/os/file_system.hpp"
#include "base/result.hpp"
#include "plugins/history/log/log_settings.hpp"
#include "plugins/history/pack/pack.hpp"
#include "plugins/history/store/summary.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace keep::history {

struct Found : Summary {
  bool in_pack = false;  // all of it, or what could not be deleted there
};

struct Scan {
  std::vector<Found> found;        // least recently used first
  std::size_t damaged = 0;         // set aside
  std::uint64_t pack_bytes = 0;    // what the disk has less for the pack
  std::vector<std::string> notes;  // one line each, for the log
};

// Opens the pack, too.
Result<Scan> scan_store(FileSystem& files, const std::string& folder, const LogSettings& settings,
                        Pack& pack);

// Where the files of a conversation are, without their endings.
std::string stem_of(const std::string& folder, const ConversationName& name);

}  // namespace keep::history
