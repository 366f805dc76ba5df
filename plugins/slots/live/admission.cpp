#include "plugins/slots/live/admission.hpp"

#include "exchange/prospect.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace keep::slots {

namespace {

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
// An answer beyond its reservation is given this much at a time.
constexpr Tokens kGrowth = 64;

}  // namespace

// A waiting acquire(): lives in its frame, so it leaves however the coroutine ends.
struct Admission::Pending : Waiter {
  Pending(std::shared_ptr<Admission> a, Ask what)
      : Waiter(what.tenant),
        admission(std::move(a)),
        ask(std::move(what)),
        timer(admission->services_.loop) {}
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;
  ~Pending() {
    admission->queue_.remove(*this);
    if (grant.id != 0) admission->give_back(grant.id);
    admission->publish();
  }
  void wake() { timer.cancel(); }

  std::shared_ptr<Admission> admission;
  Ask ask;
  asio::steady_timer timer;
  Grant grant;            // id is set once granted
  bool ready = false;     // and the slots given up for it are empty
  bool stranded = false;  // no server suits it any more
};

Admission::Admission(Services& services, const Servers& servers, const Tenancy& tenancy,
                     const SlotsSettings& settings)
    : services_(services),
      upstreams_(servers.upstreams),
      tenancy_(tenancy),
      settings_(settings),
      watch_(std::make_shared<SlotWatch>(services, servers, tenancy)),
      metrics_(services.metrics),
      queue_(settings.queue) {}

void Admission::start() {
  const auto weak = weak_from_this();
  SlotWatch::Events events;
  events.room = [weak] {
    if (auto self = weak.lock()) self->pump();
  };
  events.rebuilt = [weak](std::size_t upstream) {
    if (auto self = weak.lock()) self->upstream_rebuilt(upstream);
  };
  events.changed = [weak] {
    if (auto self = weak.lock()) self->upstreams_changed();
  };
  watch_->start(std::move(events));
}

std::size_t Admission::slots_up() const {
  std::size_t most = 0;
  for (const SlotTable* table : watch_->tables()) {
    if (table != nullptr) most = std::max(most, table->size());
  }
  return most;
}

Task<Grant> Admission::acquire(Ask ask) {
  const Instant since = services_.clock.now();
  Pending waiter(shared_from_this(), std::move(ask));
  queue_.push(waiter);
  pump();
  if (waiter.queued && queue_.over_full(waiter)) {
    metrics_.refused_full.add();
    co_return Error(Fault::kOverload, Side::kInternal,
                    "all slots are busy and the queue is full, try again");
  }
  if (waiter.queued && waiter.ask.on_queued) waiter.ask.on_queued(queue_.position(waiter));
  waiter.timer.expires_after(settings_.queue_timeout);
  for (;;) {
    // Seen here too: the signal may have come while there was no wait to end.
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none) {
      metrics_.left_queue.add();
      co_return Error(Fault::kCancelled, Side::kInternal, "left while waiting for a slot");
    }
    if (waiter.ready) break;
    if (waiter.stranded) {
      co_return Error(Fault::kRefused, Side::kUpstream, "the llama-server it waited for is gone");
    }
    const auto [ec] = co_await waiter.timer.async_wait(kToken);
    if (!ec && !waiter.ready && !waiter.stranded) {
      metrics_.refused_late.add();
      co_return late();
    }
  }
  metrics_.queue_wait.observe(seconds(services_.clock.now() - since));
  Grant grant = std::move(waiter.grant);
  waiter.grant.id = 0;
  const auto lease = leases_.find(grant.id);
  if (lease != leases_.end()) lease->second.waiter = nullptr;
  co_return std::move(grant);
}

Error Admission::late() const {
  if (slots_up() == 0) {
    return Error(Fault::kRefused, Side::kUpstream, "no llama-server came up while waiting");
  }
  return Error(Fault::kOverload, Side::kInternal, "no slot became free in time, try again");
}

// Hands out what can be handed out. An erase may end while a grant is being made: once more then.
void Admission::pump() {
  pump_again_ = true;
  if (pumping_) return;
  pumping_ = true;
  while (std::exchange(pump_again_, false)) {
    for (bool granted = true; granted;) {
      Claims claims(watch_->size());
      granted = queue_.grant_one(
          [this, &claims](Waiter& waiter) { return offer(static_cast<Pending&>(waiter), claims); });
    }
  }
  pumping_ = false;
  publish();
}

void Admission::upstreams_changed() {
  queue_.for_each([this](Waiter& one) {
    auto& waiter = static_cast<Pending&>(one);
    waiter.stranded = !has_prospect(upstreams_, waiter.ask.demand);
    if (waiter.stranded) waiter.wake();
  });
  pump();
}

