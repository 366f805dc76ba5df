// UpstreamTemplates: what chat templates render, by llama-server's POST /apply-template.
//
// Loop thread only. One small conversation is rendered for each question; what was learned is kept
// for each upstream until its template is another one.
#pragma once

#include "exchange/interfaces/upstreams.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>

namespace keep {

class UpstreamTemplates final : public ChatTemplates {
 public:
  UpstreamTemplates(Upstreams& upstreams, Queries& queries)
      : upstreams_(upstreams), queries_(queries) {}

  asio::awaitable<std::optional<openai::RoleOrders>> orders(std::size_t upstream) override;

 private:
  struct Known {
    std::string chat_template;
    std::optional<openai::RoleOrders> orders;
  };
  // Whether all of the messages stand in the prompt, in order. An Error: nobody knows.
  Task<bool> renders(std::size_t upstream, std::string conversation);
  Task<std::optional<openai::RoleOrders>> learn(std::size_t upstream);

  Upstreams& upstreams_;
  Queries& queries_;
  std::unordered_map<std::size_t, Known> known_;  // by upstream
};

}  // namespace keep
