#include "plugins/slots/live/admission.hpp"

#include "exchange/prospect.hpp"
#include "plugins/slots/live/pending.hpp"

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

Admission::Admission(Services& services, const Servers& servers, const Tenancy& tenancy,
                     const SlotsSettings& settings, SlotArchive& archive)
    : services_(services),
      upstreams_(servers.upstreams),
      tenancy_(tenancy),
      settings_(settings),
      watch_(std::make_shared<SlotWatch>(services, servers)),
      contents_(
          std::make_shared<SlotContents>(services, servers, tenancy, archive, settings, watch_)),
      metrics_(services.metrics),
      queue_(settings.queue) {}

void Admission::start() {
  const auto weak = weak_from_this();
  const auto room = [weak] {
    if (auto self = weak.lock()) self->pump();
  };
  contents_->start(room);
  SlotWatch::Events events;
  events.room = room;
  events.rebuilt = [weak](std::size_t upstream) {
    if (auto self = weak.lock()) self->upstream_rebuilt(upstream);
  };
  events.changed = [weak](std::size_t upstream) {
    if (auto self = weak.lock()) self->upstream_changed(upstream);
  };
  watch_->start(std::move(events));
}

std::size_t Admission::slots_up() const {
  std::size_t most = 0;
  for (std::size_t i = 0; i < watch_->size(); ++i) {
    if (const SlotTable* table = watch_->table_up(i)) most = std::max(most, table->size());
  }
  return most;
}

MaybeTask<Grant> Admission::acquire(Ask ask) {
  const Instant since = services_.clock.now();
  auto waiter = std::make_unique<Pending>(shared_from_this(), std::move(ask));
  queue_.push(*waiter);
  pump();
  if (waiter->ready) return take_grant(*waiter, since);
  if (waiter->queued && queue_.over_full(*waiter)) {
    metrics_.refused_full.add();
    return Error(Fault::kOverload, Side::kInternal,
                 "all slots are busy and the queue is full, try again");
  }
  if (waiter->queued && waiter->ask.on_queued) waiter->ask.on_queued(queue_.position(*waiter));
  return wait_for_grant(std::move(waiter), since);
}

Task<Grant> Admission::wait_for_grant(std::unique_ptr<Pending> pending, Instant since) {
  Pending& waiter = *pending;
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
  co_return take_grant(waiter, since);
}

Grant Admission::take_grant(Pending& waiter, Instant since) {
  metrics_.queue_wait.observe(seconds(services_.clock.now() - since));
  Grant grant = std::move(waiter.grant);
  waiter.grant.id = 0;
  const auto lease = leases_.find(grant.id);
  if (lease != leases_.end()) lease->second.waiter = nullptr;
  return grant;
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
    contents_->erase_ended();
    for (bool granted = true; granted;) {
      Claims claims(watch_->size());
      granted = queue_.grant_one(
          [this, &claims](Waiter& waiter) { return offer(static_cast<Pending&>(waiter), claims); });
    }
  }
  pumping_ = false;
  publish();
}

void Admission::upstream_changed(std::size_t upstream) {
  if (upstreams_.at(upstream).healthy()) contents_->look_for_ram_cache(upstream);
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
    const Victims victims = victims_in(upstream);
    plan.choice = choose_slot(*tables[upstream], wish, claims[upstream], victims);
    if (plan.choice.kind == Choice::Kind::kWaitFor) {
      claims[upstream].resize(tables[upstream]->size());
      claims[upstream][plan.choice.slot] = true;
      return Offer::kPass;
    }
    if (plan.choice.kind == Choice::Kind::kNone) continue;
    if (make_room(waiter.ask, plan, victims)) {
      grant(waiter, plan);
      return Offer::kGranted;
    }
    short_of_cells = true;
  }
  if (short_of_cells) return Offer::kHold;
  // A wish for a slot or a server that is not to be had now is nobody else's trouble.
  return wish.slot || others ? Offer::kPass : Offer::kStop;
}

Victims Admission::victims_in(std::size_t upstream) const {
  Victims victims;
  victims.costs = [this, upstream] { return contents_->costs(upstream); };
  return victims;
}

bool Admission::make_room(const Ask& ask, Plan& plan, const Victims& victims) {
  UpstreamSlots& upstream = watch_->at(plan.upstream);
  const Slot& slot = upstream.table.at(plan.choice.slot);
  const Tokens held = plan.choice.warm ? slot.held : 0;
  const Tokens guessed = estimate_prompt(ask.text, held, slot.text_bytes);
  const Tokens prompt = ask.prompt.value_or(guessed);
  plan.reserve = reservation(prompt, ask.max_tokens, upstream.pool, upstream.table.size());
  const auto budget_in = [&upstream, &plan, &victims](std::size_t place) {
    return plan_budget(upstream.table, upstream.pool, place, plan.reserve, victims);
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
  // What a slot holds belongs to it only where it is us who choose slots.
  const bool cold = !plan.choice.warm && !upstream.clears_idle;
  plan.keep = cold && contents_->is_wanted(plan.upstream, plan.choice.slot);
  if (cold && ask.whose) {
    const WantedPrompt wanted{ask.whose, ask.wish.trail, shared_tokens(place, ask.wish.trail)};
    if (contents_->has(plan.upstream, wanted) > 0) plan.bring_back = wanted;
  }
  return true;
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
  for (const std::size_t slot : plan_relief(slots.table, slots.pool, victims_in(upstream))) {
    contents_->give_up(upstream, slot, [] {});
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
