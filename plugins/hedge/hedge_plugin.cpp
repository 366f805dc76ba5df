#include "plugins/hedge/hedge_plugin.hpp"

#include "base/log.hpp"
#include "exchange/recollection.hpp"
#include "plugins/hedge/detector.hpp"
#include "plugins/hedge/hedge_metrics.hpp"
#include "plugins/hedge/phrase_file.hpp"
#include "plugins/hedge/prefill_probe.hpp"
#include "plugins/hedge/resubmission.hpp"
#include "plugins/hedge/token_probability.hpp"
#include "plugins/hedge/watchable.hpp"

#include <optional>
#include <string>
#include <unordered_map>
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

bool has_media(const openai::ChatRequest& chat) {
  const std::string_view raw = chat.messages_raw.raw();
  return raw.find("\"image_url\"") != std::string_view::npos ||
         raw.find("\"input_audio\"") != std::string_view::npos;
}

class HedgePlugin final : public Plugin {
 public:
  HedgePlugin(HedgeSettings settings, std::vector<std::string> texts,
              std::shared_ptr<const Phrases> phrases)
      : settings_(std::move(settings)), texts_(std::move(texts)), phrases_(std::move(phrases)) {}

  std::string_view name() const noexcept override { return "hedge"; }
  Task<> start(Services& services) override;
  Task<> on_upstream_request(Exchange& exchange) override;
  EventAction on_event(Exchange& exchange, const openai::SseEvent& event,
                       const openai::EventInfo& info) noexcept override;
  Task<Resumption> on_pause(Exchange& exchange) override;
  void on_finish(const Exchange& exchange, const Outcome& outcome) noexcept override;

 private:
  struct Watch {  // of one answer
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

  Task<> continue_as_completion(Exchange& exchange);
  Task<bool> find_more(Exchange& exchange);
  bool unsure(const openai::EventInfo& info) const;

