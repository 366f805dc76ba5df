#include "plugins/hygiene/hygiene_plugin.hpp"

#include "base/hash.hpp"
#include "base/log.hpp"
#include "exchange/large_request.hpp"
#include "openai/message.hpp"
#include "plugins/hygiene/divergence.hpp"
#include "plugins/hygiene/frozen_values.hpp"
#include "plugins/hygiene/prompt.hpp"
#include "plugins/hygiene/prompt_memory.hpp"
#include "plugins/hygiene/rules.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace keep::hygiene {

namespace {

// Losing less than this is normal life: it goes to the debug log.
constexpr std::uint64_t kNotableTokens = 256;

// The message's JSON with other content.
std::string with_content(const openai::Message& message, std::string_view content) {
  const std::string_view raw = message.raw.raw();
  const std::string_view old = message.content.raw();
  const auto begin = static_cast<std::size_t>(old.data() - raw.data());
  std::string out(raw.substr(0, begin));
  out += content;
  out += raw.substr(begin + old.size());
  return out;
}

// A message that a rule changes.
struct Change {
  std::size_t index = 0;
  Cleaned cleaned;
  std::string json;        // as it is to go on; empty: not at all
  std::uint64_t hash = 0;  // of that
  std::size_t text_bytes = 0;
};

Change change_of(const openai::ChatRequest& chat, std::size_t index, Cleaned cleaned) {
  Change change;
  change.index = index;
  change.cleaned = std::move(cleaned);
  if (change.cleaned.content.empty()) return change;
  const openai::Message& message = chat.messages[index];
  change.json = with_content(message, change.cleaned.content);
  change.hash = message.hash;
  change.text_bytes = message.text_bytes;
  const auto read = openai::read_chat_message(json::Value(change.json), "messages");
  if (!read) return change;
  change.hash = read->hash;
  change.text_bytes = read->text_bytes;
  return change;
}

// Looks at nothing but the request.
std::vector<Change> changes_by(const RuleSet& rules, const openai::ChatRequest& chat) {
  std::vector<Change> changes;
  if (rules.empty() || !chat.messages_raw.is_array()) return changes;
  const auto stand_in = [&rules](std::size_t rule, std::string_view) {
    return "\x01" + rules.name(rule);
  };
  for (std::size_t i = 0; i < chat.messages.size(); ++i) {
    const openai::Message& message = chat.messages[i];
    auto cleaned = rules.apply(message.role, message.content, stand_in);
    if (cleaned) changes.push_back(change_of(chat, i, *std::move(cleaned)));
  }
  return changes;
}

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
    if (is_large(exchange)) return clean_large(exchange);
    clean(exchange, changes_by(shared_.rules, exchange.chat));
    return Verdict{Next{}};
  }
  MaybeTask<> on_count(Exchange& exchange) override {
    if (is_large(exchange)) return count_large(exchange);
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
  void freeze(Exchange& exchange);
  const Prompt* known_before(const Exchange& exchange);
  Task<> compare_large(const Exchange& exchange, std::optional<Prompt> before);
  void compare(const Exchange& exchange);
  void log_divergence(const Exchange& exchange) const;
  void remember(const Exchange& exchange);

  Shared& shared_;
  std::vector<std::size_t> frozen_;  // messages with something to freeze
  std::optional<Prompt> prompt_;
  Texts texts_;
  std::uint64_t replaced_ = 0;  // agent of the prompt it was compared with
  Divergence divergence_;
};

class HygienePlugin final : public Plugin {
 public:
  HygienePlugin(RuleSet rules, const HygieneSettings& settings, Services& services)
      : shared_(std::move(rules), settings.explain_bytes, services) {}

  std::string_view name() const noexcept override { return "hygiene"; }

  std::unique_ptr<Stage> begin(Exchange& exchange) override {
    if (exchange.surface == openai::Surface::kPassThrough) return nullptr;
    return std::make_unique<HygieneStage>(shared_);
  }

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
  freeze(exchange);
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

void HygieneStage::freeze(Exchange& exchange) {
  if (frozen_.empty()) return;
  const Identity& identity = exchange.identity;
  const std::uint64_t conversation = exchange.identity.hash();
  // Without a conversation nothing may stand for anything else.
  const bool known = !identity.conversation.empty();
  const auto first = [&](std::size_t rule, std::string_view match) {
    const std::uint64_t key = hash_combine(conversation, rule);
    if (!known) return std::string(match);
    return identity.auxiliary ? shared_.frozen.look(key, match)
                              : shared_.frozen.first(key, match, hash64(identity.tenant));
  };
  for (const std::size_t i : frozen_) {
    const openai::Message& message = exchange.chat.messages[i];
    const auto cleaned = shared_.rules.apply(message.role, message.content, first);
    if (!cleaned || cleaned->content.empty()) continue;
    exchange.attempt_edits.emplace_back(
        openai::ReplaceMessage{i, with_content(message, cleaned->content)});
  }
}

MaybeTask<> HygieneStage::on_upstream_request(Exchange& exchange) {
  freeze(exchange);
  const Identity& identity = exchange.identity;
  if (identity.auxiliary || identity.conversation.empty()) return Result<>{};
  if (prompt_) return Result<>{};  // an earlier attempt has been compared
  const Prompt* const before = known_before(exchange);
  if (is_large(exchange)) {
    return compare_large(exchange, before != nullptr ? std::optional(*before) : std::nullopt);
  }
  prompt_ = make_prompt(exchange.chat, edits_of(exchange), before, texts_);
  compare(exchange);
  return Result<>{};
}

// Whose texts need not be read again: they are at hand, or are not kept at all.
const Prompt* HygieneStage::known_before(const Exchange& exchange) {
  const std::uint64_t conversation = exchange.identity.hash();
  const std::uint64_t agent = hash64(exchange.identity.agent);
  const Prompt* const before = shared_.memory.find(conversation, agent, nullptr);
  if (before == nullptr || !shared_.memory.keeps_texts()) return before;
  return shared_.memory.texts(conversation, *before) != nullptr ? before : nullptr;
}

// What is remembered may be another prompt afterwards, which compare() looks up.
Task<> HygieneStage::compare_large(const Exchange& exchange, std::optional<Prompt> before) {
  struct Read {
    Prompt prompt;
    Texts texts;
  };
  auto read = [&exchange, before = std::move(before)] {
    Read made;
    made.prompt =
        make_prompt(exchange.chat, edits_of(exchange), before ? &*before : nullptr, made.texts);
    return made;
  };
  Read made = co_await run_on(shared_.cpu, std::move(read));
  prompt_ = std::move(made.prompt);
  texts_ = std::move(made.texts);
  compare(exchange);
  co_return Result<>{};
}

void HygieneStage::compare(const Exchange& exchange) {
  const std::uint64_t conversation = exchange.identity.hash();
  prompt_->agent = hash64(exchange.identity.agent);
  const Prompt* const before =
      shared_.memory.find(conversation, prompt_->agent, prompt_->opening());
  if (before == nullptr) return;
  replaced_ = before->agent;
  const Texts* const texts = shared_.memory.texts(conversation, *before);
  divergence_ = find_divergence(*before, texts, *prompt_, texts_);
  prompt_->bytes_per_token = before->bytes_per_token;
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

Result<std::unique_ptr<Plugin>> make_hygiene(const HygieneSettings& settings, Services& services) {
  auto rules = RuleSet::make(settings);
  if (!rules) return rules.error();
  std::unique_ptr<Plugin> plugin =
      std::make_unique<HygienePlugin>(std::move(*rules), settings, services);
  return plugin;
}

}  // namespace keep::hygiene
