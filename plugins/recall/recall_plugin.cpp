#include "plugins/recall/recall_plugin.hpp"

#include "base/hash.hpp"
#include "base/log.hpp"
#include "exchange/knowledge.hpp"
#include "openai/message.hpp"
#include "plugins/recall/block_sidecar.hpp"
#include "plugins/recall/compose.hpp"
#include "plugins/recall/fact_ranker.hpp"
#include "plugins/recall/fog_search.hpp"
#include "plugins/recall/frozen_blocks.hpp"
#include "plugins/recall/known_facts.hpp"
#include "plugins/recall/question.hpp"
#include "plugins/recall/recall_metrics.hpp"
#include "plugins/recall/selection.hpp"
#include "plugins/recall/template_probe.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace keep::recall {

namespace {

constexpr std::size_t kMaxFrozenBytes = 64 << 20;

bool is_user(const openai::Message& message) { return role_of(message.role) == Role::kUser; }
bool answers(const openai::Message& message) {
  const Role role = role_of(message.role);
  return role == Role::kAssistant || role == Role::kTool;
}

// Where the newest turn begins, if the request ends in what the user says: a request that goes on
// after a tool's result has had its turn before.
std::optional<std::size_t> newest_turn(const Exchange& exchange) {
  const auto& messages = exchange.chat.messages;
  std::size_t begin = messages.size();
  bool user = false;
  while (begin > exchange.zone.lead && !answers(messages[begin - 1])) {
    user = user || is_user(messages[--begin]);
  }
  return user ? std::optional(begin) : std::nullopt;
}

std::string user_text(const Exchange& exchange, std::size_t begin, std::size_t end) {
  std::string text;
  for (std::size_t i = begin; i < end; ++i) {
    const openai::Message& message = exchange.chat.messages[i];
    if (!is_user(message)) continue;
    if (!text.empty()) text += '\n';
    text += openai::content_text(message.content);
  }
  return text;
}

// What the user said in the turn before.
std::string text_before(const Exchange& exchange, std::size_t turn) {
  const auto& messages = exchange.chat.messages;
  std::size_t end = turn;
  while (end > exchange.zone.lead && answers(messages[end - 1])) --end;
  std::size_t begin = end;
  while (begin > exchange.zone.lead && !answers(messages[begin - 1])) --begin;
  return user_text(exchange, begin, end);
}

Position first_sent(const Exchange& exchange) {
  const auto& zone = exchange.zone;
  for (std::size_t i = zone.first; i < exchange.chat.messages.size(); ++i) {
    if (zone.position_of(i) != kNoPosition) return zone.position_of(i);
  }
  return kNoPosition;
}

class RecallPlugin final : public Plugin {
 public:
  explicit RecallPlugin(RecallSettings settings) : settings_(std::move(settings)) {}

  std::string_view name() const noexcept override { return "recall"; }
  Task<> start(Services& services) override;
  Task<Verdict> on_request(Exchange& exchange) override;
  Task<> on_upstream_request(Exchange& exchange) override;
  void report(json::Writer& health) const override;
  void explain(const Exchange& exchange, Headers& headers) const override;

 private:
  // What is ended is forgotten here as well.
  class Keeper final : public ConversationKeeper {
   public:
    explicit Keeper(RecallPlugin& plugin) : plugin_(plugin) {}
    void forget(const ConversationName& name) override {
      plugin_.search_->forget(name);
      plugin_.frozen_.forget(key_of(name));
    }
    std::size_t index_entries(const ConversationName& name) const override {
      return plugin_.search_->index_entries(name);
    }
    std::size_t memory_bytes() const override {
      return plugin_.search_->memory_bytes() + plugin_.frozen_.bytes();
    }

   private:
    RecallPlugin& plugin_;
  };

  static std::uint64_t key_of(const ConversationName& name) {
    return hash_combine(hash64(name.tenant), hash64(name.id));
  }
  static ConversationName name_of(const Exchange& exchange) {
    return {exchange.identity.tenant, exchange.identity.conversation};
  }
  bool knows_facts(const Exchange& exchange) const {
    return services_->knowledge != nullptr &&
           services_->knowledge->knows_anything(exchange.identity.tenant);
  }
  asio::awaitable<void> restore_blocks(ConversationName name);
  asio::awaitable<void> save_blocks(ConversationName name);
  Task<> recall_for(Exchange& exchange, std::size_t turn);
  Task<std::vector<Found>> find_passages(const Exchange& exchange,
                                         const std::vector<std::string>& questions);
  Task<std::vector<FoundFact>> find_facts(const Exchange& exchange,
                                          const std::vector<std::string>& questions);
  asio::awaitable<Placement> placement(std::size_t upstream);
  void place_frozen(Exchange& exchange, Placement placement);

