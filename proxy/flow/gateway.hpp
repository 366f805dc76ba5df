// Gateway: from a request that has been read to run_exchange: request id, key check, what becomes
// of its path, decompression, endpoints answered here, parsing. Loop thread only.
#pragma once

#include "base/async/maybe_task.hpp"
#include "downstream/listener.hpp"
#include "flow/flow.hpp"
#include "openai/request/prefix_memory.hpp"
#include "openai/responses/references.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace keep {

class Gateway final : public RequestHandler {
 public:
  // The tenant of a request, or empty when its key is not accepted.
  using Authenticate = std::function<std::optional<std::string>(const Request&)>;
  // A reply for the endpoints answered here, nullptr for all others.
  using Local = std::function<asio::awaitable<Reply>(const Request&)>;

  Gateway(Flow& flow, Authenticate authenticate, Local local);

  // Not of a request that is refused for its key, nor of one that needs none.
  bool wants_body(const Request& head) const override;
  asio::awaitable<void> handle(IncomingRequest incoming, ResponseWriter& writer,
                               Guard& guard) override;

 private:
  MaybeTask<> parse(Exchange& exchange);
  Task<> parse_large(Exchange& exchange);
  Task<> parse_with_references(Exchange& exchange);
  openai::responses::FindItem known_items(const Exchange& exchange) const;
  Result<> resolve_references(Exchange& exchange) const;
  Task<Reply> ask_plugin(std::string_view name, const Exchange& exchange, Deadline& deadline);
  asio::awaitable<void> count(Exchange& exchange, ResponseWriter& writer, Guard& guard);
  Result<std::string> admit(const Request& request) const;
  static asio::awaitable<void> answer(const Exchange& exchange, ResponseWriter& writer,
                                      const Reply& reply);
  asio::awaitable<void> refuse(Exchange& exchange, ResponseWriter& writer, const Error& error);
  asio::awaitable<void> refuse(Exchange& exchange, ResponseWriter& writer, const Error& error,
                               const Reply& reply);

  Flow& flow_;
  Authenticate authenticate_;
  Local local_;
  openai::PrefixMemory prefixes_;
};

}  // namespace keep
