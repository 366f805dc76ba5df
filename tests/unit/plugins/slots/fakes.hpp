// A llama-server as the slots plugin sees it, without sockets: slots that are busy or idle, /slots
// that may fail, erases that can be held back. And clients that drive the plugin as the flow does.
#pragma once

#include "base/json/json.hpp"
#include "exchange/plugin.hpp"
#include "openai/dialects/dialects.hpp"
#include "openai/edit/body_edit.hpp"
#include "plugins/slots/slots_plugin.hpp"
#include "tests/unit/plugins/fake_services.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace keep::slots::test {

class FakeSlots final : public SlotControl {
 public:
  FakeSlots(asio::io_context& loop, std::size_t slots) : loop_(loop) { restart(slots); }
  void restart(std::size_t slots) {
    state.assign(slots, SlotState());
    for (std::size_t i = 0; i < slots; ++i) state[i].id = static_cast<int>(i);
  }
  Task<std::vector<SlotState>> list() override {
    ++lists;
    co_await asio::post(loop_, asio::use_awaitable);
    if (list_error) co_return *list_error;
    co_return state;
  }
  Task<> erase(int slot) override { return empty(slot, erase_error, 0, erased); }
  // What is kept, and how, is for the archive of a test to say.
  Task<SlotTransfer> save(int, std::string) override { co_return SlotTransfer(); }
  Task<SlotTransfer> restore(int, std::string) override { co_return SlotTransfer(); }
  Task<> park(int slot) { return empty(slot, park_error, 1, parked); }

  std::vector<SlotState> state;
  std::optional<Error> list_error, erase_error, park_error;
  bool hold_emptying = false;
  int lists = 0;
  std::vector<int> erased, parked;

 private:
  Task<> empty(int slot, const std::optional<Error>& error, std::int64_t left,
               std::vector<int>& done) {
    asio::steady_timer tick(loop_);
    do {
      tick.expires_after(std::chrono::milliseconds(1));
      co_await tick.async_wait(asio::use_awaitable);
    } while (hold_emptying);
    if (error) co_return *error;
    state[static_cast<std::size_t>(slot)].held_tokens = left;
    done.push_back(slot);
    co_return Result<>{};
  }
  asio::io_context& loop_;
};

struct FakeUpstream final : Upstream {
  FakeUpstream(asio::io_context& loop, std::string name, int slots)
      : address(std::move(name)), control(loop, static_cast<std::size_t>(slots)) {
    server.total_slots = slots;
  }
  std::string_view url() const noexcept override { return address; }
  bool healthy() const noexcept override { return up; }
  bool loading() const noexcept override { return is_loading; }
  const ServerProps& props() const noexcept override { return server; }
  SlotControl& slots() noexcept override { return control; }
  std::int64_t pool_tokens() const noexcept override { return pool; }

  std::string address;
  FakeSlots control;
  ServerProps server;
  std::int64_t pool = 0;
  bool up = true, is_loading = false;
  bool shunned = false;  // while another can do its work
  bool ram_cache = false;
  std::set<std::string> prompts;  // small ones it was asked to read
};

class FakeUpstreams final : public Upstreams {
 public:
  std::size_t size() const noexcept override { return servers.size(); }
  Upstream& at(std::size_t index) noexcept override { return *servers[index]; }
  bool suits(std::size_t index, const ServerDemand& demand) const noexcept override {
    const FakeUpstream& server = *servers[index];
    const std::string& name = server.server.model_alias;
    const bool tried = std::ranges::find(demand.tried, index) != demand.tried.end();
    if (!server.up || server.shunned || tried) return false;
    if (server.server.n_ctx > 0 && server.server.n_ctx < demand.window) return false;
    return demand.model.empty() || name.empty() || demand.model == name;
  }
  void on_change(std::function<void(std::size_t)> callback) override {
    changed = std::move(callback);
  }
  std::vector<std::unique_ptr<FakeUpstream>> servers;
  std::function<void(std::size_t)> changed = [](std::size_t) {};
};

