#include "plugins/history/history_plugin.hpp"

#include "base/hash.hpp"
#include "base/json/json.hpp"
#include "base/log.hpp"
#include "base/unix_time.hpp"
#include "exchange/prompt_length.hpp"
#include "openai/message.hpp"
#include "plugins/history/endpoints/history_endpoints.hpp"
#include "plugins/history/history_metrics.hpp"
#include "plugins/history/reconcile.hpp"
#include "plugins/history/shelf/shelf.hpp"
#include "plugins/history/zone/zone_keeper.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace keep::history {

namespace {

// As many messages, in a body of that size, are found on record without holding the loop for long.
constexpr std::size_t kAtOnce = 4096;
constexpr std::size_t kAtOnceBytes = 2 << 20;

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

std::string answer_json(const std::string& text) {
  json::Writer json;
  json.begin_object().member("role", "assistant").member("content", text).end_object();
  return json.take();
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

class HistoryPlugin final : public Plugin, public Conversations {
 public:
  explicit HistoryPlugin(HistorySettings settings) : settings_(std::move(settings)) {}

  std::string_view name() const noexcept override { return "history"; }
  Task<> start(Services& services) override;
  Task<> stop() override;
  Task<Verdict> on_request(Exchange& exchange) override;
  Task<> on_route(Exchange& exchange) override;
  Task<> on_answer(Exchange& exchange) override;
  void on_finish(const Exchange& exchange, const Outcome& outcome) noexcept override;
  asio::awaitable<Reply> on_endpoint(const Exchange& exchange) override;
  void report(json::Writer& health) const override;
  bool degraded() const override { return shelf_->trouble().any(); }
  void explain(const Exchange& exchange, Headers& headers) const override;

  Task<std::vector<StoredMessage>> read(ConversationName name, Position from,
                                        std::size_t max_bytes) override;
  bool has(const ConversationName& name) const override { return shelf_->find(name).has_value(); }
  Task<std::string> read_sidecar(ConversationName name, Sidecar which) override;
  Task<> write_sidecar(ConversationName name, Sidecar which, std::string text) override;
  void attach(ConversationKeeper& keeper) override { endpoints_->attach(keeper); }

 private:
  // Whose past there is: a conversation with a name, and no call beside it.
  static bool has_past(const Exchange& exchange) {
    const Identity& identity = exchange.identity;
    return !identity.auxiliary && !identity.conversation.empty();
  }
  static ConversationName name_of(const Exchange& exchange) {
    return {exchange.identity.tenant, exchange.identity.conversation};
  }
  Task<> find_on_record(Exchange& exchange);
  std::optional<NewMessage> answer_of(const Exchange& exchange) const;
  Task<bool> write(ConversationName name, std::optional<NewMessage> answer, std::uint64_t asked);
  asio::awaitable<void> write_rest(ConversationName name);
  asio::awaitable<void> take_back(ConversationName name);
  asio::awaitable<void> restore_zone(ConversationName name);
  asio::awaitable<void> save_zone(ConversationName name);

  HistorySettings settings_;
  Services* services_ = nullptr;
  std::optional<Shelf> shelf_;
  std::optional<HistoryMetrics> metrics_;
  std::optional<ZoneKeeper> zones_;
  std::optional<HistoryEndpoints> endpoints_;
};

Task<> HistoryPlugin::start(Services& services) {
  services_ = &services;
  metrics_.emplace(services.metrics);
  ShelfSettings shelf;
  if (settings_.folder.empty()) {
    co_return Error(Fault::kStorage, Side::kInternal, "history.folder: no place to keep anything");
  }
  shelf.folder = settings_.folder + "/conversations";
  shelf.max_open = settings_.max_open;
  shelf.max_bytes = settings_.max_bytes;
  shelf.ttl = std::chrono::duration_cast<std::chrono::seconds>(settings_.ttl);
  shelf.on_removed = [this](const ConversationName& name) {
    zones_->forget(name);
    endpoints_->removed(name);
  };
  shelf_.emplace(services, std::move(shelf));
  endpoints_.emplace(services, *shelf_, settings_);
  zones_.emplace(services, settings_, *metrics_);
  auto opened = co_await shelf_->open();
  if (!opened) co_return opened.error();
  services.conversations = this;
  co_return Result<>{};
}

Task<Verdict> HistoryPlugin::on_request(Exchange& exchange) {
  if (!exchange.chat.messages_raw.is_array()) co_return Verdict{Next{}};
  exchange.zone.lead = leading_system(exchange.chat);
  if (!has_past(exchange)) co_return Verdict{Next{}};
  endpoints_->begin(name_of(exchange), &exchange);
  const auto found = co_await find_on_record(exchange);
  if (exchange.chat.store && shelf_->refused(name_of(exchange))) exchange.kept = Kept::kInMemory;
  if (found || found.error().fault == Fault::kNotFound) co_return Verdict{Next{}};
  if (exchange.chat.store && found.error().fault == Fault::kStorage) {
    exchange.kept = Kept::kLost;
    shelf_->trouble().lost(1, found.error().detail);
    co_return Verdict{Next{}};  // which tells it once, not with every turn
  }
  co_return found.error();
}

Task<> HistoryPlugin::find_on_record(Exchange& exchange) {
  const std::vector<Incoming> list = incoming_messages(exchange, services_->tokenizer);
  const auto lead = std::span(list).first(exchange.zone.lead);
  const auto rest = std::span(list).subspan(exchange.zone.lead);
  const bool store = exchange.chat.store;
  const std::uint64_t limit = settings_.max_conversation_tokens;
  const std::int64_t now = unix_now();
  auto job = [lead, rest, store, limit, now](ConversationLog& log) {
    return reconcile(log, lead, rest, store, now, limit);
  };
  ConversationName name = name_of(exchange);
  Result<Standing> standing;
  const bool small = rest.size() <= kAtOnce && exchange.chat_body.size() <= kAtOnceBytes;
  const ConversationLog* const log = small ? shelf_->at_hand(name) : nullptr;
  if (log != nullptr && begins_on_record(*log, rest)) {
    Match found = match(*log, lead, rest, store, now, limit);
    standing = std::move(found.standing);
    shelf_->add_later(name, std::move(found.fresh));
  } else {
    standing = co_await shelf_->with(std::move(name), store, std::move(job));
  }
  if (!standing) co_return standing.error();
  ClearZone& zone = exchange.zone;
  zone.stored = !standing->path.empty();
  zone.positions = std::move(standing->positions);
  zone.path = std::move(standing->path);
  zone.path_tokens = static_cast<std::int64_t>(standing->path_tokens);
  if (!zone.stored) co_return Result<>{};
  metrics_->known.add(static_cast<double>(rest.size() - standing->added));
  metrics_->added.add(static_cast<double>(standing->added));
  co_return Result<>{};
}

Task<> HistoryPlugin::on_route(Exchange& exchange) {
  if (!exchange.chat.messages_raw.is_array()) co_return Result<>{};
  const auto length = static_cast<std::uint64_t>(exchange.zone.path_tokens);
  const std::uint64_t limit = settings_.max_conversation_tokens;
  if (!exchange.zone.stored && length > limit) co_return conversation_too_long(length, limit);
  const bool kept = exchange.zone.stored && has_past(exchange);
  if (kept) co_await restore_zone(name_of(exchange));
  const auto planned = co_await zones_->plan(exchange);
  if (!planned) co_return planned.error();
  if (kept && exchange.zone.moved) co_await save_zone(name_of(exchange));
  co_return Result<>{};
}

// Without it the zone is planned as if it were the first time.
asio::awaitable<void> HistoryPlugin::restore_zone(ConversationName name) {
  if (zones_->knows(name)) co_return;
  const auto text = co_await read_sidecar(name, Sidecar::kZone);
  if (!text) log::warn("clear zone not restored", {{"why", text.error().detail}});
  if (!zones_->knows(name)) zones_->restore(name, text ? *text : std::string());
}

asio::awaitable<void> HistoryPlugin::save_zone(ConversationName name) {
  const auto written = co_await write_sidecar(name, Sidecar::kZone, zones_->saved(name));
  if (!written) log::warn("clear zone not saved", {{"why", written.error().detail}});
}

// Nothing: it does not go on record. Tool calls are left to the client, which sends them back with
// their results.
std::optional<NewMessage> HistoryPlugin::answer_of(const Exchange& exchange) const {
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
  message.hash = openai::answer_hash(answer.text);
  message.tokens = static_cast<std::uint32_t>(answer_tokens(answer, services_->tokenizer));
  message.time = unix_now();
  return message;
}

Task<> HistoryPlugin::on_answer(Exchange& exchange) {
  if (!has_past(exchange)) co_return Result<>{};
  ConversationName name = name_of(exchange);
  auto answer = answer_of(exchange);
  if (answer) {
    const ConversationLog* const at_hand = shelf_->at_hand(name);
    if (at_hand != nullptr && at_hand->child(answer->parent, answer->hash)) answer.reset();
  }
  if (!answer && !shelf_->waits(name)) co_return Result<>{};
  if (answer) answer->json = answer_json(exchange.answer.text);
  const auto& messages = exchange.chat.messages;
  const std::uint64_t asked = messages.empty() ? 0 : messages.back().hash;
  const auto written = co_await write(std::move(name), std::move(answer), asked);
  if (written) {
    if (!*written && exchange.kept != Kept::kLost) exchange.kept = Kept::kInMemory;
    if (*written && exchange.kept == Kept::kInMemory) exchange.kept = Kept::kOnDisk;
    co_return Result<>{};
  }
  exchange.kept = Kept::kLost;
  if (written.error().fault != Fault::kStorage) co_return written.error();
  shelf_->trouble().lost(1, written.error().detail);
  co_return Result<>{};
}

// What waits, and the answer to the message with the hash `asked`. false: the disk has refused it,
// and it is in memory.
Task<bool> HistoryPlugin::write(ConversationName name, std::optional<NewMessage> answer,
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
  const auto written = co_await shelf_->with(std::move(name), false, std::move(job));
  if (!written) co_return written.error();
  if (written->added) metrics_->added.add();
  co_return !written->refused;
}

// An answer that broke off does not take along what was asked.
asio::awaitable<void> HistoryPlugin::write_rest(ConversationName name) {
  std::optional<NewMessage> nothing;
  co_await write(std::move(name), std::move(nothing), 0);
}

// But for what somebody else who runs goes on from: that one decides for both.
asio::awaitable<void> HistoryPlugin::take_back(ConversationName name) {
  const auto from = endpoints_->end_of_running(name);
  if (!from) co_return;
  auto job = [from = *from](ConversationLog& log) -> Result<Position> {
    log.take_back(from);
    return static_cast<Position>(log.size());
  };
  const auto end = co_await shelf_->with(name, false, std::move(job));
  if (!end) co_return;
  zones_->forget(name);
  endpoints_->cut(name, *end);
}

// What ended last may still wait.
Task<> HistoryPlugin::stop() {
  if (!shelf_) co_return Result<>{};
  co_await shelf_->write_all();
  co_await shelf_->put_away();
  const std::uint64_t lost = shelf_->trouble().refused_bytes();
  if (lost > 0) log::error("conversations lost what is not on disk", {{"bytes", lost}});
  co_return Result<>{};
}

void HistoryPlugin::on_finish(const Exchange& exchange, const Outcome& outcome) noexcept {
  if (!outcome.local) zones_->learn(exchange);
  if (!has_past(exchange)) return;
  endpoints_->finish(name_of(exchange), &exchange);
  if (!shelf_->waits(name_of(exchange))) return;
  const bool refused = was_refused(exchange, outcome);
  services_->spawner.spawn("history end",
                           refused ? take_back(name_of(exchange)) : write_rest(name_of(exchange)));
}

asio::awaitable<Reply> HistoryPlugin::on_endpoint(const Exchange& exchange) {
  return endpoints_->answer(exchange);
}

void HistoryPlugin::report(json::Writer& health) const {
  const Totals totals = shelf_->totals();
  health.key("history").begin_object();
  health.member("conversations", totals.conversations).member("messages", totals.messages);
  health.member("turns", totals.turns).member("tokens", totals.tokens);
  health.member("disk_bytes", totals.disk_bytes).member("open", totals.open);
  health.member("unwritten_bytes", shelf_->trouble().refused_bytes());
  health.member("lost_messages", shelf_->trouble().lost_messages()).end_object();
}

void HistoryPlugin::explain(const Exchange& exchange, Headers& headers) const {
  if (exchange.kept != Kept::kOnDisk) headers.add("X-Keep-Record", to_string(exchange.kept));
  const ClearZone& zone = exchange.zone;
  if (!zone.planned) return;
  const auto measured = measured_prompt(exchange);
  const std::int64_t sent = measured.value_or(zone.prompt_tokens + exchange.recalled.tokens);
  headers.add("X-Keep-Window",
              "sent=" + std::to_string(sent) + ";fog=" + std::to_string(zone.fog_tokens) +
                  ";window=" + std::to_string(zone.window) + (measured ? "" : ";estimated"));
}

Task<std::vector<StoredMessage>> HistoryPlugin::read(ConversationName name, Position from,
                                                     std::size_t max_bytes) {
  auto job = [from, max_bytes](ConversationLog& log) { return log.read(from, max_bytes); };
  co_return co_await shelf_->with(std::move(name), false, std::move(job));
}

Task<std::string> HistoryPlugin::read_sidecar(ConversationName name, Sidecar which) {
  auto job = [which](ConversationLog& log) { return log.sidecar(which); };
  co_return co_await shelf_->with(std::move(name), false, std::move(job));
}

Task<> HistoryPlugin::write_sidecar(ConversationName name, Sidecar which, std::string text) {
  auto job = [which, text = std::move(text)](ConversationLog& log) {
    return log.set_sidecar(which, text);
  };
  co_return co_await shelf_->with(std::move(name), false, std::move(job));
}

}  // namespace

std::unique_ptr<Plugin> make_history(HistorySettings settings) {
  return std::make_unique<HistoryPlugin>(std::move(settings));
}

}  // namespace keep::history
