#include "openai/event/upstream_error.hpp"

#include <utility>

namespace keep::openai {

namespace {

using json::Value;

Fault fault_of(std::int64_t code) noexcept {
  if (code == 400) return Fault::kBadRequest;
  if (code == 503) return Fault::kLoading;
  return Fault::kProtocol;
}

Value error_object(const Value& root) noexcept {
  if (const Value error = root.find("error"); !error.missing()) return error;
  return root;
}

}  // namespace

Error read_upstream_error(const EventInfo& info) {
  const Value error = error_object(info.root);
  const Value message = error.is_string() ? error : error.find("message");
  std::string detail = message.string().value_or("upstream reported an error");
  Error said(fault_of(error.find("code").integer().value_or(0)), Side::kUpstream,
             std::move(detail));
  said.quotes = true;
  return said;
}

ErrorWords error_words(const Error& error) noexcept {
  switch (error.fault) {
    case Fault::kBadRequest: return {"invalid_request_error", "invalid_request"};
    case Fault::kUnauthorized: return {"invalid_request_error", "invalid_api_key"};
    case Fault::kNotFound: return {"invalid_request_error", "not_found"};
    case Fault::kTooLarge: return {"invalid_request_error", "request_too_large"};
    case Fault::kTooLong: return {"invalid_request_error", "context_length_exceeded"};
    case Fault::kOverload: return {"server_error", "overloaded"};
    case Fault::kLoading: return {"server_error", "model_loading"};
    case Fault::kRefused: return {"server_error", "upstream_unreachable"};
    case Fault::kTimeout: return {"server_error", "upstream_timeout"};
    case Fault::kProtocol: return {"server_error", "upstream_protocol"};
    case Fault::kGone: return {"server_error", "upstream_closed"};
    case Fault::kCancelled: return {"server_error", "shutting_down"};
    case Fault::kStorage:
    case Fault::kInternal: break;
  }
  return {"server_error", "internal_error"};
}

Error cut_short() {
  return Error(Fault::kProtocol, Side::kUpstream, "upstream's answer ended before its end mark");
}

Error too_long() {
  return Error(Fault::kProtocol, Side::kUpstream, "upstream's answer is over the size limit");
}

void append_error_event(const Error& error, std::string& out) {
  const ErrorWords words = error_words(error);
  json::Writer body;
  body.begin_object();
  body.key("error").begin_object();
  body.member("message", error.detail).member("type", words.type).key("param").null();
  body.member("code", words.code).end_object().end_object();
  out += "data: ";
  out += body.str();
  out += "\n\n";
}

}  // namespace keep::openai
