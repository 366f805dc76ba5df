#include "plugins/recall/template_probe.hpp"

#include "base/json.hpp"

#include <string_view>

namespace keep::recall {

namespace {

constexpr std::string_view kProbe =
    R"({"messages":[{"role":"system","content":"keep-first"},{"role":"user","content":"keep-ask"},)"
    R"({"role":"assistant","content":"keep-reply"},{"role":"system","content":"keep-probe"},)"
    R"({"role":"user","content":"keep-next"}]})";

bool in_order(const std::string& prompt) {
  const std::size_t reply = prompt.find("keep-reply");
  const std::size_t probe = prompt.find("keep-probe");
  const std::size_t next = prompt.find("keep-next");
  return next != std::string::npos && reply < probe && probe < next;
}

}  // namespace

asio::awaitable<Placement> TemplateProbe::placement(Services& services, std::size_t upstream) {
  const std::string key = services.upstreams.at(upstream).props().chat_template;
  if (const auto at = known_.find(key); at != known_.end()) co_return at->second;
  const auto reply =
      co_await services.queries.post(upstream, "/apply-template", std::string(kProbe));
  Placement placement = Placement::kUser;
  if (reply) {
    const auto root = json::validate(*reply);
    if (root && in_order(root->find("prompt").string().value_or(""))) {
      placement = Placement::kSystem;
    }
  } else if (reply.error().fault != Fault::kProtocol) {
    co_return placement;  // not now; the next request asks again
  }
  known_[key] = placement;
  co_return placement;
}

}  // namespace keep::recall
