#include "plugins/recall/recall_plugin.hpp"

#include "base/hash.hpp"
#include "base/log.hpp"
#include "exchange/knowledge.hpp"
#include "exchange/recollection.hpp"
#include "openai/message.hpp"
#include "openai/translation.hpp"
#include "plugins/recall/ask/newest_turn.hpp"
#include "plugins/recall/ask/question.hpp"
#include "plugins/recall/choose/fact_ranker.hpp"
#include "plugins/recall/choose/known_facts.hpp"
#include "plugins/recall/choose/selection.hpp"
#include "plugins/recall/fog/fog_search.hpp"
#include "plugins/recall/prompt/block_sidecar.hpp"
#include "plugins/recall/prompt/compose.hpp"
#include "plugins/recall/prompt/frozen_blocks.hpp"
#include "plugins/recall/prompt/quoted_frame.hpp"
#include "plugins/recall/recall_metrics.hpp"
#include "plugins/recall/vectors/vector_search.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace keep::recall {

namespace {

constexpr std::size_t kMaxFrozenBytes = 64 << 20;
// The numbers in the line before a quote are a token for each digit in many vocabularies, more than
// their bytes tell. What is told too short here is too much in the prompt.
constexpr std::int64_t kNumberTokens = 8;

class RecallPlugin final : public Plugin, public Recollection {
 public:
  explicit RecallPlugin(RecallSettings settings) : settings_(std::move(settings)) {}

  std::string_view name() const noexcept override { return "recall"; }
  Task<> start(Services& services) override;
  Task<> stop() override;
  Task<Verdict> on_request(Exchange& exchange) override;
  Task<> on_upstream_request(Exchange& exchange) override;
  EventAction on_event(Exchange& exchange, const openai::SseEvent& event,
                       const openai::EventInfo& info) noexcept override;
  void on_finish(const Exchange& exchange, const Outcome& outcome) noexcept override;
  void report(json::Writer& health) const override;
  void explain(const Exchange& exchange, Headers& headers) const override;

  Task<bool> recall_more(Exchange& exchange, std::string_view generated) override;

