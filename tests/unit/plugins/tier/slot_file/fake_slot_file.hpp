// The file that a llama-server saves a slot to, of any shape.
#pragma once

#include "base/byte_codec.hpp"
#include "plugins/tier/slot_file/slot_file.hpp"

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

namespace keep::tier::test {

// What a llama-server writes: every number of a cache is told by its layer, token and place.
struct FakeSlotFile {
  std::uint16_t model = 0;  // numbers of another one are others
  std::uint32_t streams = 1, used = 0, layers = 2, key_numbers = 3, value_numbers = 2;
  bool transposed = false, packed = true;
  std::vector<std::uint32_t> words{0, 0};
  std::vector<std::uint32_t> positions;  // of each cell
  std::vector<TokenId> tokens;
  std::string behind;

  static FakeSlotFile with(std::size_t count) {
    FakeSlotFile server;
    server.tokens.resize(count);
    std::iota(server.tokens.begin(), server.tokens.end(), 100);
    server.positions.resize(count);
    std::iota(server.positions.begin(), server.positions.end(), 0U);
    return server;
  }

  static std::uint16_t number(bool value, std::uint32_t layer, std::uint32_t position,
                              std::uint32_t place) {
    return static_cast<std::uint16_t>(value << 15 | layer << 12 | place << 9 | position);
  }

  std::string file() const {
    std::string out;
    const auto word = [&out](std::uint32_t value) { put(out, value); };
    const auto count = static_cast<std::uint32_t>(tokens.size());
    word(0x67677371);
    word(4);
    word(packed ? count + 4 : count);
    if (packed) {
      word(0xffffffff);
      word(1);
      word(count);
    }
    for (const TokenId token : tokens) word(static_cast<std::uint32_t>(token));
    if (packed) word(0);
    word(streams);
    for (std::uint32_t stream = 0; stream < streams; ++stream) {
      if (stream != used) {
        word(0);
        continue;
      }
      word(static_cast<std::uint32_t>(positions.size()));
      if (positions.empty()) continue;
      for (const std::uint32_t position : positions) {
        word(position);
        word(1);
        word(7);
      }
      word(transposed);
      word(layers);
      for (const std::uint32_t extra : words) word(extra);
      for (std::uint32_t layer = 0; layer < layers; ++layer) add_rows(out, layer, false);
      for (std::uint32_t layer = 0; layer < layers; ++layer) add_rows(out, layer, true);
    }
    return out + behind;
  }

  void add_rows(std::string& out, std::uint32_t layer, bool value) const {
    const std::uint32_t numbers = value ? value_numbers : key_numbers;
    put(out, std::uint32_t{1});
    if (value && transposed) {
      put(out, std::uint32_t{2});
      put(out, numbers);
      for (std::uint32_t place = 0; place < numbers; ++place) {
        for (const std::uint32_t position : positions) {
          put(out, static_cast<std::uint16_t>(number(value, layer, position, place) ^ model));
        }
      }
      return;
    }
    put(out, std::uint64_t{numbers} * 2);
    for (const std::uint32_t position : positions) {
      for (std::uint32_t place = 0; place < numbers; ++place) {
        put(out, static_cast<std::uint16_t>(number(value, layer, position, place) ^ model));
      }
    }
  }
};

}  // namespace keep::tier::test
