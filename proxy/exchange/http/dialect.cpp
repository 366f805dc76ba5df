#include "exchange/http/dialect.hpp"

#include "base/percent.hpp"
#include "openai/anthropic/anthropic.hpp"

#include <memory>
#include <utility>

namespace keep {

bool speaks_anthropic(std::string_view target) noexcept {
  constexpr std::string_view kMessages = "/v1/messages";
  if (!target.starts_with(kMessages)) return false;
  target.remove_prefix(kMessages.size());
  return target.empty() || target[0] == '/' || target[0] == '?';
}

bool speaks_native(std::string_view target) {
  const auto path = percent::decode(target.substr(0, target.find_first_of("?#")));
  return path == "/completion" || path == "/completions";
}

bool speaks_infill(std::string_view target) {
  const auto path = percent::decode(target.substr(0, target.find_first_of("?#")));
  return path == "/infill";
}

Reply to_reply(const Error& error, std::string_view target) {
  Reply openai_reply = to_reply(error);
  if (!speaks_anthropic(target)) return openai_reply;
  LocalReply reply = *openai_reply;
  reply.body = openai::anthropic::to_error_body(reply.status, reply.body);
  return std::make_shared<const LocalReply>(std::move(reply));
}

}  // namespace keep
