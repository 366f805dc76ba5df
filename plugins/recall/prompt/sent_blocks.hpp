// SentBlocks: which of a conversation's frozen blocks stand in the prompt of a request. Pure.
#pragma once

#include "exchange/exchange.hpp"
#include "plugins/recall/prompt/frozen_blocks.hpp"

#include <cstddef>
#include <vector>

namespace keep::recall {

struct SentBlock {
  std::size_t message = 0;  // of chat.messages: the one it stands before
  const Block* block = nullptr;
};

// Those before a message that goes to the model, in the order of messages; before any message as
// long as nothing is planned. Views into `frozen`, which may be null: there are none then.
std::vector<SentBlock> sent_blocks(const Exchange& exchange, const FrozenBlocks::Blocks* frozen);

}  // namespace keep::recall
