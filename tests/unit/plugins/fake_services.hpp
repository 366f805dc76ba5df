// Services that do nothing, of an upstream that is not there.
#pragma once

#include "base/time/clock.hpp"
#include "exchange/interfaces/services.hpp"
#include "exchange/interfaces/tenancy.hpp"
#include "exchange/interfaces/upstreams.hpp"
#include "tests/support/faulty_file_system.hpp"
#include "tests/support/hand_clock.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace keep::test {

class NoUpstreams final : public Upstreams {
 public:
  std::size_t size() const noexcept override { return 0; }
  Upstream& at(std::size_t) noexcept override { std::terminate(); }
  bool suits(std::size_t, const ServerDemand&) const noexcept override { return false; }
  void on_change(std::function<void(std::size_t)>) override {}
};

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

class NoTemplates final : public ChatTemplates {
 public:
  asio::awaitable<std::optional<openai::RoleOrders>> orders(std::size_t) override {
    co_return std::nullopt;
  }
};

class FakeServices {
 protected:
  FaultyFileSystem files_;
  asio::io_context loop_;
  // While all that is under way is in a pool the loop must not take that for the end.
  asio::executor_work_guard<asio::io_context::executor_type> work_{loop_.get_executor()};
  Pools pools_{1, 2};
  HandClock clock_;
  Metrics metrics_;
  Spawner spawner_{loop_};
  NoUpstreams upstreams_;
  NoQueries queries_;
  ByteTokenizer tokenizer_;
  NoTemplates templates_;
  Services services_{loop_, pools_, clock_, files_, metrics_, spawner_};
  const Servers servers_{upstreams_, queries_, tokenizer_, templates_};
};

}  // namespace keep::test
