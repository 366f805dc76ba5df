#include "openai/anthropic/anthropic_error.hpp"

#include "openai/anthropic/anthropic.hpp"

namespace keep::openai::anthropic {

namespace {

using json::Value;

// Claude Code compacts the conversation when it reads these words, and only then.
std::string overflow_text(const Value& error) {
  const auto tokens = error.find("n_prompt_tokens").integer();
  const auto window = error.find("n_ctx").integer();
  std::string text = "prompt is too long";
  if (tokens && window) {
    text += ": " + std::to_string(*tokens) + " tokens > " + std::to_string(*window) + " maximum";
  }
  return text;
}

}  // namespace

std::string message_of(const Value& error, const std::string& otherwise) {
  if (auto text = error.string()) return *std::move(text);
  if (error.find("type").plain_string() == "exceed_context_size_error") return overflow_text(error);
  if (auto text = error.find("message").string()) return *std::move(text);
  return otherwise.empty() ? "no detail given" : otherwise;
}

std::string_view error_type_of(int status) noexcept {
  switch (status) {
    case 401: return "authentication_error";
    case 403: return "permission_error";
    case 404: return "not_found_error";
    case 413: return "request_too_large";
    case 429: return "rate_limit_error";
    case 503:
    case 529: return "overloaded_error";
    case 504: return "timeout_error";
    default: return status >= 400 && status < 500 ? "invalid_request_error" : "api_error";
  }
}

std::string_view error_type_of(Fault fault) noexcept {
  switch (fault) {
    case Fault::kBadRequest:
    case Fault::kTooLong: return "invalid_request_error";
    case Fault::kUnauthorized: return "authentication_error";
    case Fault::kNotFound: return "not_found_error";
    case Fault::kTooLarge: return "request_too_large";
    case Fault::kOverload:
    case Fault::kLoading:
    case Fault::kCancelled: return "overloaded_error";
    case Fault::kTimeout: return "timeout_error";
    default: return "api_error";
  }
}

std::string error_body(std::string_view type, std::string_view message) {
  json::Writer body;
  body.begin_object().member("type", "error").key("error").begin_object();
  body.member("type", type).member("message", message).end_object().end_object();
  return body.take();
}

std::string to_error_body(int status, const std::string& openai_body) {
  const Value error = Value(openai_body).find("error");
  return error_body(error_type_of(status), message_of(error, openai_body));
}

}  // namespace keep::openai::anthropic
