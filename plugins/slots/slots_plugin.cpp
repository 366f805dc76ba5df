#include "plugins/slots/slots_plugin.hpp"

#include "base/hash.hpp"
#include "base/log.hpp"
#include "exchange/interfaces/conversations.hpp"
#include "plugins/slots/live/admission.hpp"
#include "plugins/slots/thread_book.hpp"
#include "plugins/slots/upstream_edits.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace keep::slots {

namespace {

// llama-server reads and tokenizes a body before it looks at the slot; about 2 MB/s for the latter.
constexpr std::chrono::milliseconds kStartGrace{200};
constexpr std::uint64_t kTokenizeBytesPerMs = 1000;

SlotKey key_of(const Identity& identity) {
  if (identity.conversation.empty()) return 0;
  const SlotKey key = identity.owner();
  return key == 0 ? 1 : key;
}

std::shared_ptr<const PromptOwner> prompt_owner_of(const Identity& identity) {
  PromptOwner owner;
  owner.conversation = identity.name();
  owner.agent = identity.agent;
  return std::make_shared<const PromptOwner>(std::move(owner));
}

// Of what goes to the model.
PromptText text_of(const Exchange& exchange) {
  const openai::ChatRequest& chat = exchange.chat;
  PromptText text;
  for (std::size_t i = 0; i < chat.messages.size(); ++i) {
    if (!exchange.zone.keeps(i)) continue;
    text.bytes += chat.messages[i].text_bytes;
    ++text.messages;
  }
  text.bytes += chat.tools.raw().size();
  return text;
}

std::optional<std::int64_t> max_tokens_of(const openai::ChatRequest& chat) {
  return chat.max_tokens && *chat.max_tokens >= 0 ? chat.max_tokens : std::nullopt;
}

// A negative number means "any". llama-server would wrap one that is too large around silently.
Result<std::optional<std::size_t>> wished_slot(const openai::ChatRequest& chat, std::size_t slots) {
  std::optional<std::size_t> wish;
  if (!chat.id_slot || *chat.id_slot < 0) return wish;
  wish = static_cast<std::size_t>(*chat.id_slot);
  if (*wish < slots) return wish;
  return Error(Fault::kBadRequest, Side::kDownstream,
               "id_slot " + std::to_string(*wish) + " is out of range: slots are 0 to " +
                   std::to_string(slots - 1));
}

// An answer that passes as it is (/infill) tells what was cached. Among tenants that are kept apart
// it takes the slot of auxiliary calls, and reuses nothing unless all that can be found is its own.
bool takes_slot(const Tenancy& tenancy, const Exchange& exchange) {
  const bool read_here = exchange.surface != openai::Surface::kPassThrough;
  return exchange.dialect->generates() && (read_here || tenancy.isolated);
}

// What the stages of all exchanges share.
struct Shared {
  Shared(const SlotsSettings& chosen, Services& lent, const Servers& servers,
         const Tenancy& tenants, SlotArchive& archive)
      : settings(chosen),
        clock(lent.clock),
        upstreams(servers.upstreams),
        tenancy(tenants),
        admission(std::make_shared<Admission>(lent, servers, tenants, chosen, archive)) {}

  const SlotsSettings settings;
  const Clock& clock;
  Upstreams& upstreams;
  const Tenancy& tenancy;
  const std::shared_ptr<Admission> admission;
  ThreadBook threads;
};

struct Asked {                // for a lease; exchange.route says whether it was granted
  std::size_t queued_at = 0;  // its position in the queue when it came; 0: it did not wait
  LeaseId lease = 0;
  bool warm = false, pinned = true;
  Reuse reuse = Reuse::kAll;
  Tokens prompt = 0, reserved = 0, restored = 0;
};

class SlotsStage final : public Stage {
 public:
  explicit SlotsStage(Shared& shared) : shared_(shared) {}

  MaybeTask<> on_route(Exchange& exchange) override;
  MaybeTask<> on_upstream_request(Exchange& exchange) override;
  EventAction on_event(Exchange& exchange, const openai::SseEvent& event,
                       const openai::EventInfo& info) noexcept override;
  void on_finish(const Exchange& exchange, const Outcome& outcome) noexcept override;
  void explain(const Exchange& exchange, Explanation& explanation) const override;

