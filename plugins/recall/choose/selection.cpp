#include "plugins/recall/choose/selection.hpp"

#include "base/text/format.hpp"
#include "base/time/unix_time.hpp"
#include "plugins/recall/choose/ranking.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_set>
#include <utility>

namespace keep::recall {

namespace {

constexpr std::int64_t kFrameTokens = 24;  // what stands before a quote
constexpr std::int64_t kDay = 24 * 3600;

std::uint64_t distance_of(const Found& found, const ClearZone& zone) {
  const auto path = static_cast<std::uint64_t>(zone.path_tokens);
  return path - std::min(path, found.message.token_position);
}

std::string day_of(std::int64_t time, std::int64_t today) {
  if (time <= 0 || time / kDay == today) return {};
  return format_utc(time, "%F");
}

// Hashes of the messages that go to the model, and passages that stand before them.
struct Present {
  std::unordered_set<std::uint64_t> messages;
  std::unordered_set<Position> positions;
  std::unordered_set<std::uint32_t> passages;
};

Present present_in(const Exchange& exchange, std::span<const SentBlock> sent) {
  Present present;
  const auto& messages = exchange.chat.messages;
  for (std::size_t i = exchange.zone.lead; i < messages.size(); ++i) {
    if (!exchange.zone.keeps(i)) continue;
    present.messages.insert(messages[i].hash);
    present.positions.insert(exchange.zone.position_of(i));
  }
  for (const SentBlock& one : sent) {
    present.passages.insert(one.block->passages.begin(), one.block->passages.end());
  }
  return present;
}

void weigh_by_distance(std::vector<Found>& found, const ClearZone& zone, double alpha) {
  if (alpha <= 0 || zone.window <= 0) return;
  for (Found& one : found) {
    const double windows =
        static_cast<double>(distance_of(one, zone)) / static_cast<double>(zone.window);
    const auto factor = static_cast<float>(std::pow(1 + windows, -alpha));
    one.relevance *= factor;
    one.bonus *= factor;
  }
  std::ranges::stable_sort(found, std::greater<>(),
                           [](const Found& one) { return one.relevance + one.bonus; });
}

// Those that may go into the prompt, each text once.
std::vector<Found> those_with_news(std::vector<Found> found, const Present& present,
                                   const TurnWords& said, float floor) {
  std::vector<Found> news;
  std::unordered_set<std::string> texts;
  for (Found& one : found) {
    const bool known = present.messages.contains(one.message.hash) ||
                       present.positions.contains(one.message.position) ||
                       present.passages.contains(one.passage);
    if (known || one.relevance + one.bonus < floor || !said.lack_some_of(one.text)) continue;
    if (texts.insert(one.text).second) news.push_back(std::move(one));
  }
  return news;
}

// What a passage must reach beside the best one chosen for its question; a bonus
// by vectors raises it for nobody.
class Bar {
 public:
  bool admits(const Ranked& one) const noexcept {
    const float share = !whole_ ? kTail : one.whole ? kTailAmongWhole : kTailOfWhole;
    return one.score + one.found.bonus >= best_ * share;
  }
  void set_by(const Ranked& one) noexcept {
    if (best_ > 0) return;
    best_ = one.score;
    whole_ = one.whole;
  }

 private:
  float best_ = 0;
  bool whole_ = false;
};

Quote quote_of(Found& found, const ClearZone& zone, std::int64_t today) {
  Quote quote;
  quote.turn = found.message.turn;
  quote.distance = distance_of(found, zone);
  quote.role = to_string(found.message.role);
  quote.day = day_of(found.message.time, today);
  quote.text = std::move(found.text);
  while (!quote.text.empty() && (quote.text.back() == '\n' || quote.text.back() == ' ')) {
    quote.text.pop_back();
  }
  return quote;
}

}  // namespace

float least_relevance(bool is_question, const RecallSettings& settings) {
  return static_cast<float>(settings.floor + (is_question ? 0 : kStatementMargin));
}

Selected select_passages(std::vector<Found> found, const Exchange& exchange, const Wanted& wanted,
                         const RecallSettings& settings, std::span<const SentBlock> sent,
                         std::int64_t taken) {
  weigh_by_distance(found, exchange.zone, settings.fog_alpha);
  found = those_with_news(std::move(found), present_in(exchange, sent), wanted.said,
                          least_relevance(wanted.is_question, settings));
  std::int64_t room = exchange.zone.recall_room - taken - kHeadTokens;
  std::vector<Bar> bars(std::max<std::size_t>(wanted.questions.size(), 1));
  std::vector<Found> chosen;
  for (Ranked& one : rank_passages(std::move(found), wanted.questions)) {
    Bar& bar = bars[one.question];
    if (!bar.admits(one)) continue;
    const std::int64_t tokens = exchange.zone.estimate(one.found.text.size()) + kFrameTokens;
    if (tokens > room) continue;
    room -= tokens;
    bar.set_by(one);
    chosen.push_back(std::move(one.found));
  }
  std::ranges::sort(chosen, {}, &Found::passage);
  Selected selected;
  const std::int64_t today = unix_now() / kDay;
  for (Found& one : chosen) {
    selected.passages.push_back(one.passage);
    selected.quotes.push_back(quote_of(one, exchange.zone, today));
  }
  return selected;
}

}  // namespace keep::recall