Offer Admission::offer(Pending& waiter, Claims& claims) {
  if (settings_.max_active > 0 && leases_.size() >= settings_.max_active) return Offer::kStop;
  auto tables = watch_->tables();
  const Wish& wish = waiter.ask.wish;
  bool others = false;  // servers that can serve requests, but not this one
  for (std::size_t i = 0; i < tables.size(); ++i) {
    if (tables[i] == nullptr || upstreams_.suits(i, waiter.ask.demand)) continue;
    tables[i] = nullptr;
    others = true;
  }
  bool short_of_cells = false;
  for (const std::size_t upstream : routing_(tables, wish)) {
    Plan plan;
    plan.upstream = upstream;
    plan.choice = choose_slot(*tables[upstream], wish, claims[upstream], victims_);
    if (plan.choice.kind == Choice::Kind::kWaitFor) {
      claims[upstream].resize(tables[upstream]->size());
      claims[upstream][plan.choice.slot] = true;
      return Offer::kPass;
    }
    if (plan.choice.kind == Choice::Kind::kNone) continue;
    if (make_room(waiter.ask, plan)) {
      grant(waiter, plan);
      return Offer::kGranted;
    }
    short_of_cells = true;
  }
  if (short_of_cells) return Offer::kHold;
  // A wish for a slot or a server that is not to be had now is nobody else's trouble.
  return wish.slot || others ? Offer::kPass : Offer::kStop;
}

bool Admission::make_room(const Ask& ask, Plan& plan) {
  UpstreamSlots& upstream = watch_->at(plan.upstream);
  const Slot& slot = upstream.table.at(plan.choice.slot);
  const Tokens held = plan.choice.warm ? slot.held : 0;
  const Tokens guessed = estimate_prompt(ask.text, held, slot.text_bytes);
  const Tokens prompt = ask.prompt.value_or(guessed);
  plan.reserve = reservation(prompt, ask.max_tokens, upstream.pool, upstream.table.size());
  const auto budget_in = [this, &upstream, &plan](std::size_t place) {
    return plan_budget(upstream.table, upstream.pool, place, plan.reserve, victims_);
  };
  auto budget = budget_in(plan.choice.slot);
  if (budget.verdict == BudgetPlan::Verdict::kWait) return false;
  // Who has to go anyway can make way in the slot itself, at no cost of a request.
  if (!budget.give_up.empty() && !ask.wish.slot && slot.use == SlotUse::kFree) {
    plan.choice.slot = budget.give_up.front();
    budget = budget_in(plan.choice.slot);
  }
  plan.give_up = std::move(budget.give_up);
  const Slot& place = upstream.table.at(plan.choice.slot);
  // Where the server chooses, it may be any slot.
  const Slot any;
  if (tenancy_.isolated) {
    plan.reuse = reuse_of(upstream.clears_idle ? any : place, ask.wish, upstream.ram);
  }
  plan.prime = ask.seen_before && !plan.choice.warm && place.held == 0 && !upstream.clears_idle &&
               plan.reuse != Reuse::kNothing;
  return true;
}

void Admission::grant(Pending& waiter, const Plan& plan) {
  const LeaseId id = ++last_lease_;
  const Wish& wish = waiter.ask.wish;
  LeaseTerms terms;
  terms.id = id;
  terms.key = wish.auxiliary ? 0 : wish.key;
  terms.owner = wish.owner;
  terms.scratch = wish.auxiliary;
  terms.returning = wish.returning;
  terms.trail = wish.trail;
  terms.reserve = plan.reserve;
  SlotTable& table = watch_->at(plan.upstream).table;
  table.lease(plan.choice.slot, terms, services_.clock.now());
  if (waiter.ask.spreads) table.disown_others(plan.choice.slot);

  Lease& lease = leases_[id];
  lease.upstream = plan.upstream;
  lease.slot = plan.choice.slot;
  lease.text = waiter.ask.text;
  lease.spreads = waiter.ask.spreads;
  lease.waiter = &waiter;
  lease.emptying = plan.give_up.size() + (plan.prime ? 1 : 0);

  const auto weak = weak_from_this();
  waiter.grant.lease = SlotLease(plan.upstream, static_cast<int>(plan.choice.slot), [weak, id] {
    if (auto self = weak.lock()) self->finish(id, Ending());
  });
  waiter.grant.id = id;
  waiter.grant.warm = plan.choice.warm;
  waiter.grant.pinned = !watch_->at(plan.upstream).clears_idle;
  waiter.grant.reuse = plan.reuse;
  waiter.grant.reserved = plan.reserve;
  if (lease.emptying == 0) {
    waiter.ready = true;
    waiter.wake();
    return;
  }
  const auto emptied = [weak, id] {
    if (auto self = weak.lock()) self->slot_emptied(id);
  };
  if (plan.prime) watch_->prime(plan.upstream, plan.choice.slot, emptied);
  for (const std::size_t slot : plan.give_up) watch_->give_up(plan.upstream, slot, emptied);
}

