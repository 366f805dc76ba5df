// Services of an upstream that is not there.
#pragma once

#include "exchange/services.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace keep::test {

class NoQueries final : public Queries {
 public:
  Task<std::string> post(std::size_t, std::string, std::string) override {
    co_return Error(Fault::kRefused, Side::kUpstream, "no llama-server");
  }
};

// One token for each byte: plain to reckon with.
class ByteTokenizer final : public Tokenizer {
 public:
  asio::awaitable<std::int64_t> count(std::uint64_t, std::string_view text) override {
    co_return static_cast<std::int64_t>(text.size());
  }
  std::int64_t estimate(std::size_t bytes) const noexcept override {
    return static_cast<std::int64_t>(bytes);
  }
};

}  // namespace keep::test