 private:
  bool is_pinned(const Exchange& exchange) const;
  Reuse reuse_for(const Exchange& exchange) const;
  openai::BodyEdits infill_edits(const Exchange& exchange) const;
  Task<> wait_idle(const Exchange& exchange);
  Ask make_ask(const Exchange& exchange);
  MaybeTask<> lease(Exchange& exchange);
  Task<> wait_for_slot(Exchange& exchange, MaybeTask<Grant> asking, Instant since);
  Result<> take(Exchange& exchange, Result<Grant> grant, Instant since);
  Ending ending_of(const Exchange& exchange, const Outcome& outcome) const;

  Shared& shared_;
  std::optional<Asked> asked_;
  std::optional<bool> returning_;  // noted with the first lease: the next ones are no coming back
};

class SlotsPlugin final : public LendingPlugin<ConversationObserver> {
 public:
  SlotsPlugin(const SlotsSettings& settings, Services& services, const Servers& servers,
              const Tenancy& tenancy, SlotArchive& archive)
      : shared_(settings, services, servers, tenancy, archive) {}

  std::string_view name() const noexcept override { return "slots"; }
  Task<> start() override {
    shared_.admission->start();
    co_return Result<>{};
  }
  std::unique_ptr<Stage> begin(Exchange& exchange) override {
    if (!takes_slot(shared_.tenancy, exchange)) return nullptr;
    return std::make_unique<SlotsStage>(shared_);
  }

  // What a conversation that was ended has left in the slots is erased; a new one of its name is
  // as good as any new one.
  void forget(const ConversationName& name) override;

