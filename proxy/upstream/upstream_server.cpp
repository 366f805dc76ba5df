#include "upstream/upstream_server.hpp"

#include "base/json/json.hpp"
#include "openai/count_of.hpp"
#include "upstream/fetch.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace keep {

namespace {

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

UpstreamServer::UpstreamServer(asio::io_context& loop, const Clock& clock, std::string url,
                               UpstreamAddress address, std::string authorization,
                               std::int64_t pool_tokens)
    : url_(std::move(url)),
      authorization_(std::move(authorization)),
      pool_tokens_(pool_tokens),
      pool_(loop, clock, std::move(address)),
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
  if (!health && health.error().fault == Fault::kCancelled) co_return false;
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

}  // namespace keep
