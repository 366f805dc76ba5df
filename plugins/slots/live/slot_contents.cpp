#include "plugins/slots/live/slot_contents.hpp"

#include "base/log.hpp"
#include "plugins/slots/live/ram_probe.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <utility>

namespace keep::slots {

namespace {

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);

SlotPlace place_of(std::size_t upstream, std::size_t slot) {
  return {upstream, static_cast<int>(slot)};
}

}  // namespace

SlotContents::SlotContents(Services& services, const Servers& servers, const Tenancy& tenancy,
                           SlotArchive& archive, const SlotsSettings& settings,
                           std::shared_ptr<SlotWatch> watch)
    : services_(services),
      servers_(servers),
      tenancy_(tenancy),
      watch_(std::move(watch)),
      archive_(archive, settings.archive_limit),
      probing_(watch_->size()),
      given_up_(services.metrics.counter("slots_given_up_total",
                                         "Idle slots emptied because their cells were needed")) {}

SlotCosts SlotContents::costs(std::size_t upstream) const {
  return archive_.costs(upstream, table(upstream));
}

void SlotContents::give_up(std::size_t upstream, std::size_t slot, const Done& done) {
  if (begin_emptying(upstream, slot, Emptying::kPark, done)) {
    given_up_.add();
  } else {
    done();
  }
}

void SlotContents::end(std::uint64_t conversation) {
  for (std::size_t i = 0; i < watch_->size(); ++i) table(i).end(conversation);
  marked_ = true;
  erase_ended();
}

void SlotContents::erase_ended() {
  if (!marked_) return;  // the ordinary case, with each request
  marked_ = false;
  for (std::size_t upstream = 0; upstream < watch_->size(); ++upstream) {
    const SlotTable& slots = table(upstream);
    for (std::size_t slot = 0; slot < slots.size(); ++slot) {
      if (slots.at(slot).ended) begin_emptying(upstream, slot, Emptying::kErase, [] {});
    }
    marked_ = marked_ || slots.holds_ended();
  }
}

// false: it is in use, and `done` is not called.
bool SlotContents::begin_emptying(std::size_t upstream, std::size_t slot, Emptying how, Done done) {
  std::optional<SlotContent> content;
  if (how == Emptying::kPark) content = wanted(upstream, slot);
  if (!table(upstream).begin_vacate(slot)) return false;
  services_.spawner.spawn("slot emptying", run_emptying(shared_from_this(), upstream, slot, how,
                                                        std::move(content), std::move(done)));
  return true;
}

// A prompt of one token frees the cells as an erase does, but a llama-server with a RAM cache moves
// there what the slot held, and looks there for the next prompt pinned to it, which it does not for
// an empty slot.
Task<> SlotContents::park(std::size_t upstream, std::size_t slot) {
  const auto answer = co_await read_into(servers_.queries, upstream, slot, kFillerPrompt);
  if (!answer) co_return answer.error();
  co_return Result<>{};
}

asio::awaitable<Result<>> SlotContents::empty(std::size_t upstream, std::size_t slot,
                                              Emptying how) {
  SlotControl& control = servers_.upstreams.at(upstream).slots();
  const int id = static_cast<int>(slot);
  Result<> result = Error();
  try {
    if (how == Emptying::kErase) {
      result = co_await control.erase(id);
      // It runs without --slot-save-path, but can be made to think of something else.
      if (!result && result.error().fault == Fault::kNotFound)
        result = co_await park(upstream, slot);
    } else {
      result = co_await park(upstream, slot);
    }
  } catch (const std::exception& e) {
    result = Error(Fault::kInternal, Side::kInternal, e.what());
  }
  co_return result;
}

asio::awaitable<void> SlotContents::run_emptying(Self self, std::size_t upstream, std::size_t slot,
                                                 Emptying how, std::optional<SlotContent> content,
                                                 Done done) {
  const std::uint64_t generation = self->watch_->generation(upstream);
  if (content) {
    const SlotPlace place = place_of(upstream, slot);
    co_await self->archive_.keep(place, std::move(*content));
  }
  if (generation == self->watch_->generation(upstream)) {
    if (self->table(upstream).at(slot).ended) how = Emptying::kErase;  // nothing for a RAM cache
    const Result<> result = co_await self->empty(upstream, slot, how);
    if (generation == self->watch_->generation(upstream)) {
      SlotTable& slots = self->table(upstream);
      if (result) {
        slots.vacated(slot, how == Emptying::kPark ? 1 : 0);
      } else if (how == Emptying::kPark) {
        slots.not_vacated(slot);
      } else {
        slots.not_erased(slot);
        log::warn("what an ended conversation has left in a slot could not be erased",
                  {{"slot", slot}, {"why", to_string(result.error().fault)}});
      }
    }
  }
  done();
  self->room_();
}

