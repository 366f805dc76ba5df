#include "plugins/hedge/hedge_plugin.hpp"

#include "base/log.hpp"
#include "exchange/interfaces/answer_recall.hpp"
#include "plugins/hedge/continued_request.hpp"
#include "plugins/hedge/detector.hpp"
#include "plugins/hedge/hedge_metrics.hpp"
#include "plugins/hedge/phrase_file.hpp"
#include "plugins/hedge/prefill_probe.hpp"
#include "plugins/hedge/token_probability.hpp"
#include "plugins/hedge/watchable.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace keep::hedge {

namespace {

constexpr std::size_t kMaxSearches = 8;       // for one answer
constexpr std::size_t kGeneratedBytes = 400;  // of the answer's end, to search with

std::string_view tail_of(std::string_view text) {
  if (text.size() <= kGeneratedBytes) return text;
  text.remove_prefix(text.size() - kGeneratedBytes);
  const std::size_t blank = text.find(' ');
  return blank == std::string_view::npos ? text : text.substr(blank);
}

// What the stages of all exchanges share.
struct Shared {
  Shared(HedgeSettings chosen, std::vector<std::string> phrase_texts,
         std::shared_ptr<const Phrases> compiled, Services& services, const Servers& lent)
      : settings(std::move(chosen)),
        texts(std::move(phrase_texts)),
        phrases(std::move(compiled)),
        servers(lent),
        metrics(services.metrics) {}

  HedgeSettings settings;
  std::vector<std::string> texts;  // of the phrases
  std::shared_ptr<const Phrases> phrases;
  const Servers& servers;
  HedgeMetrics metrics;
  PrefillProbe probe;
};

// Of one answer.
struct Watch {
  explicit Watch(std::shared_ptr<const Phrases> phrases) : detector(std::move(phrases)) {}
  Detector detector;
  std::string unread;    // of the newest piece, behind a hit
  std::string_view why;  // the newest hit
  std::size_t searches = 0, resubmits = 0;
  bool hedged = false;  // the client has been given hedging since the last resubmit
  Prefill prefill = Prefill::kChat;

  // Lets the client see the newest hit in a text of `length` bytes. What may become another one.
  std::size_t go_on(std::size_t length) noexcept {
    hedged = true;
    std::string_view rest = unread;
    std::size_t read = length - rest.size();
    while (!rest.empty()) {
      const auto another = detector.feed(rest);
      if (!another) break;
      rest.remove_prefix(another->end - read);  // of a byte at least
      read = another->end;
    }
    unread.clear();
    return detector.pending_from();
  }
};

class HedgeStage final : public Stage {
 public:
  explicit HedgeStage(Shared& shared) : shared_(shared) {}

  MaybeTask<> on_upstream_request(Exchange& exchange) override;
  EventAction on_event(Exchange& exchange, const openai::SseEvent& event,
                       const openai::EventInfo& info) noexcept override;
  MaybeTask<PauseVerdict> on_pause(Exchange& exchange) override {
    if (!watch_) return PauseVerdict::kGoOn;
    return think(exchange);
  }
  void on_finish(const Exchange& exchange, const Outcome& outcome) noexcept override;

 private:
  Task<> continue_as_completion(Exchange& exchange);
  Task<PauseVerdict> think(Exchange& exchange);
  Task<bool> find_more(Exchange& exchange);
  bool unsure(const openai::EventInfo& info) const;

  Shared& shared_;
  std::optional<Watch> watch_;  // of an answer that may be given anew
};

class HedgePlugin final : public Plugin {
 public:
  explicit HedgePlugin(Shared shared) : shared_(std::move(shared)) {}

  std::string_view name() const noexcept override { return "hedge"; }
  std::unique_ptr<Stage> begin(Exchange& exchange) override {
    if (!is_chat(exchange)) return nullptr;
    return std::make_unique<HedgeStage>(shared_);
  }

