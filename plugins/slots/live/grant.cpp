// Admission from a grant to the end of its lease: what happens to the slot meanwhile.
#include "plugins/slots/live/admission.hpp"
#include "plugins/slots/live/pending.hpp"

#include <utility>

namespace keep::slots {

void Admission::grant(Pending& waiter, const Plan& plan) {
  const LeaseId id = ++last_lease_;
  Lease& lease = leases_[id];
  lease.upstream = plan.upstream;
  lease.slot = plan.choice.slot;
  lease.text = waiter.ask.text;
  lease.spreads = waiter.ask.spreads;
  lease.waiter = &waiter;

  const auto weak = weak_from_this();
  waiter.grant.lease = SlotLease(plan.upstream, static_cast<int>(plan.choice.slot), [weak, id] {
    if (auto self = weak.lock()) self->finish(id, Ending());
  });
  waiter.grant.id = id;
  waiter.grant.warm = plan.choice.warm;
  waiter.grant.pinned = !watch_->at(plan.upstream).clears_idle;
  waiter.grant.reuse = plan.reuse;
  waiter.grant.reserved = plan.reserve;
  make_ready(id, plan);
}

// Counts one step too many until all have begun, for some end at once.
void Admission::make_ready(LeaseId id, const Plan& plan) {
  const auto weak = weak_from_this();
  const auto done = [weak, id] {
    if (auto self = weak.lock()) self->step_done(id);
  };
  const bool prime_now = plan.prime && !plan.bring_back;
  Lease& lease = leases_[id];
  lease.bring_back = plan.bring_back;
  lease.prime = plan.prime;
  lease.steps = 1 + plan.give_up.size() + (prime_now ? 1 : 0) + (plan.keep ? 1 : 0);
  if (plan.keep) {
    // The slot is not the lease's before its content is safe.
    contents_->keep(plan.upstream, plan.choice.slot, plan.reserve, [weak, id, done] {
      if (auto self = weak.lock()) self->take_slot(id);
      done();
    });
  } else {
    take_slot(id);
  }
  if (prime_now) contents_->prime(plan.upstream, plan.choice.slot, done);
  for (const std::size_t slot : plan.give_up) contents_->give_up(plan.upstream, slot, done);
  step_done(id);
}

void Admission::take_slot(LeaseId id) {
  const auto it = leases_.find(id);
  if (it == leases_.end()) return;  // it has left, or the slot is no more
  const Lease& lease = it->second;
  const Ask& ask = lease.waiter->ask;
  LeaseTerms terms;
  terms.id = id;
  terms.key = ask.wish.auxiliary ? 0 : ask.wish.key;
  terms.whose = ask.whose;
  terms.conversation = ask.conversation;
  terms.owner = ask.wish.owner;
  terms.scratch = ask.wish.auxiliary;
  terms.returning = ask.wish.returning;
  terms.trail = ask.wish.trail;
  terms.reserve = lease.waiter->grant.reserved;
  SlotTable& table = watch_->at(lease.upstream).table;
  table.lease(lease.slot, terms, services_.clock.now());
  if (lease.spreads) table.disown_others(lease.slot);
}

void Admission::step_done(LeaseId id) {
  const auto it = leases_.find(id);
  if (it == leases_.end() || it->second.steps == 0) return;
  Lease& lease = it->second;
  if (--lease.steps > 0 || lease.waiter == nullptr) return;
  if (auto prompt = std::exchange(lease.bring_back, std::nullopt)) {
    bring_back(id, lease, *std::move(prompt));
    return;
  }
  lease.waiter->ready = true;
  lease.waiter->wake();
}

// Not before the cells are free: llama-server restores nothing into a cache that is full.
void Admission::bring_back(LeaseId id, Lease& lease, WantedPrompt prompt) {
  lease.steps = 1;
  lease.restoring = true;
  const auto weak = weak_from_this();
  const auto done = [weak, id](std::optional<Tokens> held) {
    if (auto self = weak.lock()) self->brought_back(id, held);
  };
  contents_->bring_back(lease.upstream, lease.slot, std::move(prompt), done);
}

void Admission::brought_back(LeaseId id, std::optional<Tokens> held) {
  const auto it = leases_.find(id);
  if (it == leases_.end()) return;
  Lease& lease = it->second;
  lease.restoring = false;
  UpstreamSlots& upstream = watch_->at(lease.upstream);
  const Tokens tokens = held.value_or(0);
  if (!held || tokens > 0) upstream.table.restored(id, tokens);
  if (!held && tenancy_.isolated && lease.waiter != nullptr) {
    lease.waiter->grant.reuse = Reuse::kNothing;  // it may hold anybody's
  }
  if (lease.waiter == nullptr) {
    give_back(id);
    return;
  }
  if (tokens > 0) {
    Grant& grant = lease.waiter->grant;
    grant.warm = true;
    grant.restored = tokens;
    // The slot may have been another tenant's until now.
    const Slot& slot = upstream.table.at(lease.slot);
    if (tenancy_.isolated) grant.reuse = reuse_of(slot, lease.waiter->ask.wish, upstream.ram);
  } else if (lease.prime) {
    const auto weak = weak_from_this();
    contents_->prime(lease.upstream, lease.slot, [weak, id] {
      if (auto self = weak.lock()) self->step_done(id);
    });
    return;
  }
  step_done(id);
}

// Grants that were not taken yet are void with the table: back to the queue.
void Admission::upstream_rebuilt(std::size_t upstream) {
  contents_->rebuilt(upstream);
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

void Admission::end(std::uint64_t conversation) { contents_->end(conversation); }

void Admission::give_back(LeaseId id) noexcept {
  Ending ending;
  ending.kind = Ending::Kind::kUnused;
  finish(id, ending);
}

void Admission::finish(LeaseId id, const Ending& ending) {
  const auto it = leases_.find(id);
  if (it == leases_.end()) return;
  // Its waiter has left. The slot is nobody else's before the archive has done with it.
  if (it->second.restoring) {
    it->second.waiter = nullptr;
    return;
  }
  const Lease lease = it->second;
  leases_.erase(it);
  UpstreamSlots& upstream = watch_->at(lease.upstream);
  const Instant now = services_.clock.now();
  switch (ending.kind) {
    case Ending::Kind::kUnused: upstream.table.cancel(id); break;
    case Ending::Kind::kClean:
      upstream.table.release(id, upstream.clears_idle ? 0 : ending.held,
                             lease.text.bytes + ending.answer_bytes, now);
      contents_->look_for_ram_cache(lease.upstream);
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

}  // namespace keep::slots
