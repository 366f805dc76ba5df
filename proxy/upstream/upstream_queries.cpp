#include "upstream/upstream_queries.hpp"

#include "upstream/fetch.hpp"

#include <chrono>
#include <utility>

namespace keep {

namespace {

// Of a busy server: its HTTP threads answer these while it generates.
constexpr std::chrono::seconds kLimit{5};

}  // namespace

Task<std::string> UpstreamQueries::post(std::size_t upstream, std::string target,
                                        std::string body) {
  UpstreamServer& server = upstreams_.server(upstream);
  FetchRequest request("POST", target, std::move(body));
  request.limit = kLimit;
  request.headers.add("Content-Type", "application/json");
  if (!server.authorization().empty()) {
    request.headers.add("Authorization", server.authorization());
  }
  auto response = co_await fetch(server.pool(), std::move(request));
  if (!response) co_return response.error();
  if (response->status == 200) co_return std::move(response->body);
  co_return Error(Fault::kProtocol, Side::kUpstream,
                  target + ": status " + std::to_string(response->status));
}

}  // namespace keep
