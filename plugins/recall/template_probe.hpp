// Template probe: whether the model's chat template renders a system message between turns.
#pragma once

#include "exchange/services.hpp"
#include "plugins/recall/compose.hpp"

#include <cstddef>
#include <string>
#include <unordered_map>

namespace keep::recall {

// Asks /apply-template once per upstream and template; loop thread only. Where nothing can be
// learned (no such endpoint), the head of the user's message: every template renders that.
class TemplateProbe {
 public:
  asio::awaitable<Placement> placement(Services& services, std::size_t upstream);

 private:
  std::unordered_map<std::string, Placement> known_;  // by template
};

}  // namespace keep::recall
