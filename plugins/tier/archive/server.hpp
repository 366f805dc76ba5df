// ArchiveServer: what the archive knows of one llama-server. Loop thread only.
#pragma once

#include "plugins/tier/archive/restore_cost.hpp"
#include "plugins/tier/archive/staging.hpp"
#include "plugins/tier/slot_file/slot_file.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace keep::tier {

struct ArchiveServer {
  // What it saves cannot be kept: one reason is enough, until it is started anew.
  enum class Off : std::uint8_t { kNo, kNoFolder, kNoSlotFiles, kOtherFolder, kLayout, kUseless };

  std::unique_ptr<Staging> staging;  // null: nobody has told where it saves slots
  std::string model;                 // model_of(); empty: not known, nothing is kept
  std::uint64_t generation = 0;      // grows when it may have been started anew
  Off off = Off::kNo;
  std::shared_ptr<const KvLayout> layout;  // of what it saved last
  std::uint32_t streams = 0;               // of its KV cache; 0: not known
  int useless = 0;                         // restores in a row that it made nothing of
  RestoreCost cost;

  bool usable() const noexcept { return staging && !model.empty() && off == Off::kNo; }
};

}  // namespace keep::tier
