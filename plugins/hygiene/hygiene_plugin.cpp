#include "plugins/hygiene/hygiene_plugin.hpp"

#include "base/hash.hpp"
#include "base/log.hpp"
#include "exchange/large_request.hpp"
#include "plugins/hygiene/changes.hpp"
#include "plugins/hygiene/divergence.hpp"
#include "plugins/hygiene/frozen_values.hpp"
#include "plugins/hygiene/prompt.hpp"
#include "plugins/hygiene/prompt_memory.hpp"
#include "plugins/hygiene/rules.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace keep::hygiene {

namespace {

// Losing less than this is normal life: it goes to the debug log.
constexpr std::uint64_t kNotableTokens = 256;

openai::BodyEdits edits_of(const Exchange& exchange) {
  openai::BodyEdits edits = exchange.request_edits;
  edits.insert(edits.end(), exchange.attempt_edits.begin(), exchange.attempt_edits.end());
  return edits;
}

std::string to_text(const Divergence& divergence) {
  if (!divergence.found) return "none";
  std::string text = "message=" + std::to_string(divergence.message);
  if (divergence.byte_known) text += ";byte=" + std::to_string(divergence.byte);
  text += ";cause=" + divergence.cause;
  return text + ";lost_tokens=" + std::to_string(divergence.lost_tokens);
}

struct Handles {
  Handles(Metrics& metrics, const RuleSet& rules) {
    for (std::size_t i = 0; i < rules.size(); ++i) {
      hits.push_back(metrics.counter("hygiene_hits_total", "Messages that a rule changed.",
                                     {{"rule", rules.name(i)}}));
    }
    for (const std::string_view cause : divergence_causes()) {
      causes.push_back(metrics.counter("prefix_divergence_total",
                                       "Prompts that did not continue the one before them.",
                                       {{"cause", std::string(cause)}}));
    }
  }
  std::vector<Counter> hits, causes;
};

// What the stages of all exchanges share.
struct Shared {
  Shared(RuleSet chosen, std::size_t explain_bytes, Services& services)
      : rules(std::move(chosen)),
        cpu(services.pools.cpu),
        memory(explain_bytes),
        metrics(services.metrics, rules) {}
  RuleSet rules;
  Pool& cpu;
  FrozenValues frozen;
  PromptMemory memory;
  Handles metrics;
};

class HygieneStage final : public Stage {
 public:
  explicit HygieneStage(Shared& known) : shared_(known) {}

  MaybeTask<Verdict> on_request(Exchange& exchange) override {
    if (cleans_much(exchange)) return clean_large(exchange);
    clean(exchange, changes_by(shared_.rules, exchange.chat));
    return Verdict{Next{}};
  }
  MaybeTask<> on_count(Exchange& exchange) override {
    if (cleans_much(exchange)) return count_large(exchange);
    clean(exchange, changes_by(shared_.rules, exchange.chat));
    freeze(exchange);  // no conversation is known: the values stay
    return Result<>{};
  }
  MaybeTask<> on_upstream_request(Exchange& exchange) override;
  void on_finish(const Exchange& exchange, const Outcome& outcome) noexcept override;
  void explain(const Exchange&, Explanation& explanation) const override {
    explanation.say(Explanation::Name::kDivergence, to_text(divergence_));
  }

 private:
  asio::awaitable<std::vector<Change>> find_changes(const Exchange& exchange);
  Task<Verdict> clean_large(Exchange& exchange);
  Task<> count_large(Exchange& exchange);
  void clean(Exchange& exchange, std::vector<Change> changes);
  void note_hits(const Cleaned& cleaned);
  RuleValues known_values(const Exchange& exchange) const;
  Frozen frozen_by(const Exchange& exchange, RuleValues known) const;
  void freeze(Exchange& exchange);
  asio::awaitable<void> freeze_large(Exchange& exchange);
  void put_frozen(Exchange& exchange, Frozen frozen);
  bool is_comparable(const Exchange& exchange) const;
  bool reads_much(const Exchange& exchange);
  bool cleans_much(const Exchange& exchange) const;
  const Prompt* known_before(const Exchange& exchange);
  const Prompt* find_before(const Exchange& exchange);
  Task<> prepare_large(Exchange& exchange);
  asio::awaitable<void> read_large(const Exchange& exchange);
  void note(const Exchange& exchange, const Prompt& before, Divergence divergence);
  void log_divergence(const Exchange& exchange) const;
  void remember(const Exchange& exchange);

