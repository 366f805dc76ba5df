#include "plugins/recall/recall_stage.hpp"

#include "base/log.hpp"
#include "exchange/interfaces/answer_recall.hpp"
#include "exchange/interfaces/knowledge.hpp"
#include "exchange/large_request.hpp"
#include "openai/message.hpp"
#include "plugins/recall/ask/newest_turn.hpp"
#include "plugins/recall/ask/question.hpp"
#include "plugins/recall/choose/known_facts.hpp"
#include "plugins/recall/choose/selection.hpp"
#include "plugins/recall/prompt/block_sidecar.hpp"
#include "plugins/recall/prompt/compose.hpp"
#include "plugins/recall/prompt/quoted_frame.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace keep::recall {

namespace {

// The numbers in the line before a quote are a token for each digit in many vocabularies, more than
// their bytes tell. What is told too short here is too much in the prompt.
constexpr std::int64_t kNumberTokens = 8;

// What the newest turn says, and what to search for.
struct Asked {
  std::string text;
  std::vector<std::string> questions;
};

// Looks at nothing but the request. Of what is as long as a book the ends have to do.
Asked asked_in(const Exchange& exchange, std::size_t turn) {
  Asked asked;
  asked.text = ends_of(user_text(exchange, turn, exchange.chat.messages.size()));
  asked.questions = questions_of(asked.text, ends_of(text_before(exchange, turn)));
  return asked;
}

class RecallStage final : public Stage, public AnswerRecall {
 public:
  explicit RecallStage(Shared& shared) : shared_(shared) {}

  MaybeTask<Verdict> on_request(Exchange& exchange) override;
  MaybeTask<> on_upstream_request(Exchange& exchange) override;
  EventAction on_event(Exchange& exchange, const openai::SseEvent& event,
                       const openai::EventInfo& info) noexcept override;
  void explain(const Exchange& exchange, Explanation& explanation) const override;

  Task<bool> recall_more(Exchange& exchange, std::string_view generated) override;

 private:
  bool knows_facts(const Exchange& exchange) const {
    const Knowledge* const facts = shared_.sources.facts;
    return facts != nullptr && facts->knows_anything(exchange.identity.tenant);
  }
  Task<Verdict> find_earlier(Exchange& exchange);
  asio::awaitable<void> restore_blocks(ConversationName name);
  asio::awaitable<void> save_blocks(ConversationName name);
  Task<> put_recalled(Exchange& exchange);
  Task<> recall_for(Exchange& exchange, std::size_t turn);
  asio::awaitable<Asked> what_is_asked(const Exchange& exchange, std::size_t turn);
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