 private:
  // What is ended is forgotten here as well.
  class Keeper final : public ConversationKeeper {
   public:
    explicit Keeper(RecallPlugin& plugin) : plugin_(plugin) {}
    void forget(const ConversationName& name) override {
      plugin_.search_->forget(name);
      if (plugin_.vectors_) plugin_.vectors_->forget(name);
      plugin_.frozen_.forget(key_of(name));
    }
    // Its sidecar has the blocks as they were before.
    void cut(const ConversationName& name, Position end) override {
      plugin_.search_->cut(name, end);
      if (plugin_.vectors_) plugin_.vectors_->cut(name, end);
      plugin_.frozen_.forget(key_of(name));
    }
    std::size_t index_entries(const ConversationName& name) const override {
      return plugin_.search_->index_entries(name);
    }
    std::size_t memory_bytes() const override {
      const std::size_t vectors = plugin_.vectors_ ? plugin_.vectors_->memory_bytes() : 0;
      return plugin_.search_->memory_bytes() + vectors + plugin_.frozen_.bytes();
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
  asio::awaitable<void> withdraw(Exchange& exchange);
  // What is found and does not stand in the prompt, counted in exchange.recalled; empty: nothing.
  Task<std::optional<Block>> gather(Exchange& exchange, std::vector<std::string> questions,
                                    std::string text);
  Task<std::vector<Found>> find_passages(const Exchange& exchange,
                                         const std::vector<std::string>& questions);
  Task<std::vector<FoundFact>> find_facts(const Exchange& exchange,
                                          const std::vector<std::string>& questions);
  asio::awaitable<Placement> placement(std::size_t upstream);
  void place_frozen(Exchange& exchange, Placement placement);

  RecallSettings settings_;
  Services* services_ = nullptr;
  std::optional<VectorSearch> vectors_;  // none without a server for them
  std::optional<FogSearch> search_;
  std::optional<RecallMetrics> metrics_;
  FrozenBlocks frozen_{kMaxFrozenBytes};
  // The block as it was before something was added in the middle of the answer. By address:
  // on_finish comes before an exchange goes.
  std::unordered_map<const Exchange*, std::optional<Block>> before_;
  Keeper keeper_{*this};
};

Task<> RecallPlugin::start(Services& services) {
  services_ = &services;
  metrics_.emplace(services.metrics);
  if (services.embeddings != nullptr) {
    const std::size_t half = settings_.index_bytes / 2;
    vectors_.emplace(services, settings_.folder, half);
    search_.emplace(services, half, &*vectors_);
  } else {
    search_.emplace(services, settings_.index_bytes);
  }
  services.conversations->attach(keeper_);
  services.recollection = this;
  co_return Result<>{};
}

Task<> RecallPlugin::stop() {
  if (vectors_) co_await vectors_->stop();
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
  if (!zone.planned || !zone.stored || zone.bare) co_return Result<>{};
  const auto turn = newest_turn(exchange);
  const bool wanted = settings_.enabled && !exchange.continuation;
  if (exchange.continuation && exchange.continuation->withdrawn) co_await withdraw(exchange);
  if (wanted && turn && (zone.recall_room > 0 || knows_facts(exchange))) {
    const auto recalled = co_await recall_for(exchange, *turn);
    // What stands in the prompt already has to be placed whatever happened here.
    if (!recalled) log::warn("nothing could be recalled", {{"why", recalled.error().detail}});
  }
  const FrozenBlocks::Blocks* const blocks = frozen_.find(key_of(name_of(exchange)));
  if (blocks == nullptr || blocks->empty()) co_return Result<>{};
  const Placement where = co_await placement(exchange.route.upstream);
  place_frozen(exchange, where);
  co_return Result<>{};
}

asio::awaitable<Placement> RecallPlugin::placement(std::size_t upstream) {
  if (settings_.placement == "system") co_return Placement::kSystem;
  if (settings_.placement == "user") co_return Placement::kUser;
  // Where nothing can be learned, the head of the user's message: every template renders that.
  const auto orders = co_await services_->templates.orders(upstream);
  co_return orders && orders->late_system ? Placement::kSystem : Placement::kUser;
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
  std::string text = user_text(exchange, turn, exchange.chat.messages.size());
  std::vector<std::string> questions = questions_of(text, text_before(exchange, turn));
  auto gathered = co_await gather(exchange, std::move(questions), std::move(text));
  if (!gathered) co_return gathered.error();
  if (!*gathered) {
    metrics_->nothing.add();
    co_return Result<>{};
  }
  frozen_.put(key, before, **std::move(gathered), first_sent(exchange));
  co_await save_blocks(name_of(exchange));
  co_return Result<>{};
}

Task<std::optional<Block>> RecallPlugin::gather(Exchange& exchange,
                                                std::vector<std::string> questions,
                                                std::string text) {
  const Instant begun = services_->clock.now();
  auto facts = co_await find_facts(exchange, questions);
  auto found = co_await find_passages(exchange, questions);
  metrics_->seconds.observe(seconds(services_->clock.now() - begun));
  if (!facts && !found) co_return found.error();
  // One that failed must not cost the other.
  if (!facts) facts = std::vector<FoundFact>();
  if (!found) found = std::vector<Found>();
  const auto* const present = frozen_.find(key_of(name_of(exchange)));
  KnownFacts known = select_facts(*std::move(facts), exchange, text, settings_, present);
  const std::int64_t taken = known.tokens + exchange.recalled.tokens;
  Selected selected =
      select_passages(*std::move(found), exchange, {text, questions}, settings_, present, taken);
  if (selected.quotes.empty() && known.notes.empty()) co_return std::optional<Block>();
  Block block;
  block.text = compose_block(selected.quotes, known.notes);
  block.tokens = exchange.zone.estimate(block.text.size()) +
                 kNumberTokens * static_cast<std::int64_t>(selected.quotes.size());
  block.passages = std::move(selected.passages);
  block.facts = std::move(known.facts);
  exchange.recalled.passages += selected.quotes.size();
  exchange.recalled.facts += known.notes.size();
  exchange.recalled.tokens += block.tokens;
  metrics_->injected.add();
  metrics_->passages.add(static_cast<double>(selected.quotes.size()));
  metrics_->facts.add(static_cast<double>(known.notes.size()));
  co_return std::optional(std::move(block));
}

// What is added stands behind what was recalled before the answer began, in the same place.
Task<bool> RecallPlugin::recall_more(Exchange& exchange, std::string_view generated) {
  const auto turn = newest_turn(exchange);
  const ClearZone& zone = exchange.zone;
  if (!zone.planned || !zone.stored || zone.bare || !turn) co_return false;
  const Position before = exchange.zone.position_of(*turn);
  if (before == kNoPosition) co_return false;
  std::string text = user_text(exchange, *turn, exchange.chat.messages.size());
  std::vector<std::string> questions = questions_of(text, text_before(exchange, *turn));
  questions.emplace_back(generated);
  const Recalled earlier = exchange.recalled;
  auto gathered = co_await gather(exchange, std::move(questions), std::move(text));
  if (!gathered) co_return gathered.error();
  if (!*gathered) co_return false;
  Recalled& recalled = exchange.recalled;
  recalled.mid += recalled.passages + recalled.facts - earlier.passages - earlier.facts;
  Block block = **std::move(gathered);
  const std::uint64_t key = key_of(name_of(exchange));
  const FrozenBlocks::Blocks* const blocks = frozen_.find(key);
  std::optional<Block> old;
  if (blocks != nullptr && blocks->contains(before)) old = blocks->at(before);
  if (old) block = joined(*old, std::move(block));
  before_.try_emplace(&exchange, std::move(old));
  frozen_.put(key, before, std::move(block), first_sent(exchange));
  co_await save_blocks(name_of(exchange));
  co_return true;
}

asio::awaitable<void> RecallPlugin::withdraw(Exchange& exchange) {
  const auto at = before_.find(&exchange);
  const auto turn = newest_turn(exchange);
  if (at == before_.end() || !turn) co_return;
  const std::uint64_t key = key_of(name_of(exchange));
  const Position before = exchange.zone.position_of(*turn);
  if (at->second) {
    frozen_.put(key, before, *std::move(at->second), first_sent(exchange));
  } else {
    frozen_.take_back(key, before);
  }
  exchange.recalled.mid = 0;
  before_.erase(at);
  co_await save_blocks(name_of(exchange));
}

// Small models now and then repeat the frame before they say what stands in it.
EventAction RecallPlugin::on_event(Exchange& exchange, const openai::SseEvent&,
                                   const openai::EventInfo& info) noexcept {
  const std::string& text = exchange.answer.text;
  const bool recalled = exchange.recalled.tokens > 0 || !exchange.recalled_before.empty();
  const bool chat =
      exchange.surface == openai::Surface::kChat || openai::is_translated(exchange.surface);
  if (!recalled || !chat || exchange.skip_text > 0 || info.content.empty()) {
    return EventAction::kForward;
  }
  if (text.size() - std::min(text.size(), info.content.size()) > kMaxFrameBytes) {
    return EventAction::kForward;
  }
  const QuotedFrame frame = find_quoted_frame(text);
  if (frame.verdict == QuotedFrame::Verdict::kWhole) exchange.skip_text = frame.size;
  const bool waits = frame.verdict == QuotedFrame::Verdict::kMaybe && info.finish_reason.empty();
  if (waits) exchange.hold_from = 0;
  return EventAction::kForward;
}

void RecallPlugin::on_finish(const Exchange& exchange, const Outcome&) noexcept {
  before_.erase(&exchange);
}

void RecallPlugin::place_frozen(Exchange& exchange, Placement placement) {
  const FrozenBlocks::Blocks* const blocks = frozen_.find(key_of(name_of(exchange)));
  if (blocks == nullptr) return;
  // Sorted out once: there may be as many edits as messages.
  Replacements replaced;
  add_replacements(exchange.request_edits, replaced);
  add_replacements(exchange.attempt_edits, replaced);
  openai::BodyEdits placed;
  for (std::size_t i = exchange.zone.lead; i < exchange.chat.messages.size(); ++i) {
    if (!exchange.zone.keeps(i)) continue;
    const auto block = blocks->find(exchange.zone.position_of(i));
    if (block == blocks->end()) continue;
    placed.push_back(place_block(exchange.chat, replaced, i, block->second.text, placement));
  }
  auto& edits = exchange.attempt_edits;
  edits.insert(edits.end(), std::make_move_iterator(placed.begin()),
               std::make_move_iterator(placed.end()));
}

void RecallPlugin::report(json::Writer& health) const {
  health.key("recall").begin_object();
  health.member("memory_bytes", keeper_.memory_bytes());
  if (vectors_) vectors_->report(health);
  health.end_object();
}

void RecallPlugin::explain(const Exchange& exchange, Headers& headers) const {
  if (!exchange.zone.planned || !exchange.timeline.sent) return;
  const Recalled& recalled = exchange.recalled;
  const std::size_t pre = recalled.passages + recalled.facts - recalled.mid;
  std::string told = pre == 0 ? "" : "pre;n=" + std::to_string(pre);
  if (recalled.mid > 0) told += (pre == 0 ? "mid;n=" : ", mid;n=") + std::to_string(recalled.mid);
  headers.add("X-Keep-Recall", told.empty() ? "none" : told);
}

}  // namespace

std::unique_ptr<Plugin> make_recall(RecallSettings settings) {
  return std::make_unique<RecallPlugin>(std::move(settings));
}

std::shared_ptr<const TextRanker> make_ranker() { return std::make_shared<FactRanker>(); }

}  // namespace keep::recall