  HedgeSettings settings_;
  std::vector<std::string> texts_;  // of the phrases
  std::shared_ptr<const Phrases> phrases_;
  Services* services_ = nullptr;
  std::optional<HedgeMetrics> metrics_;
  PrefillProbe probe_;
  // By address: on_finish comes before an exchange goes.
  std::unordered_map<const Exchange*, Watch> watches_;
};

Task<> HedgePlugin::start(Services& services) {
  services_ = &services;
  metrics_.emplace(services.metrics);
  co_return Result<>{};
}

Task<> HedgePlugin::on_upstream_request(Exchange& exchange) {
  if (!exchange.continuation) {
    if (watchable(exchange)) watches_.try_emplace(&exchange, phrases_);
    co_return Result<>{};
  }
  const Continuation& continuation = *exchange.continuation;
  const auto at = watches_.find(&exchange);
  if (at == watches_.end()) co_return Result<>{};
  if (continuation.withdrawn) metrics_->withdrawn.add();
  at->second.detector.restart(continuation.text);
  at->second.unread.clear();
  const Prefill prefill = at->second.prefill;
  for (auto& edit : continue_edits(exchange.chat, continuation, prefill)) {
    exchange.attempt_edits.push_back(std::move(edit));
  }
  if (prefill != Prefill::kCompletion || continuation.text.empty()) co_return Result<>{};
  co_return co_await continue_as_completion(exchange);
}

Task<> HedgePlugin::continue_as_completion(Exchange& exchange) {
  openai::BodyEdits all = exchange.request_edits;
  all.insert(all.end(), exchange.attempt_edits.begin(), exchange.attempt_edits.end());
  auto body = openai::apply_edits(exchange.chat_body, exchange.chat, all);
  if (!body) co_return body.error();
  auto prompt = co_await render(*services_, exchange.route.upstream, *std::move(body));
  if (!prompt) co_return prompt.error();
  for (auto& edit : completion_edits(*exchange.continuation, *std::move(prompt))) {
    exchange.attempt_edits.push_back(std::move(edit));
  }
  exchange.continuation->as_completion = true;
  co_return Result<>{};
}

bool HedgePlugin::unsure(const openai::EventInfo& info) const {
  if (settings_.low_probability <= 0) return false;
  const auto probability = least_probability(info.root);
  return probability && *probability < settings_.low_probability;
}

EventAction HedgePlugin::on_event(Exchange& exchange, const openai::SseEvent&,
                                  const openai::EventInfo& info) noexcept {
  const auto at = watches_.find(&exchange);
  if (at == watches_.end()) return EventAction::kForward;
  Watch& watch = at->second;
  const std::size_t length = exchange.answer.text.size();
  if (length >= Exchange::kMaxAnswerBytes) return EventAction::kForward;
  std::optional<std::size_t> hit;
  const std::size_t begin = length - info.content.size();
  if (const auto phrase = watch.detector.feed(info.content)) {
    hit = phrase->begin;
    watch.unread = info.content.substr(phrase->end - begin);
    watch.why = texts_[phrase->phrase];
  } else if (!info.content.empty() && unsure(info)) {
    hit = begin;
    watch.why = "(low probability)";
  }
  if (info.finish_reason.empty()) exchange.hold_from = watch.detector.pending_from();
  if (exchange.hold_from < length) metrics_->held.add();
  if (!hit) return EventAction::kForward;
  metrics_->detected.add();
  if (watch.resubmits >= settings_.max_resubmits || watch.searches >= kMaxSearches) {
    exchange.hold_from = watch.go_on(length);
    return EventAction::kForward;
  }
  exchange.hold_from = *hit;
  return EventAction::kPause;
}

Task<Resumption> HedgePlugin::on_pause(Exchange& exchange) {
  const auto found = co_await find_more(exchange);
  const bool better = found && *found;
  const auto at = watches_.find(&exchange);
  if (at == watches_.end()) co_return Resumption::kGoOn;
  Watch& watch = at->second;
  log::info("hedging noticed", {{"id", exchange.id},
                                {"phrase", watch.why},
                                {"at", exchange.hold_from},
                                {"recalled", exchange.recalled.mid},
                                {"resubmit", better},
                                {"error", found ? std::string() : found.error().detail}});
  if (!better) {
    exchange.hold_from = watch.go_on(exchange.answer.text.size());
    co_return Resumption::kGoOn;
  }
  watch.hedged = false;
  ++watch.resubmits;
  metrics_->resubmitted.add();
  co_return Resumption::kResubmit;
}

// Whether there is something new to say, and a way to have the answer continued with it.
Task<bool> HedgePlugin::find_more(Exchange& exchange) {
  if (services_->recollection == nullptr) co_return false;
  metrics_->searched.add();
  const auto prefill = co_await probe_.find(*services_, exchange.route.upstream);
  if (!prefill) co_return prefill.error();
  const auto at = watches_.find(&exchange);
  if (at == watches_.end()) co_return false;
  ++at->second.searches;
  at->second.prefill = *prefill;
  if (*prefill == Prefill::kCompletion && has_media(exchange.chat)) co_return false;
  const std::string generated(tail_of(exchange.answer.text));
  co_return co_await services_->recollection->recall_more(exchange, generated);
}

void HedgePlugin::on_finish(const Exchange& exchange, const Outcome& outcome) noexcept {
  const auto at = watches_.find(&exchange);
  if (at == watches_.end()) return;
  const bool hedged = at->second.hedged;
  watches_.erase(at);
  if (!exchange.continuation) return;
  const Continuation& continuation = *exchange.continuation;
  metrics_->wasted_tokens.add(static_cast<double>(continuation.wasted_tokens));
  metrics_->added_seconds.observe(seconds(continuation.added));
  const bool whole = exchange.answer.complete && !outcome.error;
  if (whole && !hedged && !continuation.withdrawn) metrics_->rescued.add();
}

}  // namespace

Result<std::unique_ptr<Plugin>> make_hedge(HedgeSettings settings) {
  auto phrases = load_phrases(settings.phrases_file);
  if (!phrases) return phrases.error();
  auto compiled = compile(*phrases);
  if (!compiled) return compiled.error();
  return std::make_unique<HedgePlugin>(std::move(settings), *std::move(phrases),
                                       *std::move(compiled));
}

}  // namespace keep::hedge
