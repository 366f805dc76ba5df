#include "upstream/fleet.hpp"

#include "base/log.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace keep {

namespace {

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds kProbeWell{2000}, kProbeDown{200};

}  // namespace

void Fleet::add(std::string url, UpstreamAddress address, std::string authorization) {
  servers_.push_back(std::make_unique<UpstreamServer>(loop_, std::move(url), std::move(address),
                                                      std::move(authorization)));
  timers_.push_back(std::make_unique<asio::steady_timer>(loop_));
}

void Fleet::on_change(std::function<void(std::size_t)> callback) {
  callbacks_.push_back(std::move(callback));
}

void Fleet::start(Spawner& spawner) {
  for (std::size_t i = 0; i < servers_.size(); ++i) spawner.spawn("health probe", watch(i));
}

void Fleet::suspect(std::size_t index) { timers_[index]->cancel(); }

asio::awaitable<void> Fleet::watch(std::size_t index) {
  UpstreamServer& server = *servers_[index];
  asio::steady_timer& timer = *timers_[index];
  for (;;) {
    const auto changed = co_await server.probe();
    if (changed && *changed) {
      log::info("upstream changed", {{"url", server.url()},
                                     {"healthy", server.healthy()},
                                     {"loading", server.loading()},
                                     {"slots", server.props().total_slots},
                                     {"n_ctx", server.props().n_ctx}});
      for (const auto& callback : callbacks_) callback(index);
    }
    timer.expires_after(server.healthy() ? kProbeWell : kProbeDown);
    co_await timer.async_wait(kToken);
  }
}

bool Fleet::any_healthy() const noexcept {
  return std::any_of(servers_.begin(), servers_.end(), [](const auto& s) { return s->healthy(); });
}

bool Fleet::any_ready() const noexcept {
  return std::any_of(servers_.begin(), servers_.end(),
                     [](const auto& s) { return s->healthy() && !s->props().router; });
}

bool Fleet::any_loading() const noexcept {
  return std::any_of(servers_.begin(), servers_.end(), [](const auto& s) { return s->loading(); });
}

}  // namespace keep
