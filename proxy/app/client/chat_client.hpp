// ChatClient: requests to a running llama-keep, one after the other. Blocks; its own loop.
#pragma once

#include "app/flags.hpp"
#include "base/result.hpp"
#include "base/time/clock.hpp"
#include "exchange/http/http_message.hpp"
#include "upstream/http_client.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace keep {

struct ClientRequest {
  std::string method, target, body;
  Headers headers;
  std::optional<Duration> limit = std::chrono::seconds(60);  // for all of it; none: an answer
};

struct ClientReply {
  int status = 0;
  Headers headers;
  std::string body;  // whole; without what was handed to `on_piece`
};

// The next bytes of the body of a 200.
using OnPiece = std::function<void(std::string_view)>;

class ChatClient {
 public:
  // From --url, --api-key-file and --tenant. Errors are for people.
  static Result<ChatClient> make(const FlagLine& line);

  // Asked several times a second while a request runs; true: the request is given up.
  void set_interrupted(std::function<bool()> interrupted) { interrupted_ = std::move(interrupted); }

  // Any status is a reply. Fault::kCancelled when it was given up; other errors say what to do.
  Result<ClientReply> ask(ClientRequest request, const OnPiece& on_piece = nullptr);
  // The body of a 200; what the server said instead as an Error.
  Result<std::string> get(std::string target);
  Result<std::string> post(std::string target, std::string body);

  const std::string& url() const noexcept { return url_; }

 private:
  ChatClient(std::string url, UpstreamAddress address)
      : url_(std::move(url)), address_(std::move(address)) {}
  Result<std::string> expect_ok(ClientRequest request);
  Error explain(const Error& error) const;

  std::string url_;
  UpstreamAddress address_;
  Headers headers_;
  std::function<bool()> interrupted_;
};

// {"error":{"message":...}} of a reply that is no 200, as one line.
std::string error_text(const ClientReply& reply);

}  // namespace keep