void Admission::slot_emptied(LeaseId id) {
  const auto it = leases_.find(id);
  if (it == leases_.end() || it->second.emptying == 0) return;
  Lease& lease = it->second;
  if (--lease.emptying > 0 || lease.waiter == nullptr) return;
  lease.waiter->ready = true;
  lease.waiter->wake();
}

// Grants that were not taken yet are void with the table: back to the queue.
void Admission::upstream_rebuilt(std::size_t upstream) {
  for (auto it = leases_.begin(); it != leases_.end();) {
    if (it->second.upstream != upstream) {
      ++it;
      continue;
    }
    Pending* waiter = it->second.waiter;
    it = leases_.erase(it);  // first: the lease's own end must find nothing
    if (waiter == nullptr) continue;
    waiter->grant = Grant();
    waiter->ready = false;
    queue_.push(*waiter);
  }
}

void Admission::give_back(LeaseId id) noexcept {
  Ending ending;
  ending.kind = Ending::Kind::kUnused;
  finish(id, ending);
}

void Admission::finish(LeaseId id, const Ending& ending) {
  const auto it = leases_.find(id);
  if (it == leases_.end()) return;
  const Lease lease = it->second;
  leases_.erase(it);
  UpstreamSlots& upstream = watch_->at(lease.upstream);
  const Instant now = services_.clock.now();
  switch (ending.kind) {
    case Ending::Kind::kUnused: upstream.table.cancel(id); break;
    case Ending::Kind::kClean:
      upstream.table.release(id, upstream.clears_idle ? 0 : ending.held,
                             lease.text.bytes + ending.answer_bytes, now);
      watch_->answered(lease.upstream);
      break;
    case Ending::Kind::kBroken:
      if (upstream.table.abandon(id, ending.begun, now)) {
        watch_->settle(lease.upstream, lease.slot, ending.grace);
      }
      break;
  }
  if (lease.spreads) upstream.table.disown_others(lease.slot);
  if (ending.look_again) watch_->refresh(lease.upstream);
  pump();
}

Tokens Admission::prompt_known(LeaseId id, Tokens prompt, std::optional<std::int64_t> max_tokens) {
  const auto it = leases_.find(id);
  if (it == leases_.end()) return prompt + kGrowth;
  const UpstreamSlots& upstream = watch_->at(it->second.upstream);
  const Tokens tokens = reservation(prompt, max_tokens, upstream.pool, upstream.table.size());
  set_aside(id, tokens);
  pump();  // the estimate it replaces may have been larger
  return tokens;
}

Tokens Admission::grown(LeaseId id, Tokens tokens) {
  set_aside(id, tokens + kGrowth);
  return tokens + kGrowth;
}

void Admission::set_aside(LeaseId id, Tokens tokens) {
  const auto it = leases_.find(id);
  if (it == leases_.end()) return;
  const std::size_t upstream = it->second.upstream;
  UpstreamSlots& slots = watch_->at(upstream);
  slots.table.reserve(id, tokens);
  for (const std::size_t slot : plan_relief(slots.table, slots.pool, victims_)) {
    watch_->give_up(upstream, slot, [] {});
  }
}

Task<> Admission::wait_idle(LeaseId id) {
  const auto it = leases_.find(id);
  if (it == leases_.end()) co_return Result<>{};
  const Lease lease = it->second;
  co_return co_await watch_->wait_idle(lease.upstream, lease.slot);
}

void Admission::publish() {
  std::size_t free = 0, leased = 0, cooling = 0, all = 0;
  for (std::size_t i = 0; i < watch_->size(); ++i) {
    const SlotTable& table = watch_->at(i).table;
    free += table.count(SlotUse::kFree);
    leased += table.count(SlotUse::kLeased);
    cooling += table.count(SlotUse::kCooling);
    all += table.size();
  }
  metrics_.free.set(static_cast<double>(free));
  metrics_.leased.set(static_cast<double>(leased));
  metrics_.cooling.set(static_cast<double>(cooling));
  metrics_.settling.set(static_cast<double>(all - free - leased - cooling));
  metrics_.queue_depth.set(static_cast<double>(queue_.size()));
}

}  // namespace keep::slots
