#include "exchange/http/local_reply.hpp"

#include "base/json/json.hpp"
#include "base/text/url.hpp"

#include <utility>

namespace keep {

namespace {

struct Row {
  int status;
  const char* type;
  const char* code;
};

// The one table. Upstream's own faults answer as a gateway would, ours as a server.
Row row_of(const Error& error) noexcept {
  switch (error.fault) {
    case Fault::kBadRequest: return {400, "invalid_request_error", "invalid_request"};
    case Fault::kUnauthorized: return {401, "invalid_request_error", "invalid_api_key"};
    case Fault::kNotFound: return {404, "invalid_request_error", "not_found"};
    case Fault::kTooLarge: return {413, "invalid_request_error", "request_too_large"};
    case Fault::kTooLong: return {400, "invalid_request_error", "context_length_exceeded"};
    case Fault::kOverload: return {503, "server_error", "overloaded"};
    case Fault::kLoading: return {503, "server_error", "model_loading"};
    case Fault::kRefused: return {502, "server_error", "upstream_unreachable"};
    case Fault::kTimeout:
      return error.side == Side::kDownstream ? Row{408, "invalid_request_error", "request_timeout"}
                                             : Row{504, "server_error", "upstream_timeout"};
    case Fault::kProtocol:
      return error.side == Side::kDownstream ? Row{400, "invalid_request_error", "invalid_request"}
                                             : Row{502, "server_error", "upstream_protocol"};
    case Fault::kGone:
      return error.side == Side::kDownstream ? Row{499, "invalid_request_error", "client_closed"}
                                             : Row{502, "server_error", "upstream_closed"};
    case Fault::kCancelled: return {503, "server_error", "shutting_down"};
    case Fault::kStorage:
    case Fault::kInternal: break;
  }
  return {500, "server_error", "internal_error"};
}

}  // namespace

int to_status(const Error& error) noexcept { return row_of(error).status; }

Reply to_reply(const Error& error) {
  const Row row = row_of(error);
  json::Writer body;
  body.begin_object().key("error").begin_object();
  body.member("message", error.detail).member("type", row.type).key("param").null();
  body.member("code", row.code).end_object().end_object();
  LocalReply reply;
  reply.status = row.status;
  reply.body = body.take();
  if (row.status == 503) {
    // A queue that is full drains in seconds, a model loads in tens of seconds.
    const int wait_s = error.fault == Fault::kLoading ? 5 : 1;
    reply.headers.add("Retry-After", std::to_string(wait_s));
    reply.headers.add("retry-after-ms", std::to_string(wait_s * 1000));
  }
  if (row.status == 401) reply.headers.add("WWW-Authenticate", "Bearer");
  return std::make_shared<const LocalReply>(std::move(reply));
}

Reply to_reply(const Error& error, std::string_view target) {
  Reply openai_reply = to_reply(error);
  const std::string_view path = target.substr(0, target.find_first_of("?#"));
  const openai::Spoken spoken = openai::spoken_at("", url::percent_decode(path).value_or(""));
  if (!spoken.dialect.has_own_errors()) return openai_reply;
  return std::make_shared<const LocalReply>(in_dialect(spoken.dialect, *openai_reply));
}

LocalReply in_dialect(const openai::Dialect& dialect, LocalReply reply) {
  if (reply.status >= 400) reply.body = dialect.error_body(reply.status, std::move(reply.body));
  return reply;
}

Reply json_reply(int status, std::string body) {
  LocalReply reply;
  reply.status = status;
  reply.body = std::move(body);
  return std::make_shared<const LocalReply>(std::move(reply));
}

std::string_view reason_phrase(int status) noexcept {
  switch (status) {
    case 200: return "OK";
    case 204: return "No Content";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 431: return "Request Header Fields Too Large";
    case 499: return "Client Closed Request";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "";
  }
}

}  // namespace keep
