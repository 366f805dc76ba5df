#include "plugins/history/endpoints/history_endpoints.hpp"

#include "base/time/unix_time.hpp"
#include "exchange/window.hpp"
#include "plugins/history/endpoints/conversation_endpoints.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace keep::history {

namespace {

constexpr std::string_view kSessions = "/v1/sessions/";
constexpr std::chrono::milliseconds kPoll{20};
constexpr std::size_t kPageBytes = 4 << 20;  // of messages; a longer one is a page of its own

Reply not_found(const std::string& id) {
  return to_reply(Error(Fault::kNotFound, Side::kDownstream, "no conversation '" + id + "'"));
}

}  // namespace

void HistoryEndpoints::begin(const ConversationName& name) { ++running_[name].unplaced; }

void HistoryEndpoints::goes_on_from(const ConversationName& name, Position end) {
  Running& running = running_[name];
  --running.unplaced;
  running.ends.insert(end);
}

void HistoryEndpoints::finish(const ConversationName& name, std::optional<Position> end,
                              const Answer& answer) noexcept {
  const auto at = running_.find(name);
  Running& running = at->second;
  if (end) {
    running.ends.erase(running.ends.find(*end));
  } else {
    --running.unplaced;
  }
  if (running.unplaced == 0 && running.ends.empty()) running_.erase(at);
  if (!answer.timings) return;
  const auto& timings = *answer.timings;
  (timings.cache_n > 0 ? hits_ : misses_) += 1;
  last_.get(name) = {timings.cache_n + timings.prompt_n + timings.predicted_n, answer.complete};
  while (last_.size() > kMaxLast) last_.pop_oldest();
}

std::optional<Position> HistoryEndpoints::end_of_running(const ConversationName& name) const {
  const auto at = running_.find(name);
  if (at == running_.end()) return 0;
  const Running& running = at->second;
  if (running.unplaced > 0) return std::nullopt;
  return *running.ends.rbegin();
}

void HistoryEndpoints::cut(const ConversationName& name, Position end) {
  for (ConversationObserver* observer : observers_) observer->cut(name, end);
}

void HistoryEndpoints::removed(const ConversationName& name) {
  forget(name);
  ++removed_;
}

void HistoryEndpoints::forget(const ConversationName& name) {
  for (ConversationObserver* observer : observers_) observer->forget(name);
  last_.erase(name);
}

asio::awaitable<Reply> HistoryEndpoints::answer(const Exchange& exchange) {
  const Request& request = exchange.request;
  const std::string_view path = request.path();
  const bool reads = request.method == "GET", posts = request.method == "POST";
  if (path == "/v1/conversations/list" && (reads || posts)) {
    co_return list(exchange.identity.tenant);
  }
  if (path == "/v1/conversations/end" && posts) co_return co_await end(exchange);
  if (reads && path.starts_with(kConversations)) co_return co_await page(exchange);
  if (reads && path.starts_with(kSessions)) co_return session(exchange);
  co_return nullptr;
}

std::size_t HistoryEndpoints::slots() const {
  std::size_t slots = 0;
  for (std::size_t i = 0; i < upstreams_.size(); ++i) {
    slots += static_cast<std::size_t>(upstreams_.at(i).props().total_slots);
  }
  return slots;
}

Reply HistoryEndpoints::list(const std::string& tenant) const {
  std::vector<ListedConversation> listed;
  for (Summary& summary : store_.list(tenant)) {
    ListedConversation conversation;
    for (const ConversationObserver* observer : observers_) {
      conversation.index_entries += observer->index_entries(summary.name);
    }
    conversation.summary = std::move(summary);
    listed.push_back(std::move(conversation));
  }
  ListStats stats;
  for (const auto& [name, running] : running_) stats.running += name.tenant == tenant ? 1 : 0;
  stats.max_threads = slots();
  stats.max_queue = settings_.queue;
  stats.max_tokens = settings_.max_conversation_tokens;
  stats.evictions = removed_;
  stats.hits = hits_;
  stats.misses = misses_;
  for (const ConversationObserver* observer : observers_)
    stats.memory_bytes += observer->memory_bytes();
  return json_reply(200, list_body(listed, stats, unix_now()));
}

// What runs on the conversation ends first; then everything about it goes.
asio::awaitable<Reply> HistoryEndpoints::end(const Exchange& exchange) {
  auto id = read_conversation_id(exchange.request.body);
  if (!id) co_return to_reply(id.error());
  ConversationName name{exchange.identity.tenant, *id};
  const bool ran = running_.contains(name);
  asio::steady_timer timer(services_.loop);
  while (running_.contains(name)) {
    timer.expires_after(kPoll);
    co_await timer.async_wait(asio::use_awaitable);
  }
  const auto ended = co_await store_.end(name);
  if (!ended) co_return to_reply(ended.error());
  if (!*ended) {
    forget(name);  // what is known of it besides: it may have been told to store nothing
    if (!ran) co_return not_found(*id);  // else there was one: not stored, or ended by another
  }
  co_return json_reply(200, R"({"status":"ended"})");
}

asio::awaitable<Reply> HistoryEndpoints::page(const Exchange& exchange) {
  const auto query = read_page_query(exchange.request.target);
  if (!query) co_return to_reply(query.error());
  ConversationName name{exchange.identity.tenant, query->id};
  auto job = [from = query->from, limit = query->limit](ConversationLog& log) -> Result<Page> {
    auto messages = log.read(from, kPageBytes);
    if (!messages) return messages.error();
    Page page{*std::move(messages), kNoPosition};
    if (page.messages.size() > limit) page.messages.resize(limit);
    if (page.messages.empty()) return page;
    const Position next = page.messages.back().info.position + 1;
    if (next < log.size()) page.next = next;
    return page;
  };
  const auto page = co_await store_.with(std::move(name), false, std::move(job));
  if (page) co_return json_reply(200, page_body(*page));
  if (page.error().fault == Fault::kNotFound) co_return not_found(query->id);
  co_return to_reply(page.error());
}

Reply HistoryEndpoints::session(const Exchange& exchange) const {
  SessionState state;
  state.id = exchange.request.path().substr(kSessions.size());
  const ConversationName name{exchange.identity.tenant, state.id};
  const auto summary = store_.find(name);
  if (!summary) return not_found(state.id);
  if (const Last* const last = last_.peek(name)) {
    state.context_length = last->context;
    state.has_cache = last->whole;
  }
  state.messages = summary->messages;
  for (std::size_t i = 0; i < upstreams_.size() && state.window == 0; ++i) {
    state.window = window_tokens(upstreams_.at(i), settings_.window_tokens);
  }
  return json_reply(200, session_body(state));
}

}  // namespace keep::history
