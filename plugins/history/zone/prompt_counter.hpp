// PromptCounter: how many tokens llama-server will make of a request: its own template, its own
// tokenizer. Loop thread only.
//
// A chat is rendered by /apply-template and the prompt counted by /tokenize; what has no rendering,
// and what holds media, is counted by the server's /input_tokens where it has that. What cannot be
// counted is nullopt: then nobody here knows better than upstream. A server that does not answer in
// time is left alone for kPause, so that it holds nobody up.
#pragma once

#include "exchange/exchange.hpp"
#include "exchange/interfaces/services.hpp"
#include "exchange/interfaces/upstreams.hpp"
#include "openai/roles/role_orders.hpp"
#include "plugins/history/zone/zone_planner.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace keep::history {

class PromptCounter {
 public:
  static constexpr std::chrono::seconds kPause{30};

  PromptCounter(Services& services, const Servers& servers)
      : services_(services), servers_(servers) {}

  // Of the request with its edits and these, by the server that it is to go to.
  asio::awaitable<std::optional<Tokens>> count(const Exchange& exchange,
                                               const openai::BodyEdits& edits);

 private:
  asio::awaitable<openai::BodyEdits> fit(const Exchange& exchange, const openai::BodyEdits& edits,
                                         openai::RoleOrders orders);
  asio::awaitable<openai::BodyEdits> in_order(const Exchange& exchange, openai::BodyEdits edits,
                                              std::size_t upstream);
  Task<Tokens> ask(const Exchange& exchange, std::size_t upstream, std::string body);
  Task<Tokens> count_rendered(const Exchange& exchange, std::size_t upstream, std::string body);
  Task<Tokens> count_input(std::size_t upstream, std::string target, std::string body);

  Services& services_;
  const Servers& servers_;
  Instant paused_until_{};
};

}  // namespace keep::history
