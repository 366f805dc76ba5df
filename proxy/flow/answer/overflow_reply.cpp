#include "flow/answer/overflow_reply.hpp"

#include "base/json/json.hpp"
#include "openai/count_of.hpp"

#include <optional>
#include <string>
#include <utility>

namespace keep {

namespace {

std::optional<Overflow> read_overflow(const std::string& body) {
  const auto root = json::validate(body);
  if (!root) return std::nullopt;
  const json::Value error = root->find("error");
  if (error.find("type").plain_string() != "exceed_context_size_error") return std::nullopt;
  Overflow overflow;
  overflow.prompt_tokens = openai::count_of(error.find("n_prompt_tokens"));
  overflow.window = openai::count_of(error.find("n_ctx"));
  return overflow;
}

}  // namespace

asio::awaitable<AttemptResult> relay_overflow(RelayContext context, ResponseHead head) {
  auto body = co_await read_error_body(context);
  if (!body) co_return broken(body.error(), false);
  const bool may_cut = context.exchange.zone.planned && context.exchange.attempt < kMaxAttempts;
  const auto overflow = may_cut ? read_overflow(*body) : std::nullopt;
  if (overflow) {
    context.exchange.overflow = overflow;
    co_return AttemptResult{AttemptEnd::kResubmit, Error()};
  }
  co_return co_await relay_error(context, std::move(head), std::move(*body));
}

}  // namespace keep
