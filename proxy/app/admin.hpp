// Admin: the endpoints answered here instead of being passed on.
//
//   GET /health     ours and every upstream's state; 503 while none can answer
//   GET /ready      200 once requests can be served
//   GET /metrics    Prometheus text
//   GET /v1/models  upstream's answer, each model with its `window`
#pragma once

#include "base/metrics.hpp"
#include "base/result.hpp"
#include "exchange/local_reply.hpp"
#include "upstream/upstream_server.hpp"

#include <string>

namespace keep {

class Admin {
 public:
  // `pool_tokens`: KV cells that all slots of an upstream share; 0: unknown.
  Admin(UpstreamSet& upstreams, Metrics& metrics, std::size_t pool_tokens)
      : upstreams_(upstreams), metrics_(metrics), pool_tokens_(pool_tokens) {}

  // nullptr: not one of ours.
  asio::awaitable<Reply> answer(const Request& request);
  static bool is_open(const Request& request);  // needs no API key

  void set_draining() noexcept { draining_ = true; }
  bool ready() const noexcept { return !draining_ && upstreams_.any_healthy(); }

 private:
  std::string health_body() const;
  asio::awaitable<Reply> models();

  UpstreamSet& upstreams_;
  Metrics& metrics_;
  std::size_t pool_tokens_;
  bool draining_ = false;
};

// Tokens of one conversation that the model can see: the smaller of the model's training context
// and the slot's share of the KV pool. No endpoint tells that the slots share one pool: without
// `pool_tokens` the slot's reported context has to be believed.
std::int64_t window_tokens(const ServerProps& props, std::int64_t n_ctx_train,
                           std::size_t pool_tokens) noexcept;

}  // namespace keep