 private:
  Shared shared_;
};

void SlotsPlugin::forget(const ConversationName& name) {
  shared_.threads.forget(hash_of(name));
  shared_.admission->end(hash_of(name));
}

MaybeTask<> SlotsStage::on_route(Exchange& exchange) {
  if (exchange.route.lease.held() && asked_) return wait_idle(exchange);
  if (shared_.admission->slots_up() == 0) return Result<>{};
  return lease(exchange);
}

// Another attempt: the last one has been cut off, but the server may not have noticed yet.
Task<> SlotsStage::wait_idle(const Exchange& exchange) {
  const auto idle = co_await shared_.admission->wait_idle(asked_->lease);
  // Somebody else may have taken it. An answer that was stopped waits in llama-server's queue then.
  const bool taken = !idle && idle.error().fault == Fault::kTimeout && exchange.continuation;
  if (!idle && !taken) co_return idle.error();
  co_return Result<>{};
}

Ask SlotsStage::make_ask(const Exchange& exchange) {
  Ask ask;
  ask.tenant = exchange.identity.tenant;
  ask.demand = exchange.route.demand;
  ask.wish.key = key_of(exchange.identity);
  ask.wish.owner = owner_of(ask.tenant);
  const bool infill = exchange.surface == openai::Surface::kPassThrough;
  ask.wish.auxiliary = infill || (exchange.identity.auxiliary && shared_.settings.scratch);
  const auto goes = [&exchange](std::size_t message) { return exchange.zone.keeps(message); };
  ask.wish.trail = openai::PromptTrail(ask.tenant, exchange.chat, goes);
  if (!exchange.identity.auxiliary && ask.wish.key != 0) {
    const Identity& who = exchange.identity;
    if (!returning_) {
      returning_ = shared_.threads.note(who.hash(), hash64(who.agent), who.turn, ask.wish.owner);
    }
    ask.wish.returning = *returning_;
  }
  if (ask.wish.key != 0 && !ask.wish.auxiliary) ask.whose = prompt_owner_of(exchange.identity);
  ask.conversation = exchange.identity.hash();
  ask.spreads = exchange.chat.choices > 1;
  ask.seen_before = ask.wish.returning || exchange.identity.turn > 1;
  ask.text = text_of(exchange);
  if (infill) ask.text.bytes = exchange.request.body.size();
  if (exchange.zone.planned) ask.prompt = exchange.zone.prompt_tokens + exchange.zone.recall_room;
  ask.max_tokens = max_tokens_of(exchange.chat);
  return ask;
}

MaybeTask<> SlotsStage::lease(Exchange& exchange) {
  // Slots are everybody's: among tenants that are kept apart nobody names one.
  Result<std::optional<std::size_t>> wish = std::nullopt;
  if (!shared_.tenancy.isolated) wish = wished_slot(exchange.chat, shared_.admission->slots_up());
  if (!wish) return wish.error();
  Ask ask = make_ask(exchange);
  ask.wish.slot = *wish;
  asked_.emplace();
  ask.on_queued = [this](std::size_t position) { asked_->queued_at = position; };
  const Instant since = shared_.clock.now();
  MaybeTask<Grant> asking = shared_.admission->acquire(std::move(ask));
  if (asking.waits()) return wait_for_slot(exchange, std::move(asking), since);
  return take(exchange, std::move(asking.result()), since);
}

Task<> SlotsStage::wait_for_slot(Exchange& exchange, MaybeTask<Grant> asking, Instant since) {
  auto grant = co_await asking.task();
  co_return take(exchange, std::move(grant), since);
}

Result<> SlotsStage::take(Exchange& exchange, Result<Grant> grant, Instant since) {
  exchange.timeline.queue_wait += shared_.clock.now() - since;
  if (!grant) return grant.error();
  exchange.route.upstream = grant->lease.upstream();
  exchange.route.warm = grant->warm;
  exchange.route.lease = std::move(grant->lease);
  asked_->lease = grant->id;
  asked_->warm = grant->warm;
  asked_->pinned = grant->pinned;
  asked_->reuse = grant->reuse;
  asked_->reserved = grant->reserved;
  asked_->restored = grant->restored;
  return {};
}

MaybeTask<> SlotsStage::on_upstream_request(Exchange& exchange) {
  if (exchange.surface == openai::Surface::kPassThrough) {
    exchange.attempt_edits = infill_edits(exchange);
    return Result<>{};
  }
  std::optional<int> slot;
  if (is_pinned(exchange)) slot = exchange.route.lease.slot();
  const Reuse reuse = reuse_for(exchange);
  exchange.route.cache_untold = reuse == Reuse::kUntold;
  const bool translated = exchange.dialect->is_translated();
  for (openai::BodyEdit& edit : upstream_edits(exchange.chat, translated, slot, reuse)) {
    exchange.attempt_edits.push_back(std::move(edit));
  }
  // A slot that the client has named stays in its body, unless it may not name any.
  if (!slot && shared_.tenancy.isolated) {
    exchange.attempt_edits.emplace_back(openai::RemoveField{"id_slot"});
  }
  exchange.force_stream = may_stream(exchange.chat);
  if (exchange.force_stream && exchange.dialect->has_response_fields()) {
    exchange.attempt_edits.emplace_back(openai::RemoveField{"response_fields"});
  }
  return Result<>{};
}

openai::BodyEdits SlotsStage::infill_edits(const Exchange& exchange) const {
  openai::BodyEdits edits;
  if (is_pinned(exchange)) {
    edits.emplace_back(openai::SetField{"id_slot", std::to_string(exchange.route.lease.slot())});
  } else {
    edits.emplace_back(openai::RemoveField{"id_slot"});
  }
  if (reuse_for(exchange) != Reuse::kAll) {
    edits.emplace_back(openai::SetField{"cache_prompt", "false"});
  }
  return edits;
}

// Once an answer has begun the slot holds the prompt of the attempt before.
Reuse SlotsStage::reuse_for(const Exchange& exchange) const {
  if (!shared_.tenancy.isolated) return Reuse::kAll;
  if (!asked_ || !exchange.route.lease.held()) return Reuse::kUntold;
  const bool begun = exchange.timeline.first_event.has_value();
  return begun && asked_->reuse == Reuse::kNothing ? Reuse::kUntold : asked_->reuse;
}

bool SlotsStage::is_pinned(const Exchange& exchange) const {
  return exchange.route.lease.held() && (!asked_ || asked_->pinned);
}

EventAction SlotsStage::on_event(Exchange& exchange, const openai::SseEvent&,
                                 const openai::EventInfo& info) noexcept {
  if (!info.has_output && !info.progress) return EventAction::kForward;
  if (!asked_) return EventAction::kForward;
  if (info.progress && asked_->prompt != info.progress->total) {
    asked_->prompt = info.progress->total;
    asked_->reserved = shared_.admission->prompt_known(asked_->lease, asked_->prompt,
                                                       max_tokens_of(exchange.chat));
  }
  // One event is one token, or a few where the server speculates: the end tells how many.
  const Tokens used = asked_->prompt + static_cast<Tokens>(exchange.answer.output_events);
  if (used > asked_->reserved) asked_->reserved = shared_.admission->grown(asked_->lease, used);
  return EventAction::kForward;
}

Ending SlotsStage::ending_of(const Exchange& exchange, const Outcome& outcome) const {
  Ending ending;
  const Answer& answer = exchange.answer;
  const Timeline& timeline = exchange.timeline;
  if (!timeline.sent) {
    ending.kind = Ending::Kind::kUnused;
    return ending;
  }
  // A context that several choices share goes through slots that we have not leased.
  ending.look_again = exchange.chat.choices > 1;
  if (!answer.complete || outcome.error || (!answer.timings && !answer.usage)) {
    // Until the head comes the server may not have begun; an idle slot proves nothing then.
    const auto tokenizing =
        std::chrono::milliseconds(exchange.chat_body.size() / kTokenizeBytesPerMs);
    if (!timeline.head) ending.grace = kStartGrace + tokenizing;
    ending.begun = answer.progress || timeline.first_output;
    return ending;
  }
  ending.kind = Ending::Kind::kClean;
  Tokens cached = 0;
  if (answer.timings) {
    cached = answer.timings->cache_n;
    ending.held = cached + answer.timings->prompt_n + answer.timings->predicted_n;
  } else {
    cached = answer.usage->cached_tokens;
    ending.held = answer.usage->prompt_tokens + answer.usage->completion_tokens;
  }
  ending.answer_bytes = answer.text.size();
  // The server has dropped what was warm: restarted, or short of cells.
  const bool told = !exchange.route.cache_untold;
  ending.look_again = ending.look_again || (asked_->warm && told && cached == 0);
  return ending;
}

void SlotsStage::on_finish(const Exchange& exchange, const Outcome& outcome) noexcept {
  if (asked_) shared_.admission->finish(asked_->lease, ending_of(exchange, outcome));
}

void SlotsStage::explain(const Exchange& exchange, Explanation& explanation) const {
  using enum Explanation::Name;
  if (asked_ && asked_->queued_at > 0) {
    explanation.say(kQueue, static_cast<std::int64_t>(asked_->queued_at));
  }
  const bool sent = exchange.timeline.sent.has_value();
  if (!sent && !exchange.route.lease.held()) return;
  std::string_view where = shared_.upstreams.at(exchange.route.upstream).url();
  if (const auto scheme = where.find("://"); scheme != where.npos) where.remove_prefix(scheme + 3);
  explanation.say(kUpstream, std::string(where));
  if (!exchange.route.lease.held()) {
    explanation.say(kCache, "bypass");
    return;
  }
  if (is_pinned(exchange)) {
    explanation.say(kSlot, std::int64_t{exchange.route.lease.slot()});
  }
  const Answer& answer = exchange.answer;
  Tokens cached = 0, prompt = 0;
  if (answer.timings) {
    cached = answer.timings->cache_n;
    prompt = cached + answer.timings->prompt_n;
  } else if (answer.progress) {
    cached = answer.progress->cache;
    prompt = answer.progress->total;
  }
  if (prompt == 0) return;  // refused, or not told
  // As the label of time_to_first_token_seconds: more reused than prefilled.
  const bool reused = cached * 2 > prompt;
  const bool restored = asked_ && asked_->restored > 0;
  explanation.say(kCache, !reused ? "prefill" : restored ? "restored" : "hit");
  explanation.say(kCachedTokens, cached);
}

}  // namespace

std::unique_ptr<LendingPlugin<ConversationObserver>> make_slots(const SlotsSettings& settings,
                                                                Services& services,
                                                                const Servers& servers,
                                                                const Tenancy& tenancy,
                                                                SlotArchive& archive) {
  return std::make_unique<SlotsPlugin>(settings, services, servers, tenancy, archive);
}

}  // namespace keep::slots
