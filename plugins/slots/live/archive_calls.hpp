// ArchiveCalls: a SlotArchive as slots calls it: what a slot holds in the archive's words, and
// calls that always end. Loop thread only.
//
// A call ends when the archive is done, when its time is over, or when its server has been started
// anew; whatever the archive throws is a failure of it and of nobody else.
#pragma once

#include "exchange/interfaces/slot_archive.hpp"
#include "plugins/slots/table/kv_budget.hpp"
#include "plugins/slots/table/slot_table.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <list>
#include <optional>

namespace keep::slots {

class ArchiveCalls {
 public:
  ArchiveCalls(SlotArchive& archive, Duration limit) : archive_(archive), limit_(limit) {}
  ArchiveCalls(const ArchiveCalls&) = delete;
  ArchiveCalls& operator=(const ArchiveCalls&) = delete;

  // Of each slot; 0 where nobody is warm.
  SlotCosts costs(std::size_t upstream, const SlotTable& table) const;
  // What that slot holds, if the archive wants to keep it.
  std::optional<SlotContent> wanted(SlotPlace place, const Slot& slot) const;
  Tokens has(std::size_t upstream, const WantedPrompt& prompt) const {
    return archive_.has(upstream, prompt);
  }

  asio::awaitable<void> keep(SlotPlace place, SlotContent content);
  // How many tokens the slot holds now instead; 0: it is as it was; nothing: not known.
  asio::awaitable<std::optional<Tokens>> bring_back(SlotPlace place, WantedPrompt prompt);
  // That server's slots are others now: ends the calls about them.
  void cut_short(std::size_t upstream);

 private:
  struct Limit {
    std::size_t upstream;
    asio::steady_timer timer;
  };
  // -> whether `work` has come to its own end.
  asio::awaitable<bool> within_limit(std::size_t upstream, asio::awaitable<void> work);

  SlotArchive& archive_;
  const Duration limit_;
  std::list<Limit> limits_;  // of the calls that are running
};

}  // namespace keep::slots
