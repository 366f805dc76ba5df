#include "upstream/upstream_tokenizer.hpp"

#include "base/json/json.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace keep {

namespace {

std::int64_t count_elements(const json::Value& list) {
  std::int64_t count = 0;
  for ([[maybe_unused]] const json::Value token : list.elements()) ++count;
  return count;
}

}  // namespace

asio::awaitable<std::int64_t> UpstreamTokenizer::count(std::uint64_t hash, std::string_view text) {
  if (text.empty()) co_return 0;
  if (const auto* const known = known_.find(hash)) co_return *known;
  if (text.size() > kMaxCounted || clock_.now() < paused_until_) co_return estimate(text.size());
  const auto counted = co_await ask(text);
  if (!counted) {
    if (counted.error().fault != Fault::kProtocol) paused_until_ = clock_.now() + kPause;
    co_return estimate(text.size());
  }
  known_.get(hash) = static_cast<std::uint32_t>(*counted);
  while (known_.size() > kMaxRemembered) known_.pop_oldest();
  co_return *counted;
}

Task<std::int64_t> UpstreamTokenizer::ask(std::string_view text) {
  json::Writer body;
  body.begin_object().member("content", text).member("add_special", false).end_object();
  for (std::size_t i = 0; i < upstreams_.size(); ++i) {
    if (!upstreams_.at(i).healthy()) continue;
    const auto reply = co_await queries_.post(i, "/tokenize", body.take());
    if (!reply) co_return reply.error();
    const auto root = json::validate(*reply);
    if (!root || !root->find("tokens").is_array()) {
      co_return Error(Fault::kProtocol, Side::kUpstream, "/tokenize answers no tokens");
    }
    const std::int64_t tokens = count_elements(root->find("tokens"));
    if (is_count_of(text.size(), tokens)) co_return tokens;
    co_return Error(Fault::kProtocol, Side::kUpstream, "/tokenize counts something else");
  }
  co_return Error(Fault::kRefused, Side::kUpstream, "no llama-server can be reached");
}

std::int64_t UpstreamTokenizer::estimate(std::size_t bytes) const noexcept {
  return static_cast<std::int64_t>(std::ceil(static_cast<double>(bytes) * kTokensPerByte));
}

}  // namespace keep
