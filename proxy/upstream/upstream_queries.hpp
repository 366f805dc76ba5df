// UpstreamQueries: small requests of our own, through the upstreams' connection pools.
#pragma once

#include "exchange/interfaces/upstreams.hpp"
#include "upstream/fleet.hpp"

#include <string>

namespace keep {

class UpstreamQueries final : public Queries {
 public:
  explicit UpstreamQueries(Fleet& upstreams) : upstreams_(upstreams) {}
  Task<std::string> post(std::size_t upstream, std::string target, std::string body) override;

 private:
  Fleet& upstreams_;
};

}  // namespace keep
