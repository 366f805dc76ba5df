#include "tests/fuzz/pipeline_stage.hpp"

#include "base/json/json.hpp"
#include "openai/edit/body_edit.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <boost/asio/co_spawn.hpp>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <utility>

namespace keep::fuzz {

namespace {

constexpr std::int64_t kWindow = 500;  // a byte is a token here
constexpr int kMaxAttempts = 4;

std::string& state_folder() {
  static std::string folder;
  return folder;
}

PluginSettings settings() {
  const std::string name = "keep-fuzz-" + std::string(6, 'X');  // as mkdtemp wants it
  state_folder() = (std::filesystem::temp_directory_path() / name).string();
  check(::mkdtemp(state_folder().data()) != nullptr);
  std::atexit([] {
    std::error_code ignored;
    std::filesystem::remove_all(state_folder(), ignored);
  });
  PluginSettings settings;
  settings.history.folder = settings.recall.folder = settings.knowledge.folder = state_folder();
  settings.history.max_bytes = 16 << 20;
  settings.history.max_open = 16;
  settings.history.recall_tokens = 200;
  settings.recall.budget_tokens = 200;
  settings.recall.index_bytes = 4 << 20;
  settings.identify.max_conversations = 200;
  return settings;
}

std::string event_of(std::string_view delta, std::string_view finish) {
  return R"({"choices":[{"index":0,"delta":)" + std::string(delta) + R"(,"finish_reason":)" +
         std::string(finish) + "}]}";
}

}  // namespace

OneServer::OneServer() {
  props_.total_slots = 4;
  props_.n_ctx = kWindow;
  for (int i = 0; i < props_.total_slots; ++i) slots_.push_back(SlotState{i, false, 0});
}

PipelineStage::PipelineStage() {
  auto plugins = make_plugins(settings(), {services_, servers_, tenancy_, nullptr});
  check(bool(plugins));
  pipeline_.emplace(std::move(*plugins), metrics_, clock_);
  auto starting = [this]() -> asio::awaitable<void> {
    const auto started = co_await pipeline_->start();
    check(bool(started));
  };
  wait_for(starting());
}

void PipelineStage::wait_for(asio::awaitable<void> task) {
  bool done = false;
  asio::co_spawn(loop_, std::move(task), [&done](const std::exception_ptr& failure) {
    done = true;
    check(!failure);
  });
  while (!done) loop_.run_one();
}

void PipelineStage::run(Exchange& exchange, const std::string& answer) {
  wait_for(play(exchange, answer));
}

asio::awaitable<void> PipelineStage::play(Exchange& exchange, const std::string& answer) {
  Stages stages(*pipeline_, exchange);
  MaybeTask<Verdict> asking = stages.on_request();
  if (asking.waits()) asking = co_await asking.task();
  const Result<Verdict>& verdict = asking.result();
  Outcome outcome;
  outcome.status = 200;
  outcome.local = verdict && std::holds_alternative<Reply>(*verdict);
  bool again = !outcome.local;
  while (again && exchange.attempt < kMaxAttempts) {
    ++exchange.attempt;
    exchange.attempt_edits.clear();
    again = co_await attempt(exchange, stages, answer);
  }
  stages.on_finish(outcome);
}

// True: the answer is to be begun anew.
asio::awaitable<bool> PipelineStage::attempt(Exchange& exchange, Stages& stages,
                                             const std::string& answer) {
  MaybeTask<> routing = stages.on_route();
  if (routing.waits()) routing = co_await routing.task();
  if (!routing.result()) co_return false;
  MaybeTask<> advised = stages.on_upstream_request();
  if (advised.waits()) co_await advised.task();
  openai::BodyEdits edits = exchange.request_edits;
  edits.insert(edits.end(), exchange.attempt_edits.begin(), exchange.attempt_edits.end());
  const auto body = openai::apply_edits(exchange.chat_body, exchange.chat, edits);
  check(body && json::validate(*body));
  exchange.timeline.sent = exchange.timeline.head = clock_.now();
  exchange.answer = Answer();
  std::string data;
  for (std::size_t at = 0; at <= answer.size();) {
    const std::size_t end = std::min(answer.find(' ', at), answer.size() - 1) + 1;
    const bool last = at == answer.size();
    std::string delta = "{\"content\":";
    json::append_quoted(delta, std::string_view(answer).substr(at, last ? 0 : end - at));
    data = event_of(delta + "}", last ? "\"stop\"" : "null");
    openai::SseEvent event;
    event.data = event.raw = data;
    const openai::EventInfo info = openai::read_event(event);
    exchange.answer.text += info.content;
    exchange.answer.finish_reason = info.finish_reason;
    ++exchange.answer.output_events;
    exchange.hold_from = Exchange::kHoldNothing;
    if (stages.on_event(event, info) == EventAction::kPause) {
      const PauseVerdict wish = co_await stages.on_pause();
      if (wish == PauseVerdict::kResubmit) co_return true;
    }
    if (last) break;
    at = end;
  }
  exchange.answer.complete = true;
  // As llama-server ends an answer; without them the slot would have to be looked at for a while.
  exchange.answer.timings.emplace().prompt_n = 10;
  exchange.answer.text.erase(0, exchange.skip_text);
  MaybeTask<> told = stages.on_answer();
  if (told.waits()) co_await told.task();
  co_return false;
}

}  // namespace keep::fuzz
