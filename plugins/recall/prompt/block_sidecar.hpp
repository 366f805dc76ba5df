// Block sidecar: frozen blocks as the text of Sidecar::kRecalled, and back. Pure.
#pragma once

#include "plugins/recall/prompt/frozen_blocks.hpp"

#include <string>

namespace keep::recall {

std::string to_sidecar(const FrozenBlocks::Blocks& blocks);
// What cannot be read is left out.
FrozenBlocks::Blocks from_sidecar(const std::string& text);

}  // namespace keep::recall
