// Admin: the endpoints answered here instead of being passed on.
//
//   GET /           a short page
//   GET /health     ours and every upstream's state; 503 while none can answer. Strangers learn
//                   no more than that
//   GET /ready      200 once requests can be served as promised, else what is in the way
//   GET /metrics    Prometheus text
//   GET /v1/models  upstream's answer, each model with its `window` and `max_model_len`
//   /api/*          see OllamaEndpoints
#pragma once

#include "app/endpoints/ollama_endpoints.hpp"
#include "base/json/json.hpp"
#include "base/metrics.hpp"
#include "base/result.hpp"
#include "exchange/http/local_reply.hpp"
#include "exchange/window.hpp"
#include "upstream/fleet.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace keep {

class Admin {
 public:
  // `window`: tokens that a model gets to see at most; 0: all that its slots give. `max_model_len`:
  // tokens that a conversation may grow to; 0: no more than its window.
  Admin(Fleet& upstreams, Metrics& metrics, std::size_t window, std::size_t max_model_len)
      : upstreams_(upstreams),
        metrics_(metrics),
        window_(window),
        max_model_len_(max_model_len),
        ollama_(upstreams, window) {}

  // `report` adds members to the body of /health; `degraded`: whether they tell of something that
  // fails although requests are served.
  using Report = std::function<void(json::Writer&)>;
  void set_report(Report report, std::function<bool()> degraded) {
    report_ = std::move(report);
    degraded_ = std::move(degraded);
  }

  // nullptr: not one of ours. `stranger`: has no key where one is asked for.
  asio::awaitable<Reply> answer(const Request& request, bool stranger);

  void set_draining() noexcept { draining_ = true; }
  bool ready() const noexcept { return !draining_ && upstreams_.any_ready(); }

 private:
  std::string_view readiness() const noexcept;  // and what is in the way
  std::string_view health() const;
  std::string health_body(bool stranger) const;
  asio::awaitable<Reply> models();

  Fleet& upstreams_;
  Metrics& metrics_;
  std::size_t window_, max_model_len_;
  OllamaEndpoints ollama_;
  Report report_;
  std::function<bool()> degraded_;
  bool draining_ = false;
};

}  // namespace keep
