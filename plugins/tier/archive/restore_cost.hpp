// RestoreCost: whether bringing KV cache back is sooner done than reading the prompt anew. Pure.
//
//   restore_seconds = 2 ms + bytes x seconds per byte
//   prefill_seconds = tokens x seconds per token
//
// The rate of bytes is a moving mean: an eighth of each new one, and half of one that is quicker,
// for what is slow was mostly held up by something else. That of tokens is all seconds by all
// tokens, of which what was before counts an eighth less each time: short prompts, which have a
// higher price each, say little about long ones. Before both were measured, restoring is taken to
// be sooner.
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
  std::optional<double> byte_seconds_;  // once measured
  double tokens_ = 0, seconds_ = 0;     // of prefills
};

}  // namespace keep::tier
