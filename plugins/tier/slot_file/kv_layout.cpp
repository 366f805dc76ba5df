#include "plugins/tier/slot_file/kv_layout.hpp"

#include "base/byte_codec.hpp"

namespace keep::tier {

std::uint64_t KvLayout::token_bytes() const noexcept {
  std::uint64_t bytes = 0;
  for (const KvPart& part : parts) bytes += part.token_bytes;
  return bytes;
}

std::string description(const KvLayout& layout) {
  std::string bytes;
  put(bytes, layout.version);
  put(bytes, static_cast<std::uint8_t>(layout.transposed));
  put(bytes, static_cast<std::uint32_t>(layout.words.size()));
  for (const std::uint32_t word : layout.words) put(bytes, word);
  for (const KvPart& part : layout.parts) {
    put(bytes, part.type);
    put(bytes, part.token_bytes);
    put(bytes, part.element_bytes);
  }
  return bytes;
}

}  // namespace keep::tier
