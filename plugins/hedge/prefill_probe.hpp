// PrefillProbe: how the models behind go on with an answer, found out once for each chat template.
// Loop thread only.
#pragma once

#include "exchange/interfaces/upstreams.hpp"
#include "plugins/hedge/continued_request.hpp"

#include <map>
#include <string>

namespace keep::hedge {

class PrefillProbe {
 public:
  // Asks /apply-template. An Error when upstream cannot be asked now.
  Task<Prefill> find(const Servers& servers, std::size_t upstream);

 private:
  std::map<std::string, Prefill> known_;  // by template
};

// The prompt that llama-server makes of `body`.
Task<std::string> render(const Servers& servers, std::size_t upstream, std::string body);

}  // namespace keep::hedge
