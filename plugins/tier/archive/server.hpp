// ArchiveServer: what the archive knows of one llama-server. Loop thread only.
#pragma once

#include "base/time/clock.hpp"
#include "exchange/interfaces/upstreams.hpp"
#include "plugins/tier/archive/restore_cost.hpp"
#include "plugins/tier/archive/server_model.hpp"
#include "plugins/tier/archive/staging.hpp"
#include "plugins/tier/slot_file/slot_file.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace keep::tier {

struct ArchiveServer {
  // What it saves cannot be kept: one reason is enough, until it is started anew.
  enum class Off : std::uint8_t { kNo, kNoFolder, kNoSlotFiles, kOtherFolder, kLayout, kUseless };

  std::unique_ptr<Staging> staging;   // null: nobody has told where it saves slots
  std::string model;                  // model_of(); empty: not known, nothing is kept
  ServerProps props;                  // when it was asked last
  std::uint64_t generation = 0;       // its run: another when it may have been started anew
  std::vector<std::uint64_t> same;    // runs that have computed what this one does, and this one
  std::vector<std::uint64_t> others;  // runs that have not
  Off off = Off::kNo;
  std::map<int, std::int64_t> tasks;       // the last one of each slot, as seen last
  Instant looked{};                        // when that was
  std::shared_ptr<const KvLayout> layout;  // of what it saved last
  std::uint32_t streams = 0;               // of its KV cache; 0: not known
  bool useful = false;                     // it has made use of something that was restored
  int unreadable = 0;                      // files of it in a row, before one that is understood
  int useless = 0;                         // restores before that, which it made nothing of
  RestoreCost cost;
  mutable std::uint32_t declined = 0;  // restores that did not pay

  // Once in a while it is tried all the same: what restoring takes is learned from nothing else.
  bool is_worth(std::int64_t tokens, std::uint64_t bytes) const noexcept {
    constexpr std::uint32_t kTrial = 8;
    return cost.pays(tokens, bytes) || ++declined % kTrial == 0;
  }
  // Whether it was started anew since the last look: its slots count their tasks from 0 then.
  bool has_restarted(const std::vector<SlotState>& slots) const;
  void note_tasks(const std::vector<SlotState>& slots);

  // What is saved is kept under the oldest name that is as good.
  ModelRun name() const { return {model, *std::ranges::min_element(same)}; }
  bool computes_as(const ModelRun& by) const {
    return by.model == model && std::ranges::count(same, by.run) > 0;
  }
  bool may_compute_as(const ModelRun& by) const {
    return by.model == model && std::ranges::count(others, by.run) == 0;
  }
  bool usable() const noexcept { return staging && !model.empty() && off == Off::kNo; }
};

}  // namespace keep::tier
