// SlotContents: what becomes of what slots hold: kept before it goes, emptied where its cells are
// needed, brought back. And the probe for a RAM cache, which costs one slot its content.
//
// Loop thread only. The work runs in the Spawner and keeps this alive. A slot always comes back:
// one that cannot be emptied is as it was, and an archive has only so much time.
#pragma once

#include "exchange/interfaces/services.hpp"
#include "exchange/interfaces/slot_archive.hpp"
#include "exchange/interfaces/tenancy.hpp"
#include "exchange/interfaces/upstreams.hpp"
#include "plugins/slots/live/archive_calls.hpp"
#include "plugins/slots/live/slot_watch.hpp"
#include "plugins/slots/slots_settings.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace keep::slots {

class SlotContents : public std::enable_shared_from_this<SlotContents> {
 public:
  using Done = std::function<void()>;

  SlotContents(Services& services, const Servers& servers, const Tenancy& tenancy,
               SlotArchive& archive, const SlotsSettings& settings,
               std::shared_ptr<SlotWatch> watch);
  // `room`: a slot or cells may have become available.
  void start(Done room) { room_ = std::move(room); }

  // What it costs to lose what is in each slot of that upstream.
  SlotCosts costs(std::size_t upstream) const;
  // Keeps, if the archive wants it, what an idle slot holds, and parks it: its cells are needed.
  // `done` is called when that is done, or cannot be.
  void give_up(std::size_t upstream, std::size_t slot, const Done& done);
  // Parks a slot for its own holder, who comes to an empty one; `done` as above.
  void prime(std::size_t upstream, std::size_t slot, Done done);
  // That conversation has ended: see SlotTable::end().
  void end(std::uint64_t conversation);
  // Erases what ended conversations have left in slots that nobody uses. Nothing of it is kept.
  void erase_ended();

  // Before an idle slot is handed to somebody else: whether the archive wants what it holds.
  bool is_wanted(std::size_t upstream, std::size_t slot) const;
  // Has it kept. The slot is vacating meanwhile, with so much set aside for who gets it; `done` is
  // called in the instant in which it is as it was, and may lease it.
  void keep(std::size_t upstream, std::size_t slot, Tokens reserve, Done done);
  Tokens has(std::size_t upstream, const WantedPrompt& prompt) const {
    return archive_.has(upstream, prompt);
  }
  // Into a leased slot, for its holder. `done` is told as ArchiveCalls::bring_back says.
  void bring_back(std::size_t upstream, std::size_t slot, WantedPrompt prompt,
                  std::function<void(std::optional<Tokens>)> done);
  // That upstream's table was made anew.
  void rebuilt(std::size_t upstream) { archive_.cut_short(upstream); }

  // Where tenants are kept apart: asks once whether that server has a RAM cache.
  void look_for_ram_cache(std::size_t upstream);

 private:
  enum class Emptying { kPark, kErase };
  using Self = std::shared_ptr<SlotContents>;

  static asio::awaitable<void> run_emptying(Self self, std::size_t upstream, std::size_t slot,
                                            Emptying how, std::optional<SlotContent> content,
                                            Done done);
  static asio::awaitable<void> run_prime(Self self, std::size_t upstream, std::size_t slot,
                                         Done done);
  static asio::awaitable<void> run_keep(Self self, SlotPlace place, SlotContent content, Done done);
  static asio::awaitable<void> run_bring_back(Self self, SlotPlace place, WantedPrompt prompt,
                                              std::function<void(std::optional<Tokens>)> done);
  static asio::awaitable<void> run_ram_probe(Self self, std::size_t upstream);
  asio::awaitable<std::optional<std::size_t>> take_spare_slot(std::size_t upstream);
  Task<> park(std::size_t upstream, std::size_t slot);
  asio::awaitable<Result<>> empty(std::size_t upstream, std::size_t slot, Emptying how);
  bool begin_emptying(std::size_t upstream, std::size_t slot, Emptying how, Done done);
  std::optional<SlotContent> wanted(std::size_t upstream, std::size_t slot) const;
  SlotTable& table(std::size_t upstream) const { return watch_->at(upstream).table; }

  Services& services_;
  const Servers& servers_;
  const Tenancy& tenancy_;
  const std::shared_ptr<SlotWatch> watch_;
  ArchiveCalls archive_;
  std::vector<bool> probing_;  // by upstream
  bool marked_ = false;        // there may be something of an ended conversation
  Done room_;
  Counter given_up_;
};

}  // namespace keep::slots
