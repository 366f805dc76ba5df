// fetch: one small request to llama-server, read whole. For probes and slot control.
#pragma once

#include "base/result.hpp"
#include "base/time/clock.hpp"
#include "upstream/connection_pool.hpp"

#include <span>
#include <string>
#include <string_view>

namespace keep {

struct FetchRequest {
  FetchRequest(std::string_view m, std::string_view t, std::string b = {})
      : method(m), target(t), body(std::move(b)) {}
  std::string method, target, body;
  // In place of `body`: pieces that outlive the fetch.
  std::span<const std::string_view> pieces;
  Headers headers;
  Duration limit = std::chrono::seconds(10);  // for all of it
};

struct FetchResponse {
  int status = 0;
  Headers headers;
  std::string body;  // at most 16 MB
};

// Uses an idle connection when there is one; retries once on a new one when that was dead.
// Fault::kTimeout after the limit, Fault::kCancelled where the caller is cut short.
Task<FetchResponse> fetch(ConnectionPool& pool, FetchRequest request);

}  // namespace keep