  Shared& shared_;
  // What stood in the prompt before something was added to it in the middle of the answer. Set as
  // long as that is so; empty inside: nothing stood there.
  std::optional<std::optional<Block>> before_;
};

MaybeTask<Verdict> RecallStage::on_request(Exchange& exchange) {
  if (!exchange.zone.stored) return Verdict{Next{}};
  return find_earlier(exchange);
}

Task<Verdict> RecallStage::find_earlier(Exchange& exchange) {
  co_await restore_blocks(exchange.identity.name());
  const FrozenBlocks::Blocks* const blocks = shared_.frozen.find(exchange.identity.hash());
  if (blocks == nullptr) co_return Verdict{Next{}};
  for (std::size_t i = exchange.zone.lead; i < exchange.chat.messages.size(); ++i) {
    const auto block = blocks->find(exchange.zone.position_of(i));
    if (block == blocks->end()) continue;
    exchange.recalled_before.push_back({i, block->second.tokens});
  }
  co_return Verdict{Next{}};
}

asio::awaitable<void> RecallStage::restore_blocks(ConversationName name) {
  const std::uint64_t key = hash_of(name);
  if (shared_.frozen.knows(key)) co_return;
  const auto text =
      co_await shared_.sources.conversations.read_sidecar(std::move(name), Sidecar::kRecalled);
  if (!text) log::warn("recalled text not restored", {{"why", text.error().detail}});
  if (shared_.frozen.knows(key)) co_return;
  shared_.frozen.restore(key, from_sidecar(text ? *text : std::string()));
}

// Before the prompt goes out: after a restart the same text has to stand in it.
asio::awaitable<void> RecallStage::save_blocks(ConversationName name) {
  const FrozenBlocks::Blocks* const blocks = shared_.frozen.find(hash_of(name));
  if (blocks == nullptr) co_return;
  std::string text = to_sidecar(*blocks);
  const auto written = co_await shared_.sources.conversations.write_sidecar(
      std::move(name), Sidecar::kRecalled, std::move(text));
  if (!written) log::warn("recalled text not saved", {{"why", written.error().detail}});
}

MaybeTask<> RecallStage::on_upstream_request(Exchange& exchange) {
  const ClearZone& zone = exchange.zone;
  if (!zone.planned || !zone.stored || zone.bare) return Result<>{};
  return put_recalled(exchange);
}

Task<> RecallStage::put_recalled(Exchange& exchange) {
  const ClearZone& zone = exchange.zone;
  const auto turn = newest_turn(exchange);
  const bool wanted = shared_.settings.enabled && !exchange.continuation;
  if (exchange.continuation && exchange.continuation->withdrawn) co_await withdraw(exchange);
  if (wanted && turn && (zone.recall_room > 0 || knows_facts(exchange))) {
    const auto recalled = co_await recall_for(exchange, *turn);
    // What stands in the prompt already has to be placed whatever happened here.
    if (!recalled) log::warn("nothing could be recalled", {{"why", recalled.error().detail}});
  }
  const FrozenBlocks::Blocks* const blocks = shared_.frozen.find(exchange.identity.hash());
  if (blocks == nullptr || blocks->empty()) co_return Result<>{};
  const Placement where = co_await placement(exchange.route.upstream);
  place_frozen(exchange, where);
  co_return Result<>{};
}

asio::awaitable<Placement> RecallStage::placement(std::size_t upstream) {
  if (shared_.settings.placement == "system") co_return Placement::kSystem;
  if (shared_.settings.placement == "user") co_return Placement::kUser;
  // Where nothing can be learned, the head of the user's message: every template renders that.
  const auto orders = co_await shared_.sources.templates.orders(upstream);
  co_return orders && orders->late_system ? Placement::kSystem : Placement::kUser;
}

// While nothing had to be cut there is no fog.
Task<std::vector<Found>> RecallStage::find_passages(const Exchange& exchange,
                                                    const std::vector<std::string>& questions) {
  if (exchange.zone.recall_room <= 0) co_return std::vector<Found>();
  Search search;
  search.name = exchange.identity.name();
  search.questions = questions;
  search.path = exchange.zone.path;
  search.end = first_sent(exchange);
  search.limit = kMaxPassages;
  co_return co_await shared_.search.find(std::move(search));
}

Task<std::vector<FoundFact>> RecallStage::find_facts(const Exchange& exchange,
                                                     const std::vector<std::string>& questions) {
  if (!knows_facts(exchange)) co_return std::vector<FoundFact>();
  std::vector<std::vector<FoundFact>> lists;
  for (const std::string& question : questions) {
    auto found =
        co_await shared_.sources.facts->search(exchange.identity.tenant, question, kMaxFacts);
    if (!found) co_return found.error();
    lists.push_back(*std::move(found));
  }
  co_return merge_facts(std::move(lists));
}

asio::awaitable<Asked> RecallStage::what_is_asked(const Exchange& exchange, std::size_t turn) {
  auto read = [&exchange, turn] { return asked_in(exchange, turn); };
  co_return co_await off_loop(shared_.services.pools.cpu, is_large(exchange), read);
}

// Searches once for each turn: a second attempt and the steps of a tool find their block frozen.
Task<> RecallStage::recall_for(Exchange& exchange, std::size_t turn) {
  const Position before = exchange.zone.position_of(turn);
  const std::uint64_t key = exchange.identity.hash();
  const FrozenBlocks::Blocks* const blocks = shared_.frozen.find(key);
  if (before == kNoPosition || (blocks != nullptr && blocks->contains(before))) {
    co_return Result<>{};
  }
  Asked asked = co_await what_is_asked(exchange, turn);
  auto gathered = co_await gather(exchange, std::move(asked.questions), std::move(asked.text));
  if (!gathered) co_return gathered.error();
  if (!*gathered) {
    shared_.metrics.nothing.add();
    co_return Result<>{};
  }
  shared_.frozen.put(key, before, **std::move(gathered), first_sent(exchange));
  co_await save_blocks(exchange.identity.name());
  co_return Result<>{};
}

Task<std::optional<Block>> RecallStage::gather(Exchange& exchange,
                                               std::vector<std::string> questions,
                                               std::string text) {
  const Instant begun = shared_.services.clock.now();
  auto facts = co_await find_facts(exchange, questions);
  auto found = co_await find_passages(exchange, questions);
  shared_.metrics.seconds.observe(seconds(shared_.services.clock.now() - begun));
  if (!facts && !found) co_return found.error();
  // One that failed must not cost the other.
  if (!facts) facts = std::vector<FoundFact>();
  if (!found) found = std::vector<Found>();
  const auto* const present = shared_.frozen.find(exchange.identity.hash());
  KnownFacts known = select_facts(*std::move(facts), exchange, text, shared_.settings, present);
  const std::int64_t taken = known.tokens + exchange.recalled.tokens;
  Selected selected = select_passages(*std::move(found), exchange, {text, questions},
                                      shared_.settings, present, taken);
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
  shared_.metrics.injected.add();
  shared_.metrics.passages.add(static_cast<double>(selected.quotes.size()));
  shared_.metrics.facts.add(static_cast<double>(known.notes.size()));
  co_return std::optional(std::move(block));
}

// What is added stands behind what was recalled before the answer began, in the same place.
Task<bool> RecallStage::recall_more(Exchange& exchange, std::string_view generated) {
  const auto turn = newest_turn(exchange);
  const ClearZone& zone = exchange.zone;
  if (!zone.planned || !zone.stored || zone.bare || !turn) co_return false;
  const Position before = exchange.zone.position_of(*turn);
  if (before == kNoPosition) co_return false;
  std::string more(generated);
  Asked asked = co_await what_is_asked(exchange, *turn);
  asked.questions.push_back(std::move(more));
  const Recalled earlier = exchange.recalled;
  auto gathered = co_await gather(exchange, std::move(asked.questions), std::move(asked.text));
  if (!gathered) co_return gathered.error();
  if (!*gathered) co_return false;
  Recalled& recalled = exchange.recalled;
  recalled.mid += recalled.passages + recalled.facts - earlier.passages - earlier.facts;
  Block block = **std::move(gathered);
  const std::uint64_t key = exchange.identity.hash();
  const FrozenBlocks::Blocks* const blocks = shared_.frozen.find(key);
  std::optional<Block> old;
  if (blocks != nullptr && blocks->contains(before)) old = blocks->at(before);
  if (old) block = joined(*old, std::move(block));
  if (!before_) before_.emplace(std::move(old));
  shared_.frozen.put(key, before, std::move(block), first_sent(exchange));
  co_await save_blocks(exchange.identity.name());
  co_return true;
}

asio::awaitable<void> RecallStage::withdraw(Exchange& exchange) {
  const auto turn = newest_turn(exchange);
  if (!before_ || !turn) co_return;
  const std::uint64_t key = exchange.identity.hash();
  const Position before = exchange.zone.position_of(*turn);
  if (*before_) {
    shared_.frozen.put(key, before, **std::move(before_), first_sent(exchange));
  } else {
    shared_.frozen.take_back(key, before);
  }
  exchange.recalled.mid = 0;
  before_.reset();
  co_await save_blocks(exchange.identity.name());
}

// Small models now and then repeat the frame before they say what stands in it.
EventAction RecallStage::on_event(Exchange& exchange, const openai::SseEvent&,
                                  const openai::EventInfo& info) noexcept {
  const std::string& text = exchange.answer.text;
  const bool recalled = exchange.recalled.tokens > 0 || !exchange.recalled_before.empty();
  const bool chat = exchange.surface == openai::Surface::kChat;
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

void RecallStage::place_frozen(Exchange& exchange, Placement placement) {
  const FrozenBlocks::Blocks* const blocks = shared_.frozen.find(exchange.identity.hash());
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

void RecallStage::explain(const Exchange& exchange, Explanation& explanation) const {
  if (!exchange.zone.planned || !exchange.timeline.sent) return;
  const Recalled& recalled = exchange.recalled;
  const std::size_t pre = recalled.passages + recalled.facts - recalled.mid;
  std::string told = pre == 0 ? "" : "pre;n=" + std::to_string(pre);
  if (recalled.mid > 0) told += (pre == 0 ? "mid;n=" : ", mid;n=") + std::to_string(recalled.mid);
  explanation.say(Explanation::Name::kRecall, told.empty() ? "none" : told);
}

}  // namespace

std::unique_ptr<Stage> begin_stage(Shared& shared, Exchange& exchange) {
  auto stage = std::make_unique<RecallStage>(shared);
  exchange.answer_recall = stage.get();
  return stage;
}

}  // namespace keep::recall
