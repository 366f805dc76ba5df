// UpstreamServer: one llama-server: its connections, slots and health.
//
// A probe asks /health and, when it comes up, /props. An upstream that answers neither is down,
// one that says 503 is loading. Changes are announced to subscribers on the loop.
#pragma once

#include "base/async/pools.hpp"
#include "exchange/services.hpp"
#include "upstream/connection_pool.hpp"
#include "upstream/slot_control.hpp"

#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace keep {

class UpstreamServer final : public Upstream {
 public:
  // `authorization`: value of the Authorization header for requests of our own, or empty.
  UpstreamServer(asio::io_context& loop, std::string url, UpstreamAddress address,
                 std::string authorization);

  std::string_view url() const noexcept override { return url_; }
  bool healthy() const noexcept override { return healthy_; }
  bool loading() const noexcept override { return loading_; }
  const ServerProps& props() const noexcept override { return props_; }
  SlotControl& slots() noexcept override { return slots_; }
  ConnectionPool& pool() noexcept { return pool_; }
  const std::string& authorization() const noexcept { return authorization_; }

  // One look at the server; true when something changed.
  Task<bool> probe();

 private:
  Task<ServerProps> read_props();

  std::string url_, authorization_;
  ConnectionPool pool_;
  HttpSlotControl slots_;
  ServerProps props_;
  bool healthy_ = false, loading_ = false;
};

class UpstreamSet final : public Upstreams {
 public:
  explicit UpstreamSet(asio::io_context& loop) : loop_(loop) {}
  void add(std::string url, UpstreamAddress address, std::string authorization);

  std::size_t size() const noexcept override { return servers_.size(); }
  Upstream& at(std::size_t index) noexcept override { return *servers_[index]; }
  UpstreamServer& server(std::size_t index) noexcept { return *servers_[index]; }
  void on_change(std::function<void(std::size_t)> callback) override;

  // Probes every server for ever: often while it is down, seldom while it is well.
  void start(Spawner& spawner);
  // Asks for a probe now, e.g. because a connection was refused.
  void suspect(std::size_t index);
  bool any_healthy() const noexcept;
  // Healthy, and with slots to pin conversations to, as far as it tells.
  bool any_ready() const noexcept;
  bool any_loading() const noexcept;

 private:
  asio::awaitable<void> watch(std::size_t index);

  asio::io_context& loop_;
  std::vector<std::unique_ptr<UpstreamServer>> servers_;
  std::vector<std::unique_ptr<asio::steady_timer>> timers_;
  std::vector<std::function<void(std::size_t)>> callbacks_;
};

}  // namespace keep