  RecallSettings settings_;
  Services* services_ = nullptr;
  std::optional<FogSearch> search_;
  std::optional<RecallMetrics> metrics_;
  FrozenBlocks frozen_{kMaxFrozenBytes};
  TemplateProbe probe_;
  Keeper keeper_{*this};
};

Task<> RecallPlugin::start(Services& services) {
  services_ = &services;
  metrics_.emplace(services.metrics);
  search_.emplace(services, settings_.index_bytes);
  services.conversations->attach(keeper_);
  co_return Result<>{};
}

Task<Verdict> RecallPlugin::on_request(Exchange& exchange) {
  if (!exchange.zone.stored) co_return Verdict{Next{}};
  co_await restore_blocks(name_of(exchange));
  const FrozenBlocks::Blocks* const blocks = frozen_.find(key_of(name_of(exchange)));
  if (blocks == nullptr) co_return Verdict{Next{}};
  for (std::size_t i = exchange.zone.lead; i < exchange.chat.messages.size(); ++i) {
    const auto block = blocks->find(exchange.zone.position_of(i));
    if (block == blocks->end()) continue;
    exchange.recalled_before.push_back({i, block->second.tokens});
  }
  co_return Verdict{Next{}};
}

asio::awaitable<void> RecallPlugin::restore_blocks(ConversationName name) {
  const std::uint64_t key = key_of(name);
  if (frozen_.knows(key)) co_return;
  const auto text =
      co_await services_->conversations->read_sidecar(std::move(name), Sidecar::kRecalled);
  if (!text) log::warn("recalled text not restored", {{"why", text.error().detail}});
  if (frozen_.knows(key)) co_return;
  frozen_.restore(key, from_sidecar(text ? *text : std::string()));
}

// Before the prompt goes out: after a restart the same text has to stand in it.
asio::awaitable<void> RecallPlugin::save_blocks(ConversationName name) {
  const FrozenBlocks::Blocks* const blocks = frozen_.find(key_of(name));
  if (blocks == nullptr) co_return;
  std::string text = to_sidecar(*blocks);
  const auto written = co_await services_->conversations->write_sidecar(
      std::move(name), Sidecar::kRecalled, std::move(text));
  if (!written) log::warn("recalled text not saved", {{"why", written.error().detail}});
}

Task<> RecallPlugin::on_upstream_request(Exchange& exchange) {
  const ClearZone& zone = exchange.zone;
  if (!zone.planned || !zone.stored) co_return Result<>{};
  const auto turn = newest_turn(exchange);
  if (turn && (zone.recall_room > 0 || knows_facts(exchange))) {
    const auto recalled = co_await recall_for(exchange, *turn);
    // What stands in the prompt already has to be placed whatever happened here.
    if (!recalled) log::warn("nothing could be recalled", {{"why", recalled.error().detail}});
  }
  if (frozen_.find(key_of(name_of(exchange))) == nullptr) co_return Result<>{};
  const Placement where = co_await placement(exchange.route.upstream);
  place_frozen(exchange, where);
  co_return Result<>{};
}

asio::awaitable<Placement> RecallPlugin::placement(std::size_t upstream) {
  if (settings_.placement == "system") co_return Placement::kSystem;
  if (settings_.placement == "user") co_return Placement::kUser;
  co_return co_await probe_.placement(*services_, upstream);
}

// While nothing had to be cut there is no fog.
Task<std::vector<Found>> RecallPlugin::find_passages(const Exchange& exchange,
                                                     const std::vector<std::string>& questions) {
  if (exchange.zone.recall_room <= 0) co_return std::vector<Found>();
  Search search;
  search.name = name_of(exchange);
  search.questions = questions;
  search.path = exchange.zone.path;
  search.end = first_sent(exchange);
  search.limit = kMaxPassages;
  co_return co_await search_->find(std::move(search));
}

Task<std::vector<FoundFact>> RecallPlugin::find_facts(const Exchange& exchange,
                                                      const std::vector<std::string>& questions) {
  if (!knows_facts(exchange)) co_return std::vector<FoundFact>();
  std::vector<std::vector<FoundFact>> lists;
  for (const std::string& question : questions) {
    auto found =
        co_await services_->knowledge->search(exchange.identity.tenant, question, kMaxFacts);
    if (!found) co_return found.error();
    lists.push_back(*std::move(found));
  }
  co_return merge_facts(std::move(lists));
}

// Searches once for each turn: a second attempt and the steps of a tool find their block frozen.
Task<> RecallPlugin::recall_for(Exchange& exchange, std::size_t turn) {
  const Position before = exchange.zone.position_of(turn);
  const std::uint64_t key = key_of(name_of(exchange));
  const FrozenBlocks::Blocks* const blocks = frozen_.find(key);
  if (before == kNoPosition || (blocks != nullptr && blocks->contains(before))) {
    co_return Result<>{};
  }
  const std::string text = user_text(exchange, turn, exchange.chat.messages.size());
  const std::vector<std::string> questions = questions_of(text, text_before(exchange, turn));
  const Instant begun = services_->clock.now();
  auto facts = co_await find_facts(exchange, questions);
  auto found = co_await find_passages(exchange, questions);
  metrics_->seconds.observe(seconds(services_->clock.now() - begun));
  if (!facts && !found) co_return found.error();
  // One that failed must not cost the other.
  if (!facts) facts = std::vector<FoundFact>();
  if (!found) found = std::vector<Found>();
  const auto* const present = frozen_.find(key);
  const Tokenizer& tokenizer = services_->tokenizer;
  KnownFacts known = select_facts(*std::move(facts), exchange, text, settings_, tokenizer, present);
  Selected selected = select_passages(*std::move(found), exchange, {text, questions}, settings_,
                                      tokenizer, present, known.tokens);
  if (selected.quotes.empty() && known.notes.empty()) {
    metrics_->nothing.add();
    co_return Result<>{};
  }
  Block block;
  block.text = compose_block(selected.quotes, known.notes);
  block.tokens = tokenizer.estimate(block.text.size());
  block.passages = std::move(selected.passages);
  block.facts = std::move(known.facts);
  exchange.recalled = {selected.quotes.size(), known.notes.size(), block.tokens};
  metrics_->injected.add();
  metrics_->passages.add(static_cast<double>(selected.quotes.size()));
  metrics_->facts.add(static_cast<double>(known.notes.size()));
  frozen_.put(key, before, std::move(block), first_sent(exchange));
  co_await save_blocks(name_of(exchange));
  co_return Result<>{};
}

void RecallPlugin::place_frozen(Exchange& exchange, Placement placement) {
  const FrozenBlocks::Blocks* const blocks = frozen_.find(key_of(name_of(exchange)));
  if (blocks == nullptr) return;
  for (std::size_t i = exchange.zone.lead; i < exchange.chat.messages.size(); ++i) {
    if (!exchange.zone.keeps(i)) continue;
    const auto block = blocks->find(exchange.zone.position_of(i));
    if (block == blocks->end()) continue;
    openai::BodyEdits edits = exchange.request_edits;
    edits.insert(edits.end(), exchange.attempt_edits.begin(), exchange.attempt_edits.end());
    exchange.attempt_edits.push_back(
        place_block(exchange.chat, edits, i, block->second.text, placement));
  }
}

void RecallPlugin::report(json::Writer& health) const {
  health.key("recall").begin_object();
  health.member("memory_bytes", keeper_.memory_bytes()).end_object();
}

void RecallPlugin::explain(const Exchange& exchange, Headers& headers) const {
  if (!exchange.zone.planned) return;
  const std::size_t count = exchange.recalled.passages + exchange.recalled.facts;
  headers.add("X-Keep-Recall", count == 0 ? "none" : "pre;n=" + std::to_string(count));
}

}  // namespace

std::unique_ptr<Plugin> make_recall(RecallSettings settings) {
  return std::make_unique<RecallPlugin>(std::move(settings));
}

std::shared_ptr<const TextRanker> make_ranker() { return std::make_shared<FactRanker>(); }

}  // namespace keep::recall
