// A SlotArchive that keeps what it is told in memory: it can be held up, and made to fail.
#pragma once

#include "exchange/interfaces/slot_archive.hpp"
#include "tests/unit/plugins/slots/fakes.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace keep::slots::test {

class FakeArchive final : public SlotArchive {
 public:
  FakeArchive(asio::io_context& loop, FakeUpstreams& upstreams)
      : loop_(loop), upstreams_(upstreams) {}

  std::int64_t cost_of_losing(std::size_t, const SlotContent& content) const noexcept override {
    const auto cost = costs.find(content.owner->conversation.id);
    return cost == costs.end() ? 0 : cost->second;
  }
  bool wants(SlotPlace, const SlotContent&) const noexcept override { return wants_all; }
  Task<> keep(SlotPlace place, SlotContent content) override {
    const std::string name = content.owner->conversation.id;
    calls.push_back("keep " + name + "@" + std::to_string(place.slot));
    co_await work();
    if (error) co_return *error;
    stored[name] = content.tokens;
    co_return Result<>{};
  }
  std::int64_t has(std::size_t, const WantedPrompt& prompt) const noexcept override {
    const auto at = stored.find(prompt.owner->conversation.id);
    return at == stored.end() || at->second <= prompt.there ? 0 : at->second;
  }
  Task<std::int64_t> bring_back(SlotPlace place, WantedPrompt prompt) override {
    const std::string name = prompt.owner->conversation.id;
    calls.push_back("bring back " + name + "@" + std::to_string(place.slot));
    co_await work();
    if (error) co_return *error;
    if (!finds) co_return 0;
    const auto slot = static_cast<std::size_t>(place.slot);
    upstreams_.servers[place.upstream]->control.state[slot].held_tokens = stored[name];
    co_return stored[name];
  }

  std::map<std::string, std::int64_t> stored, costs;  // by conversation, tokens
  std::vector<std::string> calls;
  std::optional<Error> error;
  bool wants_all = true, finds = true, hold = false, throws = false;
  int cut_short = 0;

 private:
  asio::awaitable<void> work() {
    asio::steady_timer tick(loop_);
    try {
      do {
        tick.expires_after(std::chrono::milliseconds(1));
        co_await tick.async_wait(asio::use_awaitable);
      } while (hold);
    } catch (const std::exception&) {
      ++cut_short;
      throw;
    }
    if (throws) throw std::runtime_error("the disk is on fire");
  }

  asio::io_context& loop_;
  FakeUpstreams& upstreams_;
};

}  // namespace keep::slots::test
