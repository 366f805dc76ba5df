#include "upstream/fleet.hpp"

#include "base/log.hpp"
#include "exchange/window.hpp"
#include "openai/ollama/models.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace keep {

namespace {

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds kProbeWell{2000}, kProbeDown{200};

// An answer needs room, too: history sets aside no more for it.
bool has_room(std::int64_t window, std::int64_t tokens) noexcept {
  return window == 0 || tokens <= window - window / 4;
}

using Same = bool (*)(std::string_view, std::string_view);

bool is_same(std::string_view name, std::string_view model) noexcept { return name == model; }

bool is_same_but_for_tag(std::string_view name, std::string_view model) noexcept {
  const std::string_view bare = openai::ollama::without_latest(name);
  return !bare.empty() && bare == openai::ollama::without_latest(model);
}

// The name of a model is its alias, or the path of its file, which may be shortened to its name.
bool goes_by(const ServerProps& props, std::string_view model, Same same) noexcept {
  if (model.empty()) return false;
  if (same(props.model_alias, model) || same(props.model_path, model)) return true;
  const std::string_view path = props.model_path;
  return !path.empty() && same(path.substr(path.rfind('/') + 1), model);
}

}  // namespace

void Fleet::add(std::string url, UpstreamAddress address, std::string authorization,
                std::int64_t pool_tokens) {
  Member& member = members_.emplace_back();
  member.server = std::make_unique<UpstreamServer>(
      loop_, clock_, std::move(url), std::move(address), std::move(authorization), pool_tokens);
  member.timer = std::make_unique<asio::steady_timer>(loop_);
  member.shun_end = std::make_unique<asio::steady_timer>(loop_);
}

void Fleet::on_change(std::function<void(std::size_t)> callback) {
  callbacks_.push_back(std::move(callback));
}

void Fleet::start(Spawner& spawner) {
  for (std::size_t i = 0; i < members_.size(); ++i) spawner.spawn("health probe", watch(i));
}

void Fleet::failed(std::size_t index) {
  Member& member = members_[index];
  const auto time =
      std::min<Duration>(kLongestShun, kFirstShun * (1 << std::min(member.failures, 5)));
  ++member.failures;
  member.shunned_until = clock_.now() + time;
  if (members_.size() > 1) {
    log::warn("upstream failed a request",
              {{"url", member.server->url()},
               {"in_a_row", member.failures},
               {"shunned_s", std::chrono::duration_cast<std::chrono::seconds>(time).count()}});
  }
  member.timer->cancel();
  member.shun_end->expires_after(time);
  member.shun_end->async_wait([this, index](const boost::system::error_code& ec) {
    if (!ec) announce(index);
  });
}

void Fleet::announce(std::size_t index) const {
  for (const auto& callback : callbacks_) callback(index);
}

bool Fleet::is_shunned(const Member& member) const noexcept {
  return member.failures > 0 && clock_.now() < member.shunned_until;
}

// A name that is a server's to the letter goes before one that differs in its tag. Most clients
// name a model that no server knows, which llama-server does not mind.
bool Fleet::is_meant(const ServerProps& props, std::string_view model) const noexcept {
  for (const Same same : {is_same, is_same_but_for_tag}) {
    const auto named = [&](const Member& m) { return goes_by(m.server->props(), model, same); };
    if (std::ranges::any_of(members_, named)) return goes_by(props, model, same);
  }
  return true;
}

bool Fleet::can_serve(const Member& member, const ServerDemand& demand) const noexcept {
  const UpstreamServer& server = *member.server;
  if (!server.healthy()) return false;
  const std::int64_t window = window_tokens(server);
  if (window > 0 && window < demand.window) return false;
  const auto index = static_cast<std::size_t>(&member - members_.data());
  if (std::ranges::find(demand.tried, index) != demand.tried.end()) return false;
  return is_meant(server.props(), demand.model);
}

bool Fleet::suits(std::size_t index, const ServerDemand& demand) const noexcept {
  const Member& member = members_[index];
  if (!can_serve(member, demand)) return false;
  return !is_shunned(member) || std::ranges::none_of(members_, [&](const Member& other) {
    return !is_shunned(other) && can_serve(other, demand);
  });
}

Result<std::size_t> Fleet::choose(ServerDemand& demand, std::int64_t tokens) const {
  demand.window = 0;
  std::vector<std::size_t> able, roomy;
  std::int64_t largest = 0;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (!suits(i, demand)) continue;
    const std::int64_t window = window_tokens(*members_[i].server);
    able.push_back(i);
    if (has_room(window, tokens)) roomy.push_back(i);
    largest = std::max(largest, window);
  }
  if (able.empty()) {
    if (any_loading()) {
      return Error(Fault::kLoading, Side::kUpstream, "the model is still loading");
    }
    const bool others = std::ranges::any_of(members_, [&](const Member& m) {
      return m.server->healthy() && !is_meant(m.server->props(), demand.model);
    });
    return Error(Fault::kRefused, Side::kUpstream,
                 others ? "no llama-server with that model can be reached"
                        : "no llama-server can be reached");
  }
  if (roomy.empty()) {
    demand.window = largest;
    return *std::ranges::find_if(able, [&](std::size_t i) { return suits(i, demand); });
  }
  for (const std::size_t i : roomy) {
    const std::int64_t window = window_tokens(*members_[i].server);
    if (window > 0 && (demand.window == 0 || window < demand.window)) demand.window = window;
  }
  return roomy.front();
}

asio::awaitable<void> Fleet::watch(std::size_t index) {
  UpstreamServer& server = *members_[index].server;
  asio::steady_timer& timer = *members_[index].timer;
  for (;;) {
    const auto changed = co_await server.probe();
    if (changed && *changed) {
      log::info("upstream changed", {{"url", server.url()},
                                     {"healthy", server.healthy()},
                                     {"loading", server.loading()},
                                     {"slots", server.props().total_slots},
                                     {"n_ctx", server.props().n_ctx}});
      announce(index);
    }
    timer.expires_after(server.healthy() ? kProbeWell : kProbeDown);
    co_await timer.async_wait(kToken);
  }
}

bool Fleet::any_healthy() const noexcept {
  return std::ranges::any_of(members_, [](const Member& m) { return m.server->healthy(); });
}

bool Fleet::any_ready() const noexcept {
  return std::ranges::any_of(
      members_, [](const Member& m) { return m.server->healthy() && !m.server->props().router; });
}

bool Fleet::any_loading() const noexcept {
  return std::ranges::any_of(members_, [](const Member& m) { return m.server->loading(); });
}

}  // namespace keep
