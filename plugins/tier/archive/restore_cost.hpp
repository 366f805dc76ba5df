// RestoreCost: whether bringing KV cache back is sooner done than reading the prompt anew. Pure.
//
//   restore_seconds = 2 ms + bytes x seconds per byte
//   prefill_seconds = tokens x seconds per token
//
// Both rates are moving means of what was measured: an eighth of each new one, and half of one that
// is quicker, for what is slow was mostly held up by something else. Before anything was measured,
// restoring is taken to be sooner.
#pragma once

#include <cstdint>
#include <optional>

namespace keep::tier {

class RestoreCost {
 public:
  void restored(std::uint64_t bytes, double seconds) noexcept;
  void prefilled(std::int64_t tokens, double seconds) noexcept;

  double restore_seconds(std::uint64_t bytes) const noexcept;
  double prefill_seconds(std::int64_t tokens) const noexcept;  // 0 before anything was measured
  bool pays(std::int64_t tokens, std::uint64_t bytes) const noexcept;

 private:
  std::optional<double> byte_seconds_, token_seconds_;  // once measured
};

}  // namespace keep::tier
