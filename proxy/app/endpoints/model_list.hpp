// The list of models of the first llama-server that gives one.
#pragma once

#include "base/json/json.hpp"
#include "base/result.hpp"
#include "exchange/window.hpp"
#include "upstream/fleet.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace keep {

struct ModelList {
  std::size_t upstream = 0;
  std::string body;  // of GET /v1/models: JSON
};

// Fault::kLoading or kRefused when there is none.
Task<ModelList> ask_for_models(Fleet& upstreams);

// What is kept of one conversation by that upstream with that model, an element of the list's
// `data`; no more than `most`, unless that is 0.
std::int64_t window_of(const json::Value& model, const Upstream& server, std::size_t most);

}  // namespace keep
