// Fleet: all upstreams, in the order of the configuration, the watch over them, and which of them
// can answer a request.
//
// A server that fails requests although it looks well (it accepts and closes, say) is shunned for a
// while, longer each time, as long as another one can do its work. Loop thread only. Changes of an
// upstream's health or properties are announced to subscribers, and so is the end of a shun.
#pragma once

#include "base/async/pools.hpp"
#include "base/time/clock.hpp"
#include "exchange/interfaces/upstreams.hpp"
#include "exchange/route.hpp"
#include "upstream/upstream_server.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace keep {

class Fleet final : public Upstreams {
 public:
  static constexpr std::chrono::seconds kFirstShun{1}, kLongestShun{30};

  Fleet(asio::io_context& loop, const Clock& clock) : loop_(loop), clock_(clock) {}
  void add(std::string url, UpstreamAddress address, std::string authorization,
           std::int64_t pool_tokens = 0);

  std::size_t size() const noexcept override { return members_.size(); }
  Upstream& at(std::size_t index) noexcept override { return *members_[index].server; }
  UpstreamServer& server(std::size_t index) noexcept { return *members_[index].server; }
  void on_change(std::function<void(std::size_t)> callback) override;

  // Probes every server for ever: often while it is down, seldom while it is well.
  void start(Spawner& spawner);
  bool any_healthy() const noexcept;
  // Healthy, and with slots to pin conversations to, as far as it tells.
  bool any_ready() const noexcept;
  bool any_loading() const noexcept;

  // The first server for a prompt of so many tokens (an estimate; 0: any). Sets demand.window to
  // what each server that suits gives a slot: of all whose window has room for the prompt and an
  // answer, or else of those with the largest.
  Result<std::size_t> choose(ServerDemand& demand, std::int64_t tokens) const;
  bool suits(std::size_t index, const ServerDemand& demand) const noexcept override;
  // A request has failed there before a byte of an answer came: the server is looked at now.
  void failed(std::size_t index);
  void answered(std::size_t index) noexcept { members_[index].failures = 0; }

 private:
  struct Member {
    std::unique_ptr<UpstreamServer> server;
    std::unique_ptr<asio::steady_timer> timer;     // to the next probe
    std::unique_ptr<asio::steady_timer> shun_end;  // armed by each failure
    int failures = 0;                              // in a row
    Instant shunned_until{};
  };
  asio::awaitable<void> watch(std::size_t index);
  void announce(std::size_t index) const;
  bool can_serve(const Member& member, const ServerDemand& demand) const noexcept;
  bool is_shunned(const Member& member) const noexcept;
  bool is_meant(const ServerProps& props, std::string_view model) const noexcept;

  asio::io_context& loop_;
  const Clock& clock_;
  std::vector<Member> members_;
  std::vector<std::function<void(std::size_t)>> callbacks_;
};

}  // namespace keep
