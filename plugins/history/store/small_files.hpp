// SmallFiles: which conversations are worth a place in the pack, and their way into it.
//
// Blocking; one thread at a time. Safe by order, whenever the process ends: what goes into the pack
// is on the disk there before the files are deleted, and a conversation that has outgrown it is on
// the disk in its files before it is deleted there. Where both exist, what has more messages
// counts; the files, when both have as many. Only the loss of power leaves fewer in the files.
#pragma once

#include "base/os/file_system.hpp"
#include "plugins/history/pack/pack.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace keep::history {

// No more than this is packed, and nothing that would save less than a quarter.
inline constexpr std::uint64_t kMaxPackedBytes = 8 << 10;

std::string key_of(const std::string& stem);

// What became of a conversation.
struct Packed {
  bool holds = false;                  // the pack has it, or has something of it
  std::optional<std::uint64_t> bytes;  // its files are gone, and that much is in the pack
};

// For each stem; none of the conversations may be open. On failure everything is as it was. What
// the pack has more of than the files stays as it is.
Result<std::vector<Packed>> pack_small(FileSystem& files, Pack& pack,
                                       std::span<const std::string> stems);

// Deletes from the pack what has files with as much in them, which survive the loss of power by
// then. -> why some stay, one line each
Result<std::vector<std::string>> leave_pack(FileSystem& files, Pack& pack,
                                            std::span<const std::string> stems);

}  // namespace keep::history
