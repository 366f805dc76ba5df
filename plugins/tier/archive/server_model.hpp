// ServerModel: what a llama-server runs, told from the same server with another model.
//
// llama-server restores what another model of the same dimensions has saved, and answers nonsense
// then. So a snapshot is bound to the model's path, to size and time of its file where that can be
// seen from here, and to the build.
#pragma once

#include "base/os/file_system.hpp"
#include "exchange/interfaces/upstreams.hpp"

#include <string>

namespace keep::tier {

// Blocks. Empty: the server has not told which model it runs.
std::string model_of(const ServerProps& props, FileSystem& files);

}  // namespace keep::tier
