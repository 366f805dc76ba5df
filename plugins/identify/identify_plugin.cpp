#include "plugins/identify/identify_plugin.hpp"

#include "base/hash.hpp"
#include "base/log.hpp"
#include "base/lru_map.hpp"
#include "base/text/ids.hpp"
#include "exchange/large_request.hpp"
#include "openai/request/message.hpp"
#include "plugins/identify/answer_tools.hpp"
#include "plugins/identify/auxiliary.hpp"
#include "plugins/identify/client_signals.hpp"
#include "plugins/identify/conversation_table.hpp"
#include "plugins/identify/fingerprint.hpp"
#include "plugins/identify/table_file.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace keep::identify {

namespace {

using Confidence = Identity::Confidence;

// What identity_total counts: a closed list, while sources name single headers.
enum Kind : std::size_t { kHeader, kBody, kLineage, kHint, kContent, kNew, kDefault, kKinds };
constexpr std::string_view kKindNames[] = {"header",  "body", "lineage", "request_id",
                                           "content", "new",  "default"};
static_assert(std::size(kKindNames) == kKinds);

constexpr std::string_view kDefaultId = "default";
// Who is not in the saved table begins anew after a crash. A small table is written within two
// seconds of a change, one of 10 000 (3 MB) once a minute.
constexpr std::chrono::seconds kSaveAfter{2};
constexpr std::size_t kEntriesPerSecond = 170;
constexpr std::size_t kCopiedAtOnce = 100;  // entries, in one turn of the loop

std::string derived_id(ConversationTable::Key key) { return "c-" + to_hex(key); }

// The body without its messages: they are most of it, and hold no signal.
std::string without_messages(const openai::ChatRequest& request) {
  const std::string_view root = request.root.raw();
  const std::string_view messages = request.messages_raw.raw();
  if (messages.empty()) return std::string(root);
  const auto begin = static_cast<std::size_t>(messages.data() - root.data());
  std::string rest(root.substr(0, begin));
  rest += "null";
  rest += root.substr(begin + messages.size());
  return rest;
}

// What the request says of its conversation. Nothing but the request is looked at.
struct Reading {
  Fingerprint print;
  bool auxiliary = false;
  std::optional<Signal> signal;
  std::optional<std::string> previous;  // response that it goes on from
};

Reading read_request(const Exchange& exchange) {
  const Headers& headers = exchange.request.headers;
  Reading reading;
  reading.print = make_fingerprint(exchange.identity.tenant, exchange.chat, agent_signal(headers));
  reading.auxiliary = is_auxiliary(headers, exchange.chat);
  const std::string rest = without_messages(exchange.chat);
  reading.signal = find_signal(headers, json::Value(rest));
  if (!reading.signal) reading.previous = previous_response(json::Value(rest));
  return reading;
}

// Ids are the client's own bytes; a header takes visible ASCII only.
std::string header_safe(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      out += c;
      continue;
    }
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

std::string_view to_string(Confidence confidence) noexcept {
  switch (confidence) {
    case Confidence::kExplicit: return "explicit";
    case Confidence::kDerived: return "derived";
    case Confidence::kNone: break;
  }
  return "none";
}

// The message that the client will add for our answer.
std::vector<std::uint64_t> hashes_of_answer(const Exchange& exchange,
                                            const std::vector<std::string>& tools) {
  const Answer& answer = exchange.answer;
  if (!answer.complete || answer.text.size() >= Exchange::kMaxAnswerBytes) return {};
  return {openai::answer_hash(answer.text, tools)};
}

struct Handles {
  explicit Handles(Metrics& metrics)
      : derived(gauge(metrics, "derived")),
        with_id(gauge(metrics, "explicit")),
        auxiliary(metrics.counter("auxiliary_requests_total",
                                  "Titles, tags and summaries asked beside a conversation.")) {
    for (const std::string_view name : kKindNames) {
      kinds.push_back(metrics.counter("identity_total",
                                      "Requests by what named their conversation.",
                                      {{"source", std::string(name)}}));
    }
  }
  static Gauge gauge(Metrics& metrics, const char* state) {
    return metrics.gauge("conversations", "Conversations remembered.", {{"state", state}});
  }

  Gauge derived, with_id;
  Counter auxiliary;
  std::vector<Counter> kinds;
};

// What the stages of all exchanges share.
struct Shared {
  Shared(IdentifySettings chosen, Services& services)
      : settings(std::move(chosen)),
        cpu(services.pools.cpu),
        clock(services.clock),
        metrics(services.metrics),
        table(settings.max_conversations) {}

  template <class Value>
  void trim(LruMap<std::uint64_t, Value>& map) {
    while (map.size() > settings.max_conversations) map.pop_oldest();
  }