  Shared& shared_;
  std::vector<std::size_t> frozen_;  // messages with something to freeze
  std::optional<Prompt> prompt_;
  Texts texts_;
  std::uint64_t replaced_ = 0;  // agent of the prompt it was compared with
  Divergence divergence_;
};

class HygienePlugin final : public LendingPlugin<ConversationObserver> {
 public:
  HygienePlugin(RuleSet rules, const HygieneSettings& settings, Services& services)
      : shared_(std::move(rules), settings.explain_bytes, services) {}

  std::string_view name() const noexcept override { return "hygiene"; }

  std::unique_ptr<Stage> begin(Exchange& exchange) override {
    if (exchange.surface == openai::Surface::kPassThrough) return nullptr;
    return std::make_unique<HygieneStage>(shared_);
  }
  void forget(const ConversationName& name) override;

 private:
  Shared shared_;
};

asio::awaitable<std::vector<Change>> HygieneStage::find_changes(const Exchange& exchange) {
  auto find = [this, &exchange] { return changes_by(shared_.rules, exchange.chat); };
  co_return co_await run_on(shared_.cpu, std::move(find));
}

Task<Verdict> HygieneStage::clean_large(Exchange& exchange) {
  auto changes = co_await find_changes(exchange);
  clean(exchange, std::move(changes));
  co_return Verdict{Next{}};
}

Task<> HygieneStage::count_large(Exchange& exchange) {
  auto changes = co_await find_changes(exchange);
  clean(exchange, std::move(changes));
  co_await freeze_large(exchange);
  co_return Result<>{};
}

void HygieneStage::clean(Exchange& exchange, std::vector<Change> changes) {
  for (Change& change : changes) {
    note_hits(change.cleaned);
    openai::Message& message = exchange.chat.messages[change.index];
    message.hash = change.hash;
    message.text_bytes = change.text_bytes;
    // Not push_back: GCC 12 takes the moved variant for uninitialized.
    if (change.json.empty()) {
      exchange.request_edits.emplace_back(openai::RemoveMessage{change.index});
    } else if (change.cleaned.frozen) {
      frozen_.push_back(change.index);  // its text comes when the conversation is known
    } else {
      exchange.request_edits.emplace_back(
          openai::ReplaceMessage{change.index, std::move(change.json)});
    }
  }
}

void HygieneStage::note_hits(const Cleaned& cleaned) {
  for (const std::size_t rule : cleaned.hits) {
    shared_.metrics.hits[rule].add();
  }
}

std::uint64_t frozen_key(std::uint64_t conversation, std::size_t rule) {
  return hash_combine(conversation, rule);
}

void HygienePlugin::forget(const ConversationName& name) {
  const std::uint64_t conversation = hash_of(name);
  for (std::size_t rule = 0; rule < shared_.rules.size(); ++rule) {
    shared_.frozen.forget(frozen_key(conversation, rule));
  }
  shared_.memory.forget(conversation);
}

// Without a conversation nothing may stand for anything else.
RuleValues HygieneStage::known_values(const Exchange& exchange) const {
  RuleValues values(shared_.rules.size());
  if (exchange.identity.conversation.empty()) return values;
  for (std::size_t rule = 0; rule < values.size(); ++rule) {
    const std::string* const known =
        shared_.frozen.look(frozen_key(exchange.identity.hash(), rule));
    if (known != nullptr) values[rule] = *known;
  }
  return values;
}

Frozen HygieneStage::frozen_by(const Exchange& exchange, RuleValues known) const {
  const Identity& identity = exchange.identity;
  const bool take_first = !identity.conversation.empty() && !identity.auxiliary;
  return freeze_messages(shared_.rules, exchange.chat, frozen_, std::move(known), take_first);
}

void HygieneStage::freeze(Exchange& exchange) {
  if (!frozen_.empty()) put_frozen(exchange, frozen_by(exchange, known_values(exchange)));
}

asio::awaitable<void> HygieneStage::freeze_large(Exchange& exchange) {
  if (frozen_.empty()) co_return;
  auto work = [this, &exchange, known = known_values(exchange)] {
    return frozen_by(exchange, known);
  };
  Frozen frozen = co_await run_on(shared_.cpu, std::move(work));
  put_frozen(exchange, std::move(frozen));
}

// Another request may have frozen something meanwhile. The next one has what was kept first.
void HygieneStage::put_frozen(Exchange& exchange, Frozen frozen) {
  const Identity& identity = exchange.identity;
  for (std::size_t rule = 0; rule < frozen.values.size(); ++rule) {
    if (identity.conversation.empty() || identity.auxiliary || !frozen.values[rule]) continue;
    shared_.frozen.first(frozen_key(identity.hash(), rule), *frozen.values[rule],
                         hash64(identity.tenant));
  }
  std::ranges::move(frozen.edits, std::back_inserter(exchange.attempt_edits));
}

// An earlier attempt may have been compared.
bool HygieneStage::is_comparable(const Exchange& exchange) const {
  const Identity& identity = exchange.identity;
  return !identity.auxiliary && !identity.conversation.empty() && !prompt_;
}

// However often the same texts were looked at before.
bool HygieneStage::cleans_much(const Exchange& exchange) const {
  return is_large(exchange) && bytes_to_clean(shared_.rules, exchange.chat) >= kLargeRequest;
}

bool HygieneStage::reads_much(const Exchange& exchange) {
  if (!is_large(exchange)) return false;
  if (!frozen_.empty()) return true;
  if (!is_comparable(exchange)) return false;
  return bytes_to_read(exchange.chat, edits_of(exchange), known_before(exchange)) >= kLargeRequest;
}

MaybeTask<> HygieneStage::on_upstream_request(Exchange& exchange) {
  if (reads_much(exchange)) return prepare_large(exchange);
  freeze(exchange);
  if (!is_comparable(exchange)) return Result<>{};
  prompt_ = make_prompt(exchange.chat, edits_of(exchange), known_before(exchange), texts_);
  const Prompt* const before = find_before(exchange);
  if (before == nullptr) return Result<>{};
  const auto texts = shared_.memory.texts(exchange.identity.hash(), *before);
  note(exchange, *before, find_divergence(*before, texts.get(), *prompt_, texts_));
  return Result<>{};
}

// What is remembered may be another prompt by the time that all is read, or be forgotten while it
// is compared with, so that works on what is held here.
Task<> HygieneStage::prepare_large(Exchange& exchange) {
  co_await freeze_large(exchange);
  if (!is_comparable(exchange)) co_return Result<>{};
  co_await read_large(exchange);
  const Prompt* const found = find_before(exchange);
  if (found == nullptr) co_return Result<>{};
  const Prompt before = *found;
  const auto texts = shared_.memory.texts(exchange.identity.hash(), before);
  auto compare = [this, &before, &texts] {
    return find_divergence(before, texts.get(), *prompt_, texts_);
  };
  Divergence divergence = co_await run_on(shared_.cpu, std::move(compare));
  note(exchange, before, std::move(divergence));
  co_return Result<>{};
}

// Whose texts need not be read again: they are at hand, or are not kept at all.
const Prompt* HygieneStage::known_before(const Exchange& exchange) {
  const std::uint64_t conversation = exchange.identity.hash();
  const std::uint64_t agent = hash64(exchange.identity.agent);
  const Prompt* const before = shared_.memory.find(conversation, agent, nullptr);
  if (before == nullptr || !shared_.memory.keeps_texts()) return before;
  return shared_.memory.texts(conversation, *before) != nullptr ? before : nullptr;
}

asio::awaitable<void> HygieneStage::read_large(const Exchange& exchange) {
  struct Read {
    Prompt prompt;
    Texts texts;
  };
  const Prompt* const known = known_before(exchange);
  const auto before = known != nullptr ? std::optional(*known) : std::nullopt;
  auto read = [&exchange, &before] {
    Read made;
    made.prompt =
        make_prompt(exchange.chat, edits_of(exchange), before ? &*before : nullptr, made.texts);
    return made;
  };
  Read made = co_await run_on(shared_.cpu, std::move(read));
  prompt_ = std::move(made.prompt);
  texts_ = std::move(made.texts);
}

// What the prompt that was read should continue.
const Prompt* HygieneStage::find_before(const Exchange& exchange) {
  prompt_->agent = hash64(exchange.identity.agent);
  return shared_.memory.find(exchange.identity.hash(), prompt_->agent, prompt_->opening());
}

void HygieneStage::note(const Exchange& exchange, const Prompt& before, Divergence divergence) {
  replaced_ = before.agent;
  prompt_->bytes_per_token = before.bytes_per_token;
  divergence_ = std::move(divergence);
  if (!divergence_.found) return;
  if (exchange.zone.moved) divergence_.cause = kWindowMoved;
  const auto causes = divergence_causes();
  const auto cause = std::ranges::find(causes, divergence_.cause) - causes.begin();
  shared_.metrics.causes[static_cast<std::size_t>(cause)].add();
  log_divergence(exchange);
}

void HygieneStage::log_divergence(const Exchange& exchange) const {
  const bool notable = divergence_.lost_tokens >= kNotableTokens;
  log::write(notable ? log::Level::kInfo : log::Level::kDebug, "prefix diverged",
             {{"id", exchange.id},
              {"conversation", exchange.identity.conversation},
              {"where", to_text(divergence_)}});
}

void HygieneStage::remember(const Exchange& exchange) {
  const std::uint64_t conversation = exchange.identity.hash();
  Prompt& prompt = *prompt_;
  const Answer& answer = exchange.answer;
  if (answer.timings) {
    const std::int64_t tokens = answer.timings->cache_n + answer.timings->prompt_n;
    std::uint64_t bytes = 0;
    for (const PromptPart& part : prompt.parts) bytes += part.bytes;
    // Templates add tokens of their own, which only counts in small prompts.
    if (tokens > 64 && bytes > 0) {
      prompt.bytes_per_token = static_cast<double>(bytes) / static_cast<double>(tokens);
    }
  }
  // What a tool call's answer looks like when it comes back is up to the client.
  if (answer.complete && answer.finish_reason != "tool_calls" && !answer.text.empty()) {
    const auto index = static_cast<std::uint32_t>(exchange.chat.messages.size());
    prompt.parts.push_back(make_answer_part(answer.text, index));
    texts_.push_back(answer_text(answer.text));
  }
  shared_.memory.put(conversation, replaced_, std::move(prompt), std::move(texts_));
}

void HygieneStage::on_finish(const Exchange& exchange, const Outcome& outcome) noexcept {
  if (!prompt_) return;
  const bool refused = outcome.status >= 400 && outcome.status != 499;
  if (outcome.local || refused || !exchange.timeline.sent) return;
  remember(exchange);
}

}  // namespace

Result<std::unique_ptr<LendingPlugin<ConversationObserver>>> make_hygiene(
    const HygieneSettings& settings, Services& services) {
  auto rules = RuleSet::make(settings);
  if (!rules) return rules.error();
  std::unique_ptr<LendingPlugin<ConversationObserver>> plugin =
      std::make_unique<HygienePlugin>(std::move(*rules), settings, services);
  return plugin;
}

}  // namespace keep::hygiene
