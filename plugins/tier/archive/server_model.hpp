// ServerModel: what a llama-server runs, told from the same server with another model.
//
// llama-server restores what another model of the same dimensions has saved, and answers nonsense
// then; so it does where RoPE was scaled in another way, or an adapter added, of which it tells
// nothing. So a snapshot is bound to the model's path, to size and time of its file where that can
// be seen from here, to the build, and to the run of the server that it was saved by. What an
// earlier run has left is used once a server has been seen to compute the same.
#pragma once

#include "base/os/file_system.hpp"
#include "exchange/interfaces/upstreams.hpp"

#include <cstdint>
#include <string>

namespace keep::tier {

struct ModelRun {
  std::string model;      // as model_of() tells it
  std::uint64_t run = 0;  // of some server; never used twice
  friend bool operator==(const ModelRun&, const ModelRun&) = default;
};
std::string description(const ModelRun& of);  // as bytes

// Blocks. Empty: the server has not told which model it runs.
std::string model_of(const ServerProps& props, FileSystem& files);

}  // namespace keep::tier
