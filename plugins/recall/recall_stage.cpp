#include "plugins/recall/recall_stage.hpp"

#include "base/log.hpp"
#include "exchange/interfaces/answer_recall.hpp"
#include "exchange/interfaces/knowledge.hpp"
#include "exchange/large_request.hpp"
#include "openai/request/message.hpp"
#include "plugins/recall/ask/newest_turn.hpp"
#include "plugins/recall/ask/question.hpp"
#include "plugins/recall/choose/known_facts.hpp"
#include "plugins/recall/choose/selection.hpp"
#include "plugins/recall/prompt/block_sidecar.hpp"
#include "plugins/recall/prompt/compose.hpp"
#include "plugins/recall/prompt/quoted_frame.hpp"
#include "plugins/recall/prompt/sent_blocks.hpp"

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
  // The blocks of this conversation; null: not known. To be looked up anew after every wait,
  // because other requests of the conversation change them.
  const FrozenBlocks::Blocks* frozen() { return shared_.frozen.find(conversation_); }
  void note_earlier(Exchange& exchange);
  Task<Verdict> restore_blocks(Exchange& exchange);
  asio::awaitable<void> save_blocks(ConversationName name, std::string text);
  bool searches_for(const Exchange& exchange) const;  // before this attempt
  Task<> put_recalled(Exchange& exchange);
  // These two need turn_. The first one fills query_, once.
  asio::awaitable<void> read_query(const Exchange& exchange);
  Task<> recall_for_turn(Exchange& exchange);
  // Needs query_.
  asio::awaitable<TurnWords> words_of_turn(const Exchange& exchange);
  // What is found and does not stand in the prompt, counted in exchange.recalled; empty: nothing.
  // Needs query_, and searches for `questions`: its own, and what else there is to look for.
  Task<std::optional<Block>> gather(Exchange& exchange, const std::vector<std::string>& questions);
  asio::awaitable<void> withdraw(Exchange& exchange);
  Task<std::vector<Found>> find_passages(const Exchange& exchange,
                                         const std::vector<std::string>& questions);
  Task<std::vector<FoundFact>> find_facts(const Exchange& exchange,
                                          const std::vector<std::string>& questions);
  asio::awaitable<Placement> placement(std::size_t upstream);
  void place_frozen(Exchange& exchange, Placement placement);

  Shared& shared_;
  // Once per exchange: on_request comes when it is settled which conversation this is and where its
  // messages are on record, and no attempt changes that.
  std::uint64_t conversation_ = 0;  // the key of its frozen blocks
  std::optional<Turn> turn_;        // empty: there is nothing to search for
  // Once per exchange, too, when something is first searched for: other attempts and a search in
  // the middle of the answer ask the same.
  std::optional<Query> query_;
  // Once per attempt, in on_upstream_request: on_route has planned the clear zone anew.
  Position first_sent_ = kNoPosition;
  // What stood in the prompt before something was added to it in the middle of the answer. Set as
  // long as that is so; empty inside: nothing stood there.
  std::optional<std::optional<Block>> before_;
};

MaybeTask<Verdict> RecallStage::on_request(Exchange& exchange) {
  if (!exchange.zone.stored) return Verdict{Next{}};
  conversation_ = exchange.identity.hash();
  turn_ = newest_turn(exchange);
  if (!shared_.frozen.knows(conversation_)) return restore_blocks(exchange);
  note_earlier(exchange);
  return Verdict{Next{}};
}

// Nothing is planned yet, so that all of them count.
void RecallStage::note_earlier(Exchange& exchange) {
  const std::vector<SentBlock> earlier = sent_blocks(exchange, frozen());
  for (const SentBlock& one : earlier) {
    exchange.recalled_before.push_back({one.message, one.block->tokens});
  }
}

Task<Verdict> RecallStage::restore_blocks(Exchange& exchange) {
  const auto text = co_await shared_.sources.conversations.read_sidecar(exchange.identity.name(),
                                                                        Sidecar::kRecalled);
  if (!text) log::warn("recalled text not restored", {{"why", text.error().detail}});
  if (!shared_.frozen.knows(conversation_)) {
    shared_.frozen.restore(conversation_, from_sidecar(text ? *text : std::string()));
  }
  note_earlier(exchange);
  co_return Verdict{Next{}};
}

// Before the prompt goes out: after a restart the same text has to stand in it.
asio::awaitable<void> RecallStage::save_blocks(ConversationName name, std::string text) {
  const auto written = co_await shared_.sources.conversations.write_sidecar(
      std::move(name), Sidecar::kRecalled, std::move(text));
  if (!written) log::warn("recalled text not saved", {{"why", written.error().detail}});
}

MaybeTask<> RecallStage::on_upstream_request(Exchange& exchange) {
  const ClearZone& zone = exchange.zone;
  if (!zone.planned || !zone.stored || zone.bare) return Result<>{};
  first_sent_ = first_sent(exchange);
  const FrozenBlocks::Blocks* const blocks = frozen();
  const bool is_empty = blocks == nullptr || blocks->empty();
  if (is_empty && !exchange.continuation && !searches_for(exchange)) return Result<>{};
  return put_recalled(exchange);
}

bool RecallStage::searches_for(const Exchange& exchange) const {
  const bool wanted = shared_.settings.enabled && !exchange.continuation && turn_;
  return wanted && (exchange.zone.recall_room > 0 || knows_facts(exchange));
}

