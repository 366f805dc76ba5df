#include "app/endpoints/admin.hpp"

#include "app/endpoints/front_page.hpp"
#include "app/endpoints/model_list.hpp"
#include "base/json/json.hpp"

#include <utility>

namespace keep {

namespace {

Reply text_reply(int status, std::string type, std::string body) {
  LocalReply reply;
  reply.status = status;
  reply.content_type = std::move(type);
  reply.body = std::move(body);
  if (status == 503) reply.headers.add("Retry-After", "5");
  return std::make_shared<const LocalReply>(std::move(reply));
}

std::string_view state_of(const Upstream& upstream) {
  if (upstream.healthy()) return "ok";
  return upstream.loading() ? "loading" : "unreachable";
}

// The model object with `window` and `max_model_len` added; everything else byte for byte.
std::string with_window(const json::Value& model, const Upstream& server, std::size_t most,
                        std::size_t max_model_len) {
  const std::int64_t window = window_of(model, server, most);
  std::string text(model.raw());
  text.pop_back();  // the closing brace
  if (model.members().begin() != model.members().end()) text += ',';
  text += "\"window\":" + std::to_string(window);
  if (max_model_len == 0) max_model_len = static_cast<std::size_t>(window);
  return text + ",\"max_model_len\":" + std::to_string(max_model_len) + "}";
}

}  // namespace

asio::awaitable<Reply> Admin::answer(const Request& request, bool stranger) {
  const std::string_view path = request.path();
  if (path.starts_with("/api/")) co_return co_await ollama_.answer(request);
  if (request.method != "GET" && request.method != "HEAD") co_return nullptr;
  if (path == "/") co_return front_page(request);
  if (path == "/health") {
    std::string body = health_body(stranger);
    co_return text_reply(upstreams_.any_healthy() ? 200 : 503, "application/json", std::move(body));
  }
  if (path == "/ready") {
    co_return text_reply(ready() ? 200 : 503, "text/plain", std::string(readiness()) + "\n");
  }
  if (path == "/metrics") {
    co_return text_reply(200, "text/plain; version=0.0.4; charset=utf-8", metrics_.text());
  }
  if (path == "/v1/models") co_return co_await models();
  co_return nullptr;
}

std::string_view Admin::readiness() const noexcept {
  if (draining_) return "not ready: stopping";
  if (upstreams_.any_ready()) return "ready";
  if (upstreams_.any_healthy()) {
    return "not ready: llama-server is a router of several models and has no slots of its own; "
           "name a llama-server for each model as an upstream";
  }
  return upstreams_.any_loading() ? "not ready: the model is still loading"
                                  : "not ready: no llama-server can be reached";
}

std::string_view Admin::health() const {
  if (upstreams_.any_healthy()) return degraded_ && degraded_() ? "degraded" : "ok";
  return upstreams_.any_loading() ? "loading" : "unavailable";
}

std::string Admin::health_body(bool stranger) const {
  json::Writer body;
  body.begin_object();
  body.member("status", health()).member("service", "llama-keep");
  if (stranger) return body.end_object().take();
  body.member("version", KEEP_VERSION);
  body.member("ready", ready()).key("upstreams").begin_array();
  for (std::size_t i = 0; i < upstreams_.size(); ++i) {
    const Upstream& upstream = upstreams_.at(i);
    body.begin_object().member("url", upstream.url()).member("status", state_of(upstream));
    body.member("slots", upstream.props().total_slots).member("n_ctx", upstream.props().n_ctx);
    body.end_object();
  }
  body.end_array();
  if (report_) report_(body);
  return body.end_object().take();
}

asio::awaitable<Reply> Admin::models() {
  const auto models = co_await ask_for_models(upstreams_);
  if (!models) co_return to_reply(models.error());
  const json::Value data = json::Value(models->body).find("data");
  std::string list = "[";
  for (const json::Value model : data.elements()) {
    if (list.size() > 1) list += ',';
    list += with_window(model, upstreams_.server(models->upstream), window_, max_model_len_);
  }
  list += ']';
  std::string body = models->body;
  if (data.is_array()) {
    body.replace(static_cast<std::size_t>(data.raw().data() - models->body.data()),
                 data.raw().size(), list);
  }
  co_return json_reply(200, std::move(body));
}

}  // namespace keep
