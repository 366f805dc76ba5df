// Fleet: all upstreams, in the order of the configuration, and the watch over them.
//
// Loop thread only. Changes of an upstream's health or properties are announced to subscribers.
#pragma once

#include "base/async/pools.hpp"
#include "exchange/services.hpp"
#include "upstream/upstream_server.hpp"

#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace keep {

class Fleet final : public Upstreams {
 public:
  explicit Fleet(asio::io_context& loop) : loop_(loop) {}
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