Task<> RecallStage::put_recalled(Exchange& exchange) {
  if (exchange.continuation && exchange.continuation->withdrawn) co_await withdraw(exchange);
  if (searches_for(exchange)) {
    const auto recalled = co_await recall_for_turn(exchange);
    // What stands in the prompt already has to be placed whatever happened here.
    if (!recalled) log::warn("nothing could be recalled", {{"why", recalled.error().detail}});
  }
  const FrozenBlocks::Blocks* const blocks = frozen();
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
  search.end = first_sent_;
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

asio::awaitable<void> RecallStage::read_query(const Exchange& exchange) {
  if (query_) co_return;
  auto read = [&exchange, turn = *turn_] { return query_of(exchange, turn); };
  query_ = co_await off_loop(shared_.services.pools.cpu, is_large(exchange), read);
}

// Not kept: all words of a long turn take several times its bytes.
asio::awaitable<TurnWords> RecallStage::words_of_turn(const Exchange& exchange) {
  auto read = [&query = *query_] { return TurnWords(query.text); };
  co_return co_await off_loop(shared_.services.pools.cpu, is_large(exchange), read);
}

// Searches once for each turn: a second attempt and the steps of a tool find their block frozen.
Task<> RecallStage::recall_for_turn(Exchange& exchange) {
  const Position before = turn_->position;
  const FrozenBlocks::Blocks* const blocks = frozen();
  if (before == kNoPosition || (blocks != nullptr && blocks->contains(before))) {
    co_return Result<>{};
  }
  co_await read_query(exchange);
  auto gathered = co_await gather(exchange, query_->questions);
  if (!gathered) co_return gathered.error();
  if (!*gathered) {
    shared_.metrics.nothing.add();
    co_return Result<>{};
  }
  std::string text =
      to_sidecar(shared_.frozen.put(conversation_, before, **std::move(gathered), first_sent_));
  co_await save_blocks(exchange.identity.name(), std::move(text));
  co_return Result<>{};
}

Task<std::optional<Block>> RecallStage::gather(Exchange& exchange,
                                               const std::vector<std::string>& questions) {
  const Instant begun = shared_.services.clock.now();
  auto facts = co_await find_facts(exchange, questions);
  auto found = co_await find_passages(exchange, questions);
  shared_.metrics.seconds.observe(seconds(shared_.services.clock.now() - begun));
  if (!facts && !found) co_return found.error();
  // One that failed must not cost the other.
  if (!facts) facts = std::vector<FoundFact>();
  if (!found) found = std::vector<Found>();
  if (facts->empty() && found->empty()) co_return std::optional<Block>();
  const TurnWords said = co_await words_of_turn(exchange);
  const Wanted wanted{query_->is_question, said, questions};
  const std::vector<SentBlock> sent = sent_blocks(exchange, frozen());
  KnownFacts known = select_facts(*std::move(facts), exchange, wanted, shared_.settings, sent);
  const std::int64_t taken = known.tokens + exchange.recalled.tokens;
  Selected selected =
      select_passages(*std::move(found), exchange, wanted, shared_.settings, sent, taken);
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
  const ClearZone& zone = exchange.zone;
  if (!zone.planned || !zone.stored || zone.bare || !turn_) co_return false;
  const Position before = turn_->position;
  if (before == kNoPosition) co_return false;
  std::string more(generated);
  co_await read_query(exchange);
  std::vector<std::string> questions = query_->questions;
  questions.push_back(std::move(more));
  const Recalled earlier = exchange.recalled;
  auto gathered = co_await gather(exchange, questions);
  if (!gathered) co_return gathered.error();
  if (!*gathered) co_return false;
  Recalled& recalled = exchange.recalled;
  recalled.mid += recalled.passages + recalled.facts - earlier.passages - earlier.facts;
  Block block = **std::move(gathered);
  const FrozenBlocks::Blocks* const blocks = frozen();
  std::optional<Block> old;
  if (blocks != nullptr && blocks->contains(before)) old = blocks->at(before);
  if (old) block = joined(*old, std::move(block));
  if (!before_) before_.emplace(std::move(old));
  std::string text =
      to_sidecar(shared_.frozen.put(conversation_, before, std::move(block), first_sent_));
  co_await save_blocks(exchange.identity.name(), std::move(text));
  co_return true;
}

asio::awaitable<void> RecallStage::withdraw(Exchange& exchange) {
  if (!before_) co_return;
  const FrozenBlocks::Blocks* left = nullptr;
  if (*before_) {
    left = &shared_.frozen.put(conversation_, turn_->position, **std::move(before_), first_sent_);
  } else {
    left = shared_.frozen.take_back(conversation_, turn_->position);
  }
  exchange.recalled.mid = 0;
  before_.reset();
  if (left == nullptr) co_return;
  std::string text = to_sidecar(*left);
  co_await save_blocks(exchange.identity.name(), std::move(text));
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
  const std::vector<SentBlock> sent = sent_blocks(exchange, frozen());
  if (sent.empty()) return;
  // Sorted out once: there may be as many edits as messages.
  Replacements replaced;
  add_replacements(exchange.request_edits, replaced);
  add_replacements(exchange.attempt_edits, replaced);
  openai::BodyEdits placed;
  for (const SentBlock& one : sent) {
    placed.push_back(place_block(exchange.chat, replaced, one.message, one.block->text, placement));
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
