#include "upstream/upstream_server.hpp"

#include "base/json/json.hpp"
#include "base/log.hpp"
#include "openai/count_of.hpp"
#include "upstream/fetch.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace keep {

namespace {

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds kProbeWell{2000}, kProbeDown{200};

bool same(const ServerProps& a, const ServerProps& b) {
  return a.total_slots == b.total_slots && a.n_ctx == b.n_ctx && a.model_path == b.model_path &&
         a.build == b.build && a.router == b.router && a.modalities == b.modalities;
}

// {"vision":true,"audio":false,...}
std::optional<std::vector<std::string>> modalities_of(const json::Value& root) {
  const json::Value flags = root.find("modalities");
  if (!flags.is_object()) return std::nullopt;
  std::vector<std::string> present;
  for (const json::Member flag : flags.members()) {
    if (flag.value.boolean().value_or(false)) present.emplace_back(flag.raw_key);
  }
  return present;
}

std::string text_of(const json::Value& root, std::string_view key) {
  return root.find(key).string().value_or("");
}

}  // namespace

UpstreamServer::UpstreamServer(asio::io_context& loop, std::string url, UpstreamAddress address,
                               std::string authorization)
    : url_(std::move(url)),
      authorization_(std::move(authorization)),
      pool_(loop, std::move(address)),
      slots_(pool_, authorization_) {}

Task<ServerProps> UpstreamServer::read_props() {
  FetchRequest request("GET", "/props");
  if (!authorization_.empty()) request.headers.add("Authorization", authorization_);
  const auto response = co_await fetch(pool_, std::move(request));
  if (!response) co_return response.error();
  const auto root = json::validate(response->body);
  if (response->status != 200 || !root) {
    co_return Error(Fault::kProtocol, Side::kUpstream, "GET /props gave no properties");
  }
  ServerProps props;
  props.total_slots =
      static_cast<int>(openai::count_of(root->find("total_slots"), openai::kMaxSlots));
  const json::Value settings = root->find("default_generation_settings");
  props.n_ctx = openai::count_of(settings.find("n_ctx"));
  props.model_path = text_of(*root, "model_path");
  props.model_alias = text_of(*root, "model_alias");
  props.build = text_of(*root, "build_info");
  props.chat_template = text_of(*root, "chat_template");
  props.router = text_of(*root, "role") == "router";
  if (!props.router) props.modalities = modalities_of(*root);  // its models have some of their own
  props.slots_endpoint = root->find("endpoint_slots").boolean().value_or(true);
  co_return props;
}

Task<bool> UpstreamServer::probe() {
  FetchRequest request("GET", "/health");
  request.limit = std::chrono::seconds(5);
  const auto health = co_await fetch(pool_, std::move(request));
  const bool was_healthy = healthy_, was_loading = loading_;
  // A busy server may be late with its answer; only silence on connect or 503 is a sign.
  if (!health && health.error().fault == Fault::kTimeout && was_healthy) co_return false;
  const bool up = health && health->status == 200;
  loading_ = health && health->status == 503;
  bool changed = false;
  if (up) {
    auto props = co_await read_props();
    if (props) {
      changed = !same(props_, *props);
      props_ = std::move(*props);
    }
  }
  healthy_ = up;
  if (!up && was_healthy) pool_.clear();
  co_return changed || healthy_ != was_healthy || loading_ != was_loading;
}

void UpstreamSet::add(std::string url, UpstreamAddress address, std::string authorization) {
  servers_.push_back(std::make_unique<UpstreamServer>(loop_, std::move(url), std::move(address),
                                                      std::move(authorization)));
  timers_.push_back(std::make_unique<asio::steady_timer>(loop_));
}

void UpstreamSet::on_change(std::function<void(std::size_t)> callback) {
  callbacks_.push_back(std::move(callback));
}

void UpstreamSet::start(Spawner& spawner) {
  for (std::size_t i = 0; i < servers_.size(); ++i) spawner.spawn("health probe", watch(i));
}

void UpstreamSet::suspect(std::size_t index) { timers_[index]->cancel(); }

asio::awaitable<void> UpstreamSet::watch(std::size_t index) {
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

bool UpstreamSet::any_healthy() const noexcept {
  return std::any_of(servers_.begin(), servers_.end(), [](const auto& s) { return s->healthy(); });
}

bool UpstreamSet::any_ready() const noexcept {
  return std::any_of(servers_.begin(), servers_.end(),
                     [](const auto& s) { return s->healthy() && !s->props().router; });
}

bool UpstreamSet::any_loading() const noexcept {
  return std::any_of(servers_.begin(), servers_.end(), [](const auto& s) { return s->loading(); });
}

}  // namespace keep
