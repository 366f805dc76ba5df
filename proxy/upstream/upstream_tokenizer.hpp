// UpstreamTokenizer: token counts by llama-server's POST /tokenize, remembered.
//
// Loop thread only. Bounded: the least recently used counts are forgotten. Texts above kMaxCounted
// are estimated, and for kPause after one that was not answered all are: a busy server must not
// hold up requests. A text that the server refuses to count is nobody else's trouble.
#pragma once

#include "base/lru_map.hpp"
#include "base/time/clock.hpp"
#include "exchange/interfaces/upstreams.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace keep {

class UpstreamTokenizer final : public Tokenizer {
 public:
  static constexpr std::size_t kMaxRemembered = 65536;
  static constexpr std::size_t kMaxCounted = 1 << 20;  // bytes; llama-server reads 2 MB/s
  static constexpr std::chrono::seconds kPause{30};

  UpstreamTokenizer(Upstreams& upstreams, Queries& queries, const Clock& clock)
      : upstreams_(upstreams), queries_(queries), clock_(clock) {}

  asio::awaitable<std::int64_t> count(std::uint64_t hash, std::string_view text) override;
  std::int64_t estimate(std::size_t bytes) const noexcept override;

 private:
  Task<std::int64_t> ask(std::string_view text);

  Upstreams& upstreams_;
  Queries& queries_;
  const Clock& clock_;
  LruMap<std::uint64_t, std::uint32_t> known_;
  Instant paused_until_{};
};

}  // namespace keep
