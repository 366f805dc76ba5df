// LocalReply: a response made here. The one table from faults to statuses and OpenAI error bodies.
#pragma once

#include "base/error.hpp"
#include "exchange/http/http_message.hpp"
#include "openai/dialects/dialects.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace keep {

struct LocalReply {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  Headers headers;
};

using Reply = std::shared_ptr<const LocalReply>;

// {"error":{"message","type","param":null,"code"}} with the status of the fault; Retry-After and
// retry-after-ms for overload and loading.
Reply to_reply(const Error& error);
// The same in the words of the dialect that is spoken at `target`, which may be empty.
Reply to_reply(const Error& error, std::string_view target);
// `reply` as it is if it tells of no error, else in the words of the dialect.
LocalReply in_dialect(const openai::Dialect& dialect, LocalReply reply);
int to_status(const Error& error) noexcept;
Reply json_reply(int status, std::string body);
std::string_view reason_phrase(int status) noexcept;

}  // namespace keep
