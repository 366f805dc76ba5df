// UpstreamServer: one llama-server: its connections, slots and health.
//
// A probe asks /health and, when it comes up, /props. An upstream that answers neither is down,
// one that says 503 is loading. Loop thread only.
#pragma once

#include "base/async/pools.hpp"
#include "exchange/interfaces/upstreams.hpp"
#include "upstream/connection_pool.hpp"
#include "upstream/slot_control.hpp"

#include <string>

namespace keep {

class UpstreamServer final : public Upstream {
 public:
  // `authorization`: value of the Authorization header for requests of our own, or empty.
  UpstreamServer(asio::io_context& loop, const Clock& clock, std::string url,
                 UpstreamAddress address, std::string authorization, std::int64_t pool_tokens);

  std::string_view url() const noexcept override { return url_; }
  bool healthy() const noexcept override { return healthy_; }
  bool loading() const noexcept override { return loading_; }
  const ServerProps& props() const noexcept override { return props_; }
  SlotControl& slots() noexcept override { return slots_; }
  std::int64_t pool_tokens() const noexcept override { return pool_tokens_; }
  ConnectionPool& pool() noexcept { return pool_; }
  const std::string& authorization() const noexcept { return authorization_; }

  // One look at the server; true when something changed.
  Task<bool> probe();

 private:
  Task<ServerProps> read_props();

  std::string url_, authorization_;
  std::int64_t pool_tokens_;
  ConnectionPool pool_;
  HttpSlotControl slots_;
  ServerProps props_;
  bool healthy_ = false, loading_ = false;
};

}  // namespace keep
