#include "plugins/recall/prompt/sent_blocks.hpp"

namespace keep::recall {

std::vector<SentBlock> sent_blocks(const Exchange& exchange, const FrozenBlocks::Blocks* frozen) {
  std::vector<SentBlock> sent;
  if (frozen == nullptr || frozen->empty()) return sent;
  for (std::size_t i = exchange.zone.lead; i < exchange.chat.messages.size(); ++i) {
    if (!exchange.zone.keeps(i)) continue;
    const auto at = frozen->find(exchange.zone.position_of(i));
    if (at != frozen->end()) sent.push_back({i, &at->second});
  }
  return sent;
}

}  // namespace keep::recall