  IdentifySettings settings;
  Pool& cpu;
  const Clock& clock;
  Handles metrics;
  ConversationTable table;
  LruMap<std::uint64_t, std::string> lineage;           // response id -> conversation
  LruMap<std::uint64_t, ConversationTable::Key> hints;  // request id -> conversation
  std::uint64_t changes = 0;                            // of the table
};

class IdentifyStage final : public Stage {
 public:
  explicit IdentifyStage(Shared& known) : shared_(known) {}

  MaybeTask<Verdict> on_request(Exchange& exchange) override {
    if (brings_much(exchange)) return identify_large(exchange);
    identify(exchange, read_request(exchange));
    return Verdict{Next{}};
  }
  EventAction on_event(Exchange& exchange, const openai::SseEvent& event,
                       const openai::EventInfo& info) noexcept override;
  void on_finish(const Exchange& exchange, const Outcome& outcome) noexcept override;
  void explain(const Exchange& exchange, Explanation& explanation) const override;

 private:
  Task<Verdict> identify_large(Exchange& exchange);
  void identify(Exchange& exchange, Reading reading);
  Kind name_conversation(Exchange& exchange, const Reading& reading);
  Kind name_by_content(Identity& identity, std::optional<Signal> hint);
  static void set(Identity& identity, std::string id, std::string source, Confidence confidence);

  Shared& shared_;
  std::optional<Fingerprint> print_;           // unset where on_request was never reached
  std::optional<ConversationTable::Key> key_;  // of an entry that follows the content
  int attempt_ = 0;                            // that the tools were called in
  std::vector<std::string> tools_;
};

class IdentifyPlugin final : public Plugin {
 public:
  IdentifyPlugin(IdentifySettings settings, Services& services)
      : shared_(std::move(settings), services),
        services_(services),
        saves_(services.pools.disk.get_executor()) {}

  std::string_view name() const noexcept override { return "identify"; }

  Task<> start() override;
  Task<> stop() override { return save(); }
  std::unique_ptr<Stage> begin(Exchange& exchange) override {
    if (exchange.surface == openai::Surface::kPassThrough) return nullptr;
    return std::make_unique<IdentifyStage>(shared_);
  }

 private:
  Task<> save();
  asio::awaitable<std::vector<ConversationTable::Remembered>> copy_table();
  asio::awaitable<void> save_often();
  std::string table_path() const { return shared_.settings.folder + "/identity.table"; }

