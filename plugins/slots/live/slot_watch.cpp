#include "plugins/slots/live/slot_watch.hpp"

#include "base/log.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace keep::slots {

namespace {

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);

// Where the server chooses slots: while as many are at work as exchanges have been let through.
bool busy_for(const UpstreamSlots& slots, std::size_t slot, const std::vector<SlotState>& listed) {
  std::size_t processing = 0;
  for (const SlotState& state : listed) {
    if (state.processing && state.id == static_cast<int>(slot) && !slots.clears_idle) return true;
    if (state.processing) ++processing;
  }
  return slots.clears_idle && processing >= slots.table.count(SlotUse::kLeased);
}

bool same_server(const ServerProps& a, const ServerProps& b) {
  return a.total_slots == b.total_slots && a.n_ctx == b.n_ctx && a.model_path == b.model_path &&
         a.build == b.build;
}

}  // namespace

SlotWatch::SlotWatch(Services& services, const Servers& servers)
    : services_(services), servers_(servers), states_(servers.upstreams.size()) {}

void SlotWatch::start(Events events) {
  events_ = std::move(events);
  auto weak = weak_from_this();
  servers_.upstreams.on_change([weak](std::size_t upstream) {
    if (auto self = weak.lock()) self->upstream_changed(upstream);
  });
  for (std::size_t i = 0; i < states_.size(); ++i) upstream_changed(i);
}

std::vector<const SlotTable*> SlotWatch::tables() const {
  std::vector<const SlotTable*> tables;
  tables.reserve(states_.size());
  for (std::size_t i = 0; i < states_.size(); ++i) tables.push_back(table_up(i));
  return tables;
}

const SlotTable* SlotWatch::table_up(std::size_t upstream) const {
  const State& state = states_.at(upstream);
  return state.healthy && state.slots.table.size() > 0 ? &state.slots.table : nullptr;
}

void SlotWatch::upstream_changed(std::size_t upstream) {
  State& state = states_.at(upstream);
  const Upstream& server = servers_.upstreams.at(upstream);
  const bool back = server.healthy() && !state.healthy;
  state.healthy = server.healthy();
  if (!same_server(server.props(), state.props)) {
    rebuild(upstream);
  } else if (back) {
    // It may have been away for a moment only, so what is warm is not given up yet.
    state.slots.table.suspect_all();
    state.slots.clears_idle = state.compared = false;
    state.slots.ram = RamCache::kUnknown;
    state.losses = 0;
    watch_settling(upstream);
  }
  events_.changed(upstream);
}

void SlotWatch::rebuild(std::size_t upstream) {
  State& state = states_[upstream];
  state.props = servers_.upstreams.at(upstream).props();
  const auto slots = static_cast<std::size_t>(state.props.total_slots);
  ++state.generation;
  state.slots = UpstreamSlots();
  state.slots.table = SlotTable(slots);
  state.slots.pool = servers_.upstreams.at(upstream).pool_tokens();
  state.slots.pool_given = state.slots.pool > 0;
  state.compared = false;
  state.losses = 0;
  state.settling.assign(slots, Settling());
  events_.rebuilt(upstream);
  watch_settling(upstream);
}

void SlotWatch::watch_settling(std::size_t upstream) {
  State& state = states_[upstream];
  const Instant now = services_.clock.now();
  for (std::size_t i = 0; i < state.settling.size(); ++i) {
    if (state.slots.table.at(i).use != SlotUse::kSettling) continue;
    state.settling[i] = Settling();
    state.settling[i].since = state.settling[i].from = now;
  }
  spawn_watch(upstream);
}

void SlotWatch::settle(std::size_t upstream, std::size_t slot, Duration grace) {
  Settling& settling = states_.at(upstream).settling.at(slot);
  settling = Settling();
  settling.since = services_.clock.now();
  settling.from = settling.since + grace;
  spawn_watch(upstream);
}

void SlotWatch::refresh(std::size_t upstream) {
  states_.at(upstream).refresh = true;
  spawn_watch(upstream);
}

void SlotWatch::answered(std::size_t upstream) {
  State& state = states_.at(upstream);
  if (!state.compared && state.slots.table.count(SlotUse::kCooling) > 1) refresh(upstream);
}

bool SlotWatch::needs_look(const State& state) const noexcept {
  return state.refresh || state.slots.table.count(SlotUse::kSettling) > 0;
}

void SlotWatch::spawn_watch(std::size_t upstream) {
  State& state = states_[upstream];
  if (state.watching || !needs_look(state)) return;
  state.watching = true;
  services_.spawner.spawn("slot watch", watch(shared_from_this(), upstream));
}

asio::awaitable<void> SlotWatch::watch(std::shared_ptr<SlotWatch> self, std::size_t upstream) {
  asio::steady_timer timer(self->services_.loop);
  while (self->needs_look(self->states_[upstream])) {
    const bool asked = co_await self->look(upstream);
    self->events_.room();
    if (!self->needs_look(self->states_[upstream])) break;
    timer.expires_after(asked ? kPoll : kPollFailed);
    const auto [ec] = co_await timer.async_wait(kToken);
    if (ec) break;  // cancelled: the program stops
  }
  self->states_[upstream].watching = false;
}

