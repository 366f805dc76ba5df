#include "plugins/recall/prompt/block_sidecar.hpp"

#include "base/hash.hpp"
#include "base/json/json.hpp"

#include <utility>

namespace keep::recall {

std::string to_sidecar(const FrozenBlocks::Blocks& blocks) {
  json::Writer list;
  list.begin_array();
  for (const auto& [before, block] : blocks) {
    list.begin_object().member("before", before).member("tokens", block.tokens);
    list.member("text", block.text).key("passages").begin_array();
    for (const std::uint32_t passage : block.passages) list.integer(passage);
    list.end_array().key("facts").begin_array();
    // JSON readers take numbers for doubles: hashes are text.
    for (const std::uint64_t fact : block.facts) list.string(to_hex(fact));
    list.end_array().end_object();
  }
  return list.end_array().take();
}

FrozenBlocks::Blocks from_sidecar(const std::string& text) {
  FrozenBlocks::Blocks blocks;
  const auto list = json::validate(text);
  if (!list) return blocks;
  for (const json::Value one : list->elements()) {
    const auto before = one.find("before").integer();
    auto said = one.find("text").string();
    if (!before || *before < 0 || *before >= kNoPosition || !said) continue;
    Block block;
    block.text = *std::move(said);
    block.tokens = one.find("tokens").integer().value_or(0);
    for (const json::Value passage : one.find("passages").elements()) {
      block.passages.push_back(static_cast<std::uint32_t>(passage.integer().value_or(0)));
    }
    for (const json::Value fact : one.find("facts").elements()) {
      block.facts.push_back(from_hex(fact.plain_string().value_or("")));
    }
    blocks.insert_or_assign(static_cast<Position>(*before), std::move(block));
  }
  return blocks;
}

}  // namespace keep::recall