  Shared shared_;
  Services& services_;
  const Strand saves_;               // they write one file
  std::uint64_t saved_changes_ = 0;  // see Shared::changes; what was cut short has not been saved
};

Task<> IdentifyPlugin::start() {
  if (shared_.settings.folder.empty()) co_return Result<>{};
  auto job = [&files = services_.files, path = table_path()] { return load_table(files, path); };
  const auto loaded = co_await run_on(services_.pools.disk, std::move(job));
  // Clients without an id begin anew then, which is no reason to refuse everybody.
  if (!loaded) log::warn("conversations not restored", {{"why", loaded.error().detail}});
  if (loaded) {
    for (const auto& entry : *loaded) shared_.table.restore(entry);
  }
  services_.spawner.spawn("conversation table", save_often());
  co_return Result<>{};
}

Task<> IdentifyPlugin::save() {
  const std::uint64_t changes = shared_.changes;
  if (shared_.settings.folder.empty() || changes == saved_changes_) co_return Result<>{};
  std::vector<ConversationTable::Remembered> list = co_await copy_table();
  auto job = [&files = services_.files, path = table_path(), list = std::move(list)] {
    return save_table(files, path, list);
  };
  const auto saved = co_await run_in_turn(saves_, std::move(job));
  if (saved) saved_changes_ = changes;
  co_return saved;
}

// In portions: whoever waits for the loop goes between two of them.
asio::awaitable<std::vector<ConversationTable::Remembered>> IdentifyPlugin::copy_table() {
  std::vector<ConversationTable::Remembered> list;
  const std::vector<ConversationTable::Key> keys = shared_.table.keys();
  list.reserve(keys.size());
  for (const ConversationTable::Key key : keys) {
    if (auto entry = shared_.table.remembered(key)) list.push_back(*std::move(entry));
    if (list.size() % kCopiedAtOnce != 0) continue;
    co_await asio::post(asio::use_awaitable);
  }
  co_return list;
}

asio::awaitable<void> IdentifyPlugin::save_often() {
  asio::steady_timer timer(services_.loop);
  for (bool failed = false;;) {
    timer.expires_after(kSaveAfter +
                        std::chrono::seconds(shared_.table.derived() / kEntriesPerSecond));
    co_await timer.async_wait(asio::use_awaitable);
    const auto saved = co_await save();
    if (!saved && !failed) log::warn("conversations not saved", {{"why", saved.error().detail}});
    if (saved && failed) log::info("conversations saved again");
    failed = !saved;
  }
}

void IdentifyStage::set(Identity& identity, std::string id, std::string source,
                        Confidence confidence) {
  identity.conversation = std::move(id);
  identity.source = std::move(source);
  identity.confidence = confidence;
}

Task<Verdict> IdentifyStage::identify_large(Exchange& exchange) {
  auto read = [&exchange] { return read_request(exchange); };
  identify(exchange, co_await run_on(shared_.cpu, std::move(read)));
  co_return Verdict{Next{}};
}

void IdentifyStage::identify(Exchange& exchange, Reading reading) {
  Identity& identity = exchange.identity;
  const Fingerprint& print = print_.emplace(std::move(reading.print));
  identity.agent = to_hex(print.agent);
  identity.turn = print.user_turns;
  identity.auxiliary = reading.auxiliary;
  const Kind kind = name_conversation(exchange, reading);
  shared_.metrics.kinds[kind].add();
  if (identity.auxiliary) shared_.metrics.auxiliary.add();
  shared_.metrics.derived.set(static_cast<double>(shared_.table.derived()));
  shared_.metrics.with_id.set(static_cast<double>(shared_.table.with_id()));
}

Kind IdentifyStage::name_conversation(Exchange& exchange, const Reading& reading) {
  Identity& identity = exchange.identity;
  if (const auto& signal = reading.signal) {
    shared_.table.note_explicit(hash_of(identity.tenant, signal->id), print_->tenant,
                                shared_.clock.now());
    const Kind kind = signal->source.starts_with("header:") ? kHeader : kBody;
    set(identity, signal->id, signal->source, Confidence::kExplicit);
    return kind;
  }
  if (reading.previous) {
    const std::uint64_t previous = hash_of(identity.tenant, *reading.previous);
    if (const std::string* const id = shared_.lineage.find(previous)) {
      set(identity, *id, "body:previous_response_id", Confidence::kExplicit);
      return kLineage;
    }
  }
  if (shared_.settings.anonymous == kDefaultId) {
    set(identity, std::string(kDefaultId), std::string(kDefaultId), Confidence::kNone);
    return kDefault;
  }
  if (identity.auxiliary) {
    const auto key = shared_.table.find(*print_);
    set(identity, key ? derived_id(*key) : random_id("c-"), key ? "content" : "new",
        Confidence::kDerived);
    return key ? kContent : kNew;
  }
  return name_by_content(identity, find_hint(exchange.request.headers));
}

// A hint only counts once it has been seen: most clients send a new one with every request.
Kind IdentifyStage::name_by_content(Identity& identity, std::optional<Signal> hint) {
  const Instant now = shared_.clock.now();
  const std::uint64_t hint_key = hint ? hash_of(identity.tenant, hint->id) : 0;
  if (hint) {
    if (const auto* const known = shared_.hints.find(hint_key)) {
      key_ = *known;
      shared_.table.assign_to(*known, *print_, now);
      set(identity, derived_id(*known), std::move(hint->source), Confidence::kExplicit);
      return kHint;
    }
  }
  const auto assigned = shared_.table.assign(*print_, now);
  key_ = assigned.key;
  if (hint) {
    shared_.hints.get(hint_key, print_->tenant) = assigned.key;
    shared_.trim(shared_.hints);
  }
  set(identity, derived_id(assigned.key), assigned.is_new ? "new" : "content",
      Confidence::kDerived);
  return assigned.is_new ? kNew : kContent;
}

EventAction IdentifyStage::on_event(Exchange& exchange, const openai::SseEvent& event,
                                    const openai::EventInfo& info) noexcept {
  if (!info.has_output && info.kind == openai::EventInfo::Kind::kDelta)
    return EventAction::kForward;
  if (!key_) return EventAction::kForward;
  if (attempt_ != exchange.attempt) tools_.clear();
  attempt_ = exchange.attempt;
  gather_tool_names(event, info, tools_);
  return EventAction::kForward;
}

void IdentifyStage::on_finish(const Exchange& exchange, const Outcome&) noexcept {
  if (!print_) return;
  const Identity& identity = exchange.identity;
  const bool answered = exchange.dialect->has_references() && !identity.auxiliary;
  if (answered && !exchange.answer.id.empty()) {
    if (const auto id = clean_id(exchange.answer.id)) {
      shared_.lineage.get(hash_of(identity.tenant, *id), print_->tenant) = identity.conversation;
      shared_.trim(shared_.lineage);
    }
  }
  ++shared_.changes;
  if (!key_) return;
  shared_.table.finish(*key_, *print_, hashes_of_answer(exchange, tools_), shared_.clock.now());
}

void IdentifyStage::explain(const Exchange& exchange, Explanation& explanation) const {
  const Identity& identity = exchange.identity;
  if (identity.conversation.empty()) return;
  explanation.say(Explanation::Name::kConversation, header_safe(identity.conversation));
  std::string how = header_safe(identity.source);
  how += ';';
  how += to_string(identity.confidence);
  explanation.say(Explanation::Name::kIdentity, how);
}

}  // namespace

std::unique_ptr<Plugin> make_identify(IdentifySettings settings, Services& services) {
  return std::make_unique<IdentifyPlugin>(std::move(settings), services);
}

}  // namespace keep::identify
