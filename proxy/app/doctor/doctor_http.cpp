#include "app/doctor/doctor_http.hpp"

#include "upstream/fetch.hpp"

#include <chrono>
#include <utility>

namespace keep::doctor {

namespace {

// A tiny prompt may have to wait for the batch that is being computed.
constexpr std::chrono::seconds kGetLimit{10}, kPostLimit{60};

}  // namespace

Task<Reply> HttpEngine::ask(std::string_view method, std::string_view target, std::string body) {
  FetchRequest request(method, target, std::move(body));
  request.limit = method == "POST" ? kPostLimit : kGetLimit;
  if (!request.body.empty()) request.headers.add("Content-Type", "application/json");
  if (!authorization_.empty()) request.headers.add("Authorization", authorization_);
  auto response = co_await fetch(pool_, std::move(request));
  if (!response) co_return response.error();
  Reply reply;
  reply.status = response->status;
  reply.body = std::move(response->body);
  co_return reply;
}

}  // namespace keep::doctor