// Takes a small prompt for a slot as what it is for: what was there goes.
class FakeQueries final : public Queries {
 public:
  explicit FakeQueries(FakeUpstreams& upstreams) : upstreams_(upstreams) {}
  Task<std::string> post(std::size_t upstream, std::string target, std::string body) override {
    EXPECT_EQ(target, "/completion");
    const auto root = json::validate(body);
    const int slot = static_cast<int>(root->find("id_slot").integer().value_or(-1));
    FakeUpstream& server = *upstreams_.servers[upstream];
    const bool again = !server.prompts.insert(root->find("prompt").string().value_or("")).second;
    const auto parked = co_await server.control.park(slot);
    if (!parked) co_return parked.error();
    const int cached = again && server.ram_cache ? 29 : 0;
    co_return "{\"timings\":{\"cache_n\":" + std::to_string(cached) +
        ",\"prompt_n\":" + std::to_string(30 - cached) + "}}";
  }

 private:
  FakeUpstreams& upstreams_;
};

// One exchange, from on_route to on_finish.
struct Client {
  explicit Client(const std::string& conversation, const std::string& tenant = "t") {
    exchange.identity.conversation = conversation;
    exchange.identity.tenant = tenant;
    exchange.dialect = &openai::dialects::chat();
    exchange.surface = openai::Surface::kChat;
    body(R"({"messages":[{"role":"user","content":"hello"}]})");
  }
  void body(std::string text) {
    exchange.chat_body = std::move(text);
    auto chat = openai::parse_chat_request(exchange.chat_body, openai::Surface::kChat);
    ASSERT_TRUE(chat);
    exchange.chat = std::move(*chat);
  }
  bool leased() const { return exchange.route.lease.held(); }
  int slot() const { return exchange.route.lease.slot(); }
  Fault fault() const { return result && !*result ? result->error().fault : Fault::kInternal; }
  bool refused() const { return result && !*result; }
  // Of the plugin under test, begun when it is first needed.
  Stage& staged_by(Plugin& plugin) {
    if (!stage) stage = plugin.begin(exchange);
    return *stage;
  }

  Exchange exchange;
  std::unique_ptr<Stage> stage;
  std::optional<Result<>> result;  // of on_route
  asio::cancellation_signal leave;
};