asio::awaitable<bool> SlotWatch::look(std::size_t upstream) {
  const Snapshot before = snapshot(states_[upstream]);
  Result<std::vector<SlotState>> listed = Error();
  try {
    listed = co_await servers_.upstreams.at(upstream).slots().list();
  } catch (const std::exception& e) {
    listed = Error(Fault::kInternal, Side::kInternal, e.what());
  }
  State& state = states_[upstream];
  if (before.generation != state.generation) co_return true;
  if (before.refresh) state.refresh = false;
  if (listed) {
    apply(state, before, *listed);
    expire(state, kSettleLimit, "llama-server keeps saying that the slot is busy");
    co_return true;
  }
  const bool blind = listed.error().fault == Fault::kNotFound;
  expire(state, blind ? kBlindSettle : kSettleLimit, blind ? nullptr : "llama-server did not say");
  co_return false;
}

SlotWatch::Snapshot SlotWatch::snapshot(const State& state) const {
  Snapshot result;
  result.generation = state.generation;
  result.refresh = state.refresh;
  for (std::size_t i = 0; i < state.slots.table.size(); ++i) {
    result.changes.push_back(state.slots.table.at(i).change);
  }
  return result;
}

void SlotWatch::apply(State& state, const Snapshot& before, const std::vector<SlotState>& seen) {
  SlotTable& table = state.slots.table;
  Comparison compared;
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (table.at(i).use != SlotUse::kLeased) compared.held_before += table.at(i).held;
  }
  for (const SlotState& slot : seen) {
    const auto id = static_cast<std::size_t>(slot.id);
    if (slot.processing) {
      ++compared.at_work;
      compared.held_before += slot.held_tokens.value_or(0);
    }
    compared.untold = compared.untold || !slot.held_tokens;
    if (slot.id < 0 || id >= table.size() || before.changes[id] != table.at(id).change) continue;
    if (table.at(id).use == SlotUse::kSettling) {
      apply_settling(state, slot);
    } else if (before.refresh && slot.held_tokens && !slot.processing &&
               table.at(id).use != SlotUse::kVacating) {
      const Tokens held = table.at(id).held;
      const bool owned = table.at(id).owner != 0;  // else another's answers may have gone through
      const bool ours = !table.observed(id, *slot.held_tokens);
      if (!ours && owned && *slot.held_tokens == 0) compared.lost += held;
      compared.kept += ours && held > 0 ? 1 : 0;
    }
  }
  if (before.refresh) learn(state, compared);
}

// Where the server does not tell, what was set aside for an answer that broke off counts as held.
void SlotWatch::apply_settling(State& state, const SlotState& seen) {
  const auto id = static_cast<std::size_t>(seen.id);
  Settling& settling = state.settling[id];
  if (seen.processing) {
    settling.seen_busy = true;
  } else if (settling.seen_busy || services_.clock.now() >= settling.from) {
    state.slots.table.settled(id, seen.held_tokens.value_or(state.slots.table.at(id).held));
  }
}

void SlotWatch::expire(State& state, Duration limit, const char* why) {
  const Instant now = services_.clock.now();
  SlotTable& table = state.slots.table;
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (table.at(i).use != SlotUse::kSettling) continue;
    // A slot never used since the start has no abort to wait for.
    const bool blind_start = why == nullptr && table.at(i).suspect;
    if (!blind_start && now < state.settling[i].since + limit) continue;
    if (why != nullptr) {
      log::warn("slot used again without having been seen idle",
                {{"slot", static_cast<int>(i)}, {"why", why}});
    }
    table.settled(i, table.at(i).held);
  }
}

// A server that has emptied a slot of ours while keeping another was not restarted; nor was one
// that is found like that, and at work, a second time. The pool takes at least what one slot may
// hold: with no more than that in all slots together nothing was purged, so this server empties
// idle slots as a habit. Otherwise it was short of cells, and as nothing tells how large the pool
// is: it lies between what was left and what was thought to be held. The middle closes in on it
// from above.
//
// Where the server does not tell what its slots hold there is nothing to learn.
void SlotWatch::learn(State& state, const Comparison& seen) {
  if (seen.untold) state.compared = true;
  if (seen.lost == 0) {
    if (seen.kept > 0) state.losses = 0;
    state.compared = state.compared || seen.kept > 1;
    return;
  }
  if (seen.kept == 0 && (seen.at_work == 0 || ++state.losses < 2)) return;
  const Tokens held_before = seen.held_before, least = state.props.n_ctx;
  if (held_before <= least) {
    if (state.slots.clears_idle) return;
    state.slots.clears_idle = state.compared = true;
    log::warn("llama-server empties idle slots at each request, so it is left to choose slots",
              {{"advice", "start it with --no-cache-idle-slots"}});
    return;
  }
  const Tokens bound = std::max(least, held_before - seen.lost / 2);
  if (state.slots.pool_given || (state.slots.pool > 0 && state.slots.pool <= bound)) return;
  state.slots.pool = bound;
  log::warn("llama-server purged an idle slot: its KV pool is smaller than what its slots hold",
            {{"assumed_pool", bound}, {"advice", "set pool_tokens of the upstream to its -c"}});
}

Task<> SlotWatch::wait_idle(std::size_t upstream, std::size_t slot) {
  asio::steady_timer timer(services_.loop);
  const Instant end = services_.clock.now() + kSettleLimit;
  for (;;) {
    const auto listed = co_await servers_.upstreams.at(upstream).slots().list();
    if (!listed && listed.error().fault == Fault::kNotFound) co_return Result<>{};
    if (!listed) co_return listed.error();
    if (!busy_for(states_[upstream].slots, slot, *listed)) co_return Result<>{};
    if (services_.clock.now() >= end) break;
    timer.expires_after(kPoll);
    const auto [ec] = co_await timer.async_wait(kToken);
    if (ec) co_return Error(Fault::kCancelled, Side::kInternal, "cancelled");
  }
  co_return Error(Fault::kTimeout, Side::kUpstream, "llama-server did not stop the last attempt");
}

}  // namespace keep::slots
