// PipelineStage: every plugin, with one llama-server that always has a slot and says what the input
// wants it to say. One for the whole run: what earlier inputs have left is part of the test.
#pragma once

#include "base/os/posix_file_system.hpp"
#include "exchange/interfaces/services.hpp"
#include "flow/pipeline.hpp"
#include "plugins/plugin_list.hpp"
#include "tests/unit/plugins/fake_services.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace keep::fuzz {

class OneServer final : public Upstreams, public Upstream, public SlotControl {
 public:
  OneServer();
  std::size_t size() const noexcept override { return 1; }
  Upstream& at(std::size_t) noexcept override { return *this; }
  bool suits(std::size_t, const ServerDemand&) const noexcept override { return true; }
  void on_change(std::function<void(std::size_t)>) override {}
  std::string_view url() const noexcept override { return "http://host:1"; }
  bool healthy() const noexcept override { return true; }
  bool loading() const noexcept override { return false; }
  const ServerProps& props() const noexcept override { return props_; }
  SlotControl& slots() noexcept override { return *this; }
  std::int64_t pool_tokens() const noexcept override { return 0; }
  Task<std::vector<SlotState>> list() override { co_return slots_; }
  Task<> erase(int) override { co_return Result<>{}; }
  Task<SlotTransfer> save(int, std::string) override { co_return SlotTransfer(); }
  Task<SlotTransfer> restore(int, std::string) override { co_return SlotTransfer(); }

 private:
  ServerProps props_;
  std::vector<SlotState> slots_;
};

// A template that wants everything in order.
class StrictTemplates final : public ChatTemplates {
 public:
  asio::awaitable<std::optional<openai::RoleOrders>> orders(std::size_t) override {
    co_return openai::kStrictest;
  }
};

class PipelineStage {
 public:
  PipelineStage();
  // All phases of one exchange that is answered with `answer`, a word at a time.
  void run(Exchange& exchange, const std::string& answer);

 private:
  asio::awaitable<void> play(Exchange& exchange, const std::string& answer);
  asio::awaitable<bool> attempt(Exchange& exchange, Stages& stages, const std::string& answer);
  void wait_for(asio::awaitable<void> task);

  PosixFileSystem files_;
  asio::io_context loop_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{loop_.get_executor()};
  Pools pools_{1, 1};
  SteadyClock clock_;
  Metrics metrics_;
  Spawner spawner_{loop_};
  OneServer server_;
  test::NoQueries queries_;
  test::ByteTokenizer tokenizer_;
  StrictTemplates templates_;
  Services services_{loop_, pools_, clock_, files_, metrics_, spawner_};
  const Servers servers_{server_, queries_, tokenizer_, templates_};
  const Tenancy tenancy_;
  std::optional<Pipeline> pipeline_;
};

}  // namespace keep::fuzz