void SlotContents::prime(std::size_t upstream, std::size_t slot, Done done) {
  services_.spawner.spawn("slot priming",
                          run_prime(shared_from_this(), upstream, slot, std::move(done)));
}

asio::awaitable<void> SlotContents::run_prime(Self self, std::size_t upstream, std::size_t slot,
                                              Done done) {
  co_await self->empty(upstream, slot, Emptying::kPark);  // in vain: the prompt is read, no more
  done();
}

// Where the server chooses slots, what one holds is not known.
std::optional<SlotContent> SlotContents::wanted(std::size_t upstream, std::size_t slot) const {
  if (watch_->at(upstream).clears_idle) return std::nullopt;
  return archive_.wanted(place_of(upstream, slot), table(upstream).at(slot));
}

bool SlotContents::is_wanted(std::size_t upstream, std::size_t slot) const {
  return wanted(upstream, slot).has_value();
}

void SlotContents::keep(std::size_t upstream, std::size_t slot, Tokens reserve, Done done) {
  auto content = wanted(upstream, slot);
  if (!content || !table(upstream).begin_vacate(slot, reserve)) {
    done();
    return;
  }
  services_.spawner.spawn("slot keeping", run_keep(shared_from_this(), place_of(upstream, slot),
                                                   std::move(*content), std::move(done)));
}

asio::awaitable<void> SlotContents::run_keep(Self self, SlotPlace place, SlotContent content,
                                             Done done) {
  const std::size_t upstream = place.upstream;
  const std::uint64_t generation = self->watch_->generation(upstream);
  co_await self->archive_.keep(place, std::move(content));
  if (generation == self->watch_->generation(upstream)) {
    self->table(upstream).not_vacated(static_cast<std::size_t>(place.slot));
  }
  done();
  self->room_();
}

void SlotContents::bring_back(std::size_t upstream, std::size_t slot, WantedPrompt prompt,
                              std::function<void(std::optional<Tokens>)> done) {
  const SlotPlace place = place_of(upstream, slot);
  services_.spawner.spawn("slot restoring", run_bring_back(shared_from_this(), place,
                                                           std::move(prompt), std::move(done)));
}

asio::awaitable<void> SlotContents::run_bring_back(
    Self self, SlotPlace place, WantedPrompt prompt,
    std::function<void(std::optional<Tokens>)> done) {
  const auto held = co_await self->archive_.bring_back(place, std::move(prompt));
  done(held);
}

void SlotContents::look_for_ram_cache(std::size_t upstream) {
  const UpstreamSlots& slots = watch_->at(upstream);
  const bool wanted = tenancy_.isolated && slots.ram == RamCache::kUnknown;
  if (!wanted || slots.table.size() == 0 || probing_[upstream]) return;
  probing_[upstream] = true;
  services_.spawner.spawn("RAM cache probe", run_ram_probe(shared_from_this(), upstream));
}

// The one whose loss hurts least, once the slots of a server that comes up have settled.
asio::awaitable<std::optional<std::size_t>> SlotContents::take_spare_slot(std::size_t upstream) {
  asio::steady_timer timer(services_.loop);
  SlotTable& slots = table(upstream);
  while (slots.count(SlotUse::kFree) == 0 && slots.count(SlotUse::kSettling) > 0) {
    timer.expires_after(SlotWatch::kPoll);
    const auto [ec] = co_await timer.async_wait(kToken);
    if (ec) co_return std::nullopt;
  }
  std::vector<bool> take(slots.size());
  for (std::size_t i = 0; i < take.size(); ++i) take[i] = slots.at(i).leasable();
  const auto slot = least_missed(slots, take, costs(upstream));
  if (!slot) co_return std::nullopt;
  const SlotPlace place = place_of(upstream, *slot);
  auto content = wanted(upstream, *slot);
  slots.begin_vacate(*slot);
  const std::uint64_t generation = watch_->generation(upstream);
  if (content) co_await archive_.keep(place, std::move(*content));
  if (generation != watch_->generation(upstream)) co_return std::nullopt;
  co_return slot;
}

asio::awaitable<void> SlotContents::run_ram_probe(Self self, std::size_t upstream) {
  const auto slot = co_await self->take_spare_slot(upstream);
  const std::uint64_t generation = self->watch_->generation(upstream);
  RamCache found = RamCache::kUnknown;
  if (slot) found = co_await probe_ram_cache(self->servers_.queries, upstream, *slot);
  self->probing_[upstream] = false;
  if (!slot || generation != self->watch_->generation(upstream)) co_return;
  UpstreamSlots& slots = self->watch_->at(upstream);
  slots.ram = found;
  slots.table.vacated(*slot, 1);
  if (found == RamCache::kPresent) {
    log::warn(
        "llama-server's RAM cache serves all API keys: how soon an answer begins can tell "
        "one what another has asked",
        {{"advice", "start it with --cache-ram 0 unless they trust each other"}});
  }
  self->room_();
}

}  // namespace keep::slots
