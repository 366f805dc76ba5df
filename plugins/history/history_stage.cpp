#include "plugins/history/history_stage.hpp"

#include "base/async/pools.hpp"
#include "base/json/json.hpp"
#include "base/log.hpp"
#include "base/time/unix_time.hpp"
#include "exchange/interfaces/conversations.hpp"
#include "exchange/prompt_length.hpp"
#include "openai/request/message.hpp"
#include "plugins/history/reconcile.hpp"

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace keep::history {

namespace {

// As many messages, in a body of that size, are found on record without holding the loop for long.
constexpr std::size_t kAtOnce = 4096;
constexpr std::size_t kAtOnceBytes = 2 << 20;
// An answer beyond it is hashed and written as JSON in the pool.
constexpr std::size_t kLargeAnswer = 256 << 10;

std::vector<Incoming> incoming_messages(const Exchange& exchange, const Tokenizer& tokenizer) {
  std::vector<Incoming> list;
  list.reserve(exchange.chat.messages.size());
  for (const openai::Message& message : exchange.chat.messages) {
    const auto tokens = static_cast<std::uint32_t>(estimate(message, tokenizer));
    list.push_back({role_of(message.role), message.hash, tokens, message.raw.raw()});
  }
  return list;
}

std::size_t leading_system(const openai::ChatRequest& chat) {
  std::size_t lead = 0;
  while (lead < chat.messages.size() && role_of(chat.messages[lead].role) == Role::kSystem) ++lead;
  return lead;
}

NewMessage with_text(NewMessage answer, const std::string& text) {
  json::Writer json;
  json.begin_object().member("role", "assistant").member("content", text).end_object();
  answer.json = json.take();
  answer.hash = openai::answer_hash(text);
  return answer;
}

Error conversation_too_long(std::uint64_t tokens, std::uint64_t limit) {
  return Error(Fault::kTooLong, Side::kDownstream,
               "conversation is too long: " + std::to_string(tokens) + " tokens > " +
                   std::to_string(limit) + " maximum (history.max_conversation_tokens)");
}

// What upstream has counted may be more than the text, which is without what was thought before it.
std::int64_t answer_tokens(const Answer& answer, const Tokenizer& tokenizer) {
  const std::size_t bytes = answer.text.size();
  const std::int64_t counted = answer.timings ? answer.timings->predicted_n : 0;
  const bool sound = is_count_of(bytes, counted) && counted <= static_cast<std::int64_t>(bytes) + 1;
  return sound ? counted : tokenizer.estimate(bytes);
}

// By us or by upstream: then it is as if it had not been said. An upstream that is away or late, or
// a client that leaves, refuses nothing.
bool was_refused(const Exchange& exchange, const Outcome& outcome) {
  // A stream whose head left early says 200 and tells of the refusal as an event.
  const bool told = outcome.status < 400 && outcome.error;
  const int status = told ? to_reply(*outcome.error)->status : outcome.status;
  const bool broke_off = status == 499 || status == 502 || status == 504;
  return status >= 400 && !broke_off && !exchange.timeline.first_event;
}

// Whose past there is: a conversation with a name, and no call beside it.
bool has_past(const Exchange& exchange) {
  const Identity& identity = exchange.identity;
  return !identity.auxiliary && !identity.conversation.empty();
}

// What waits, and the answer to the message with the hash `asked`. false: the disk has refused it,
// and it is in memory.
Task<bool> write(Shared& shared, ConversationName name, std::optional<NewMessage> answer,
                 std::uint64_t asked) {
  struct Written {
    bool added = false, refused = false;
  };
  auto job = [answer = std::move(answer), asked](ConversationLog& log) -> Result<Written> {
    Written written;
    if (answer) {
      // Its question may have found no room.
      if (answer->parent >= log.size() || log.info(answer->parent).hash != asked) {
        return Error(Fault::kStorage, Side::kInternal, "what is answered is not on record");
      }
      written.added = !log.child(answer->parent, answer->hash);  // not said before, word for word
    }
    if (written.added) {
      const auto added = log.append(std::span(&*answer, 1));
      if (!added) return added.error();
    } else {
      (void)log.flush();
    }
    written.refused = log.refused_bytes() > 0;
    return written;
  };
  const auto written = co_await shared.store.with(std::move(name), false, std::move(job));
  if (!written) co_return written.error();
  if (written->added) shared.metrics.added.add();
  co_return !written->refused;
}

// An answer that broke off does not take along what was asked.
asio::awaitable<void> write_rest(Shared& shared, ConversationName name) {
  std::optional<NewMessage> nothing;
  co_await write(shared, std::move(name), std::move(nothing), 0);
}

// But for what somebody else who runs goes on from: that one decides for both.
asio::awaitable<void> take_back(Shared& shared, ConversationName name) {
  const auto from = shared.endpoints.end_of_running(name);
  if (!from) co_return;
  auto job = [from = *from](ConversationLog& log) -> Result<Position> {
    log.take_back(from);
    return static_cast<Position>(log.size());
  };
  const auto end = co_await shared.store.with(name, false, std::move(job));
  if (!end) co_return;
  shared.zones.forget(name);
  shared.endpoints.cut(name, *end);
}

class HistoryStage final : public Stage {
 public:
  explicit HistoryStage(Shared& shared) : shared_(shared) {}

  MaybeTask<Verdict> on_request(Exchange& exchange) override;
  MaybeTask<> on_route(Exchange& exchange) override;
  MaybeTask<> on_answer(Exchange& exchange) override;
  void on_finish(const Exchange& exchange, const Outcome& outcome) noexcept override;
  void explain(const Exchange& exchange, Explanation& explanation) const override;

 private:
  // What is said in the request, as it stands on record.
  MaybeTask<> find_on_record(Exchange& exchange);
  Task<> reconcile_in_turn(Exchange& exchange, std::vector<Incoming> list);
  Result<> take_over(Exchange& exchange, Result<OnRecord> on_record);
  Task<Verdict> wait_for_record(Exchange& exchange, MaybeTask<> finding);
  Result<Verdict> note_record(Exchange& exchange, const Result<>& found);
  Task<> restore_and_plan(Exchange& exchange);
  Task<> save_plan(Exchange& exchange, MaybeTask<> planned);
  asio::awaitable<void> restore_zone(ConversationName name);
  asio::awaitable<void> save_zone(ConversationName name);
  std::optional<NewMessage> answer_of(const Exchange& exchange) const;
  Task<> write_large(Exchange& exchange, NewMessage answer);
  Task<> write_answer(Exchange& exchange, std::optional<NewMessage> answer);

  Shared& shared_;
  bool runs_ = false;            // the endpoints have been told
  std::optional<Position> end_;  // behind all that it goes on from, once that is known
};

MaybeTask<Verdict> HistoryStage::on_request(Exchange& exchange) {
  if (!exchange.chat.messages_raw.is_array()) return Verdict{Next{}};
  exchange.zone.lead = leading_system(exchange.chat);
  if (!has_past(exchange)) return Verdict{Next{}};
  shared_.endpoints.begin(exchange.identity.name());
  runs_ = true;
  MaybeTask<> found = find_on_record(exchange);
  if (found.waits()) return wait_for_record(exchange, std::move(found));
  return note_record(exchange, found.result());
}

Task<Verdict> HistoryStage::wait_for_record(Exchange& exchange, MaybeTask<> finding) {
  const auto found = co_await finding.task();
  co_return note_record(exchange, found);
}

Result<Verdict> HistoryStage::note_record(Exchange& exchange, const Result<>& found) {
  const Path& path = exchange.zone.path;
  end_ = path.empty() ? 0 : static_cast<Position>(path.back().last + 1);
  shared_.endpoints.goes_on_from(exchange.identity.name(), *end_);
  if (exchange.chat.store && shared_.store.refused(exchange.identity.name()))
    exchange.kept = Kept::kInMemory;
  if (found || found.error().fault == Fault::kNotFound) return Verdict{Next{}};
  if (exchange.chat.store && found.error().fault == Fault::kStorage) {
    exchange.kept = Kept::kLost;
    shared_.store.trouble().lost(1, found.error().detail);
    return Verdict{Next{}};  // which tells it once, not with every turn
  }
  return found.error();
}

MaybeTask<> HistoryStage::find_on_record(Exchange& exchange) {
  std::vector<Incoming> list = incoming_messages(exchange, shared_.servers.tokenizer);
  const auto lead = std::span(list).first(exchange.zone.lead);
  const auto rest = std::span(list).subspan(exchange.zone.lead);
  const bool small = rest.size() <= kAtOnce && exchange.chat_body.size() <= kAtOnceBytes;
  const ConversationName name = exchange.identity.name();
  const ConversationLog* const log = small ? shared_.store.at_hand(name) : nullptr;
  if (log == nullptr || !begins_on_record(*log, rest)) {
    return reconcile_in_turn(exchange, std::move(list));
  }
  Match found = match(*log, lead, rest, exchange.chat.store, unix_now(),
                      shared_.settings.max_conversation_tokens);
  shared_.store.add_later(name, std::move(found.fresh));
  return take_over(exchange, std::move(found.on_record));
}

Task<> HistoryStage::reconcile_in_turn(Exchange& exchange, std::vector<Incoming> list) {
  const auto lead = std::span(list).first(exchange.zone.lead);
  const auto rest = std::span(list).subspan(exchange.zone.lead);
  const bool store = exchange.chat.store;
  const std::uint64_t limit = shared_.settings.max_conversation_tokens;
  auto job = [lead, rest, store, limit, now = unix_now()](ConversationLog& log) {
    return reconcile(log, lead, rest, store, now, limit);
  };
  auto on_record = co_await shared_.store.with(exchange.identity.name(), store, std::move(job));
  co_return take_over(exchange, std::move(on_record));
}

Result<> HistoryStage::take_over(Exchange& exchange, Result<OnRecord> on_record) {
  if (!on_record) return on_record.error();
  ClearZone& zone = exchange.zone;
  zone.stored = !on_record->path.empty();
  zone.positions = std::move(on_record->positions);
  zone.path = std::move(on_record->path);
  zone.path_tokens = static_cast<std::int64_t>(on_record->path_tokens);
  if (!zone.stored) return {};
  const std::size_t rest = exchange.chat.messages.size() - zone.lead;
  shared_.metrics.known.add(static_cast<double>(rest - on_record->added));
  shared_.metrics.added.add(static_cast<double>(on_record->added));
  return {};
}

MaybeTask<> HistoryStage::on_route(Exchange& exchange) {
  if (!exchange.chat.messages_raw.is_array()) return Result<>{};
  const auto length = static_cast<std::uint64_t>(exchange.zone.path_tokens);
  const std::uint64_t limit = shared_.settings.max_conversation_tokens;
  if (!exchange.zone.stored && length > limit) return conversation_too_long(length, limit);
  const bool kept = exchange.zone.stored && has_past(exchange);
  if (kept && !shared_.zones.knows(exchange.identity.name())) return restore_and_plan(exchange);
  MaybeTask<> planned = shared_.zones.plan(exchange);
  if (planned.waits() || (kept && exchange.zone.moved)) {
    return save_plan(exchange, std::move(planned));
  }
  return std::move(planned.result());
}

Task<> HistoryStage::restore_and_plan(Exchange& exchange) {
  co_await restore_zone(exchange.identity.name());
  MaybeTask<> planned = shared_.zones.plan(exchange);
  co_return co_await save_plan(exchange, std::move(planned));
}

Task<> HistoryStage::save_plan(Exchange& exchange, MaybeTask<> planned) {
  if (planned.waits()) planned = co_await planned.task();
  if (!planned.result()) co_return planned.result().error();
  const bool kept = exchange.zone.stored && has_past(exchange);
  if (kept && exchange.zone.moved) co_await save_zone(exchange.identity.name());
  co_return Result<>{};
}

// Without it the zone is planned as if it were the first time.
asio::awaitable<void> HistoryStage::restore_zone(ConversationName name) {
  const auto text = co_await shared_.conversations.read_sidecar(name, Sidecar::kZone);
  if (!text) log::warn("clear zone not restored", {{"why", text.error().detail}});
  if (!shared_.zones.knows(name)) shared_.zones.restore(name, text ? *text : std::string());
}

asio::awaitable<void> HistoryStage::save_zone(ConversationName name) {
  const auto written =
      co_await shared_.conversations.write_sidecar(name, Sidecar::kZone, shared_.zones.saved(name));
  if (!written) log::warn("clear zone not saved", {{"why", written.error().detail}});
}

// What goes on record, but for its text; nothing: it does not. Tool calls are left to the client,
// which sends them back with their results.
std::optional<NewMessage> HistoryStage::answer_of(const Exchange& exchange) const {
  const Answer& answer = exchange.answer;
  const auto& messages = exchange.chat.messages;
  const bool plain = !answer.text.empty() && answer.finish_reason != "tool_calls";
  if (!exchange.chat.store || !plain || messages.empty()) return std::nullopt;
  const Position parent = exchange.zone.position_of(messages.size() - 1);
  const bool continued = role_of(messages.back().role) == Role::kAssistant;
  if (parent == kNoPosition || continued) return std::nullopt;
  NewMessage message;
  message.role = Role::kAssistant;
  message.parent = parent;
  message.tokens = static_cast<std::uint32_t>(answer_tokens(answer, shared_.servers.tokenizer));
  message.time = unix_now();
  return message;
}

MaybeTask<> HistoryStage::on_answer(Exchange& exchange) {
  if (!has_past(exchange)) return Result<>{};
  const ConversationName name = exchange.identity.name();
  auto answer = answer_of(exchange);
  if (answer && exchange.answer.text.size() >= kLargeAnswer) {
    return write_large(exchange, *std::move(answer));
  }
  if (answer) {
    answer = with_text(*std::move(answer), exchange.answer.text);
    const ConversationLog* const at_hand = shared_.store.at_hand(name);
    if (at_hand != nullptr && at_hand->child(answer->parent, answer->hash)) answer.reset();
  }
  if (!answer && !shared_.store.waits(name)) return Result<>{};
  return write_answer(exchange, std::move(answer));
}

Task<> HistoryStage::write_large(Exchange& exchange, NewMessage answer) {
  auto job = [answer = std::move(answer), &text = exchange.answer.text]() mutable {
    return with_text(std::move(answer), text);
  };
  std::optional<NewMessage> message = co_await run_on(shared_.services.pools.cpu, std::move(job));
  co_return co_await write_answer(exchange, std::move(message));
}

Task<> HistoryStage::write_answer(Exchange& exchange, std::optional<NewMessage> answer) {
  const auto& messages = exchange.chat.messages;
  const std::uint64_t asked = messages.empty() ? 0 : messages.back().hash;
  const auto written = co_await write(shared_, exchange.identity.name(), std::move(answer), asked);
  if (written) {
    if (!*written && exchange.kept != Kept::kLost) exchange.kept = Kept::kInMemory;
    if (*written && exchange.kept == Kept::kInMemory) exchange.kept = Kept::kOnDisk;
    co_return Result<>{};
  }
  exchange.kept = Kept::kLost;
  if (written.error().fault != Fault::kStorage) co_return written.error();
  shared_.store.trouble().lost(1, written.error().detail);
  co_return Result<>{};
}

void HistoryStage::on_finish(const Exchange& exchange, const Outcome& outcome) noexcept {
  if (!outcome.local) shared_.zones.learn(exchange);
  if (!has_past(exchange)) return;
  if (runs_) shared_.endpoints.finish(exchange.identity.name(), end_, exchange.answer);
  if (!shared_.store.waits(exchange.identity.name())) return;
  const bool refused = was_refused(exchange, outcome);
  shared_.services.spawner.spawn("history end",
                                 refused ? take_back(shared_, exchange.identity.name())
                                         : write_rest(shared_, exchange.identity.name()));
}

void HistoryStage::explain(const Exchange& exchange, Explanation& explanation) const {
  if (exchange.kept != Kept::kOnDisk) {
    explanation.say(Explanation::Name::kRecord, std::string(to_string(exchange.kept)));
  }
  const ClearZone& zone = exchange.zone;
  if (!zone.planned) return;
  const auto measured = measured_prompt(exchange);
  const std::int64_t sent = measured.value_or(zone.prompt_tokens + exchange.recalled.tokens);
  explanation.say(Explanation::Name::kWindow,
                  "sent=" + std::to_string(sent) + ";fog=" + std::to_string(zone.fog_tokens) +
                      ";window=" + std::to_string(zone.window) + (measured ? "" : ";estimated"));
}

StoreSettings store_settings(Shared& shared) {
  StoreSettings store;
  store.folder = shared.settings.folder + "/conversations";
  store.max_open = shared.settings.max_open;
  store.max_bytes = shared.settings.max_bytes;
  store.ttl = std::chrono::duration_cast<std::chrono::seconds>(shared.settings.ttl);
  store.on_removed = [&shared](const ConversationName& name) {
    shared.zones.forget(name);
    shared.endpoints.removed(name);
  };
  return store;
}

}  // namespace

Shared::Shared(HistorySettings chosen, Services& lent, const Servers& asked, Conversations& record)
    : settings(std::move(chosen)),
      services(lent),
      servers(asked),
      conversations(record),
      store(lent, store_settings(*this)),
      metrics(lent.metrics),
      zones(lent, asked, settings, metrics),
      endpoints(lent, asked.upstreams, store, settings) {}

std::unique_ptr<Stage> make_stage(Shared& shared) { return std::make_unique<HistoryStage>(shared); }

}  // namespace keep::history