 private:
  Shared shared_;
};

MaybeTask<> HedgeStage::on_upstream_request(Exchange& exchange) {
  if (!exchange.continuation) {
    if (!watch_ && watchable(exchange)) watch_.emplace(shared_.phrases);
    return Result<>{};
  }
  if (!watch_) return Result<>{};
  const Continuation& continuation = *exchange.continuation;
  if (continuation.withdrawn) shared_.metrics.withdrawn.add();
  watch_->detector.restart(continuation.text);
  watch_->unread.clear();
  for (auto& edit : continue_edits(exchange.chat, continuation, watch_->prefill)) {
    exchange.attempt_edits.push_back(std::move(edit));
  }
  if (watch_->prefill != Prefill::kCompletion || continuation.text.empty()) return Result<>{};
  return continue_as_completion(exchange);
}

Task<> HedgeStage::continue_as_completion(Exchange& exchange) {
  openai::BodyEdits all = exchange.request_edits;
  all.insert(all.end(), exchange.attempt_edits.begin(), exchange.attempt_edits.end());
  auto body = openai::apply_edits(exchange.chat_body, exchange.chat, all);
  if (!body) co_return body.error();
  auto prompt = co_await render(shared_.servers, exchange.route.upstream, *std::move(body));
  if (!prompt) co_return prompt.error();
  for (auto& edit : completion_edits(*exchange.continuation, *std::move(prompt))) {
    exchange.attempt_edits.push_back(std::move(edit));
  }
  exchange.continuation->as_completion = true;
  co_return Result<>{};
}

bool HedgeStage::unsure(const openai::EventInfo& info) const {
  if (shared_.settings.low_probability <= 0) return false;
  const auto probability = least_probability(info.root);
  return probability && *probability < shared_.settings.low_probability;
}

EventAction HedgeStage::on_event(Exchange& exchange, const openai::SseEvent&,
                                 const openai::EventInfo& info) noexcept {
  if (!watch_) return EventAction::kForward;
  Watch& watch = *watch_;
  const std::size_t length = exchange.answer.text.size();
  if (length >= Exchange::kMaxAnswerBytes) return EventAction::kForward;
  std::optional<std::size_t> hit;
  const std::size_t begin = length - info.content.size();
  if (const auto phrase = watch.detector.feed(info.content)) {
    hit = phrase->begin;
    watch.unread = info.content.substr(phrase->end - begin);
    watch.why = shared_.texts[phrase->phrase];
  } else if (!info.content.empty() && unsure(info)) {
    hit = begin;
    watch.why = "(low probability)";
  }
  if (info.finish_reason.empty()) exchange.hold_from = watch.detector.pending_from();
  if (exchange.hold_from < length) shared_.metrics.held.add();
  if (!hit) return EventAction::kForward;
  shared_.metrics.detected.add();
  if (watch.resubmits >= shared_.settings.max_resubmits || watch.searches >= kMaxSearches) {
    exchange.hold_from = watch.go_on(length);
    return EventAction::kForward;
  }
  exchange.hold_from = *hit;
  return EventAction::kPause;
}

Task<PauseVerdict> HedgeStage::think(Exchange& exchange) {
  const auto found = co_await find_more(exchange);
  const bool better = found && *found;
  Watch& watch = *watch_;
  log::info("hedging noticed", {{"id", exchange.id},
                                {"phrase", watch.why},
                                {"at", exchange.hold_from},
                                {"recalled", exchange.recalled.mid},
                                {"resubmit", better},
                                {"error", found ? std::string() : found.error().detail}});
  if (!better) {
    exchange.hold_from = watch.go_on(exchange.answer.text.size());
    co_return PauseVerdict::kGoOn;
  }
  watch.hedged = false;
  ++watch.resubmits;
  shared_.metrics.resubmitted.add();
  co_return PauseVerdict::kResubmit;
}

// Whether there is something new to say, and a way to have the answer continued with it.
Task<bool> HedgeStage::find_more(Exchange& exchange) {
  if (exchange.answer_recall == nullptr) co_return false;
  shared_.metrics.searched.add();
  const auto prefill = co_await shared_.probe.find(shared_.servers, exchange.route.upstream);
  if (!prefill) co_return prefill.error();
  ++watch_->searches;
  watch_->prefill = *prefill;
  if (*prefill == Prefill::kCompletion && openai::holds_media(exchange.chat)) co_return false;
  const std::string generated(tail_of(exchange.answer.text));
  co_return co_await exchange.answer_recall->recall_more(exchange, generated);
}

void HedgeStage::on_finish(const Exchange& exchange, const Outcome& outcome) noexcept {
  if (!watch_ || !exchange.continuation) return;
  const Continuation& continuation = *exchange.continuation;
  shared_.metrics.wasted_tokens.add(static_cast<double>(continuation.wasted_tokens));
  shared_.metrics.added_seconds.observe(seconds(continuation.added));
  const bool whole = exchange.answer.complete && !outcome.error;
  if (whole && !watch_->hedged && !continuation.withdrawn) shared_.metrics.rescued.add();
}

}  // namespace

Result<std::unique_ptr<Plugin>> make_hedge(HedgeSettings settings, Services& services,
                                           const Servers& servers) {
  auto phrases = load_phrases(settings.phrases_file);
  if (!phrases) return phrases.error();
  auto compiled = compile(*phrases);
  if (!compiled) return compiled.error();
  Shared shared(std::move(settings), *std::move(phrases), *std::move(compiled), services, servers);
  return std::make_unique<HedgePlugin>(std::move(shared));
}

}  // namespace keep::hedge