class SlotsFixture : public testing::Test {
 protected:
  ~SlotsFixture() override { shut_down(); }
  // Also by those who lend the plugin something, before that goes.
  void shut_down() {
    for (const auto& c : clients_) c->leave.emit(asio::cancellation_type::terminal);
    settle();
    clients_.clear();
    plugin_.reset();
    spawner_.cancel_all();
    until([this] { return spawner_.running() == 0; });
  }
  FakeUpstream& add_upstream(int slots) {
    const std::string url = "http://host" + std::to_string(upstreams_.servers.size()) + ":8080";
    upstreams_.servers.push_back(std::make_unique<FakeUpstream>(loop_, url, slots));
    return *upstreams_.servers.back();
  }
  void start_with_pool(std::size_t tokens) {
    for (auto& server : upstreams_.servers) server->pool = static_cast<std::int64_t>(tokens);
    start();
  }
  // Slots are settled afterwards.
  void start(SlotsSettings settings = {}) {
    plugin_ = make_slots(settings, services_, servers_, tenancy_, *archive_);
    run([this]() -> asio::awaitable<void> {
      const auto started = co_await plugin_->start();
      EXPECT_TRUE(started);
    });
    until([this] { return spawner_.running() == 0; });
  }
  Client& client(const std::string& conversation, const std::string& tenant = "t") {
    clients_.push_back(std::make_unique<Client>(conversation, tenant));
    return *clients_.back();
  }
  // Starts on_route and lets it go as far as it can.
  Client& route(Client& c) {
    asio::co_spawn(loop_, routing(*plugin_, c),
                   asio::bind_cancellation_slot(c.leave.slot(), [](std::exception_ptr) {}));
    settle();
    return c;
  }
  Client& ask(const std::string& conversation, const std::string& tenant = "t") {
    return route(client(conversation, tenant));
  }
  void leave(Client& c) {
    c.leave.emit(asio::cancellation_type::terminal);
    settle();
  }
  // The answer has come to its end.
  void answer(Client& c, std::int64_t prompt = 100, std::int64_t output = 20,
              std::int64_t cached = 0) {
    sent(c);
    openai::ServerTimings timings;
    timings.cache_n = cached;
    timings.prompt_n = prompt - cached;
    timings.predicted_n = output;
    c.exchange.answer.timings = timings;
    c.exchange.answer.complete = true;
    held(c) = prompt + output - 1;
    finish(c);
  }
  // Sent upstream, which is at it.
  void sent(Client& c) { c.exchange.timeline.sent = c.exchange.timeline.head = clock_.now(); }
  void finish(Client& c) {
    c.staged_by(*plugin_).on_finish(c.exchange, Outcome());
    c.stage.reset();
    settle();
  }
  void turn(const std::string& conversation) { answer(ask(conversation)); }
  std::optional<std::int64_t>& held(Client& c) {
    auto& server = *upstreams_.servers[c.exchange.route.upstream];
    return server.control.state[static_cast<std::size_t>(c.slot())].held_tokens;
  }
  bool& processing(Client& c) {
    auto& server = *upstreams_.servers[c.exchange.route.upstream];
    return server.control.state[static_cast<std::size_t>(c.slot())].processing;
  }
  // Runs what is ready; timers may stay.
  void settle() {
    for (int i = 0; i < 50; ++i) {
      loop_.restart();
      if (loop_.poll() == 0) break;
    }
  }
  void until(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition() && std::chrono::steady_clock::now() < end) {
      loop_.restart();
      loop_.run_one_for(std::chrono::milliseconds(50));
    }
    EXPECT_TRUE(condition());
  }
  template <class Fn>
  void run(Fn task) {
    bool done = false;
    asio::co_spawn(loop_, task(), [&done](std::exception_ptr e) {
      done = true;
      EXPECT_FALSE(e);
    });
    until([&done] { return done; });
  }
  std::string header(Client& c, const char* name) {
    Explanation explanation;
    c.staged_by(*plugin_).explain(c.exchange, explanation);
    for (const auto& line : explanation.lines()) {
      if (header_of(line.name) == name) return line.value;
    }
    return "-";
  }
  std::string edited(Client& c, const openai::Dialect& dialect = openai::dialects::chat()) {
    c.exchange.dialect = &dialect;
    c.exchange.surface = dialect.surface();
    c.exchange.attempt_edits.clear();
    auto call = c.staged_by(*plugin_).on_upstream_request(c.exchange);
    EXPECT_TRUE(!call.waits() && call.result());
    const auto body =
        openai::apply_edits(c.exchange.chat_body, c.exchange.chat, c.exchange.attempt_edits);
    return body ? *body : body.error().detail;
  }
  std::string metrics() const { return metrics_.text(); }

  static asio::awaitable<void> routing(Plugin& plugin, Client& c) {
    co_await asio::this_coro::throw_if_cancelled(false);
    auto call = c.staged_by(plugin).on_route(c.exchange);
    if (call.waits()) {
      auto task = call.task();
      call = co_await std::move(task);
    }
    c.result.emplace(std::move(call.result()));
  }

  keep::test::FaultyFileSystem files_;
  asio::io_context loop_{1};
  Pools pools_{1, 1};
  keep::test::HandClock clock_;
  Metrics metrics_;
  Spawner spawner_{loop_};
  FakeUpstreams upstreams_;
  FakeQueries queries_{upstreams_};
  keep::test::ByteTokenizer tokenizer_;
  keep::test::NoTemplates templates_;
  Services services_{loop_, pools_, clock_, files_, metrics_, spawner_};
  const Servers servers_{upstreams_, queries_, tokenizer_, templates_};
  Tenancy tenancy_;
  SlotArchive* archive_ = &no_archive();  // before start()
  std::unique_ptr<LendingPlugin<ConversationObserver>> plugin_;
  std::vector<std::unique_ptr<Client>> clients_;
};

}  // namespace keep::slots::test
