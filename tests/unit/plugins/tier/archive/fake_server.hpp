// A llama-server with slots that are saved to a folder and restored from it, without a model.
#pragma once

#include "base/json/json.hpp"
#include "base/os/posix_file_system.hpp"
#include "exchange/interfaces/upstreams.hpp"
#include "tests/unit/plugins/tier/slot_file/fake_slot_file.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace keep::tier::test {

class FakeSlotFiles final : public SlotControl {
 public:
  FakeSlotFiles(asio::io_context& loop, std::string at) : folder(std::move(at)), loop_(loop) {}

  Task<std::vector<SlotState>> list() override { co_return states; }
  Task<> erase(int) override { co_return Result<>{}; }
  Task<SlotTransfer> save(int slot, std::string name) override {
    co_await asio::post(loop_, asio::use_awaitable);
    ++saves;
    if (on_save) on_save();
    if (error) co_return *error;
    FakeSlotFile file = FakeSlotFile::with(slots[static_cast<std::size_t>(slot)].size());
    file.tokens = slots[static_cast<std::size_t>(slot)];
    file.streams = streams;
    file.used = static_cast<std::uint32_t>(slot) % streams;
    file.behind = behind;
    file.model = model;
    const std::string bytes = file.file();
    const auto out = files_.open(folder + "/" + name, File::Mode::kCreate);
    if (!out || !(*out)->write_at(0, bytes)) co_return Error();
    SlotTransfer transfer;
    transfer.tokens = static_cast<std::int64_t>(file.tokens.size());
    transfer.bytes = static_cast<std::int64_t>(bytes.size());
    co_return transfer;
  }
  Task<SlotTransfer> restore(int slot, std::string name) override {
    co_await asio::post(loop_, asio::use_awaitable);
    ++restores;
    std::vector<TokenId>& held = slots[static_cast<std::size_t>(slot)];
    held.clear();
    if (error) co_return *error;
    const auto file = files_.open(folder + "/" + name, File::Mode::kRead);
    if (!file) co_return file.error();
    const auto read = SlotFile::read(**file);
    if (!read || read->streams().count != streams) {
      co_return Error(Fault::kStorage, Side::kUpstream, "refused");
    }
    held = read->tokens();
    // All is as it was when it was saved: whole files are compared, but for sequence numbers.
    rows = *read->rows(**file, 0, held.size());
    SlotTransfer transfer;
    transfer.tokens = static_cast<std::int64_t>(held.size());
    co_return transfer;
  }

  std::string folder;
  std::vector<std::vector<TokenId>> slots{4};
  std::uint32_t streams = 1;
  std::vector<SlotState> states;
  std::uint16_t model = 0;
  std::string behind;  // the layers
  std::string rows;    // of the last restore
  std::optional<Error> error;
  std::function<void()> on_save;
  int saves = 0, restores = 0;

 private:
  asio::io_context& loop_;
  PosixFileSystem files_;
};

class FakeServer final : public Upstream {
 public:
  FakeServer(asio::io_context& loop, std::string folder) : control(loop, std::move(folder)) {
    server.model_path = "/models/a.gguf";
    server.total_slots = 4;
  }
  std::string_view url() const noexcept override { return "http://host"; }
  bool healthy() const noexcept override { return up; }
  bool loading() const noexcept override { return false; }
  const ServerProps& props() const noexcept override { return server; }
  SlotControl& slots() noexcept override { return control; }
  std::int64_t pool_tokens() const noexcept override { return 0; }

  FakeSlotFiles control;
  ServerProps server;
  bool up = true;
};

// Reads a prompt of tokens into a slot.
class FakeCompletions final : public Queries {
 public:
  explicit FakeCompletions(Upstreams& servers) : servers_(servers) {}
  Task<std::string> post(std::size_t upstream, std::string target, std::string body) override {
    if (target != "/completion") co_return Error(Fault::kNotFound, Side::kUpstream, target);
    const auto root = json::validate(body);
    std::vector<TokenId> tokens;
    for (const json::Value token : root->find("prompt").elements()) {
      tokens.push_back(static_cast<TokenId>(token.integer().value_or(0)));
    }
    auto& control = static_cast<FakeSlotFiles&>(servers_.at(upstream).slots());
    control.slots.at(static_cast<std::size_t>(root->find("id_slot").integer().value_or(0))) =
        tokens;
    ++asked;
    co_return "{}";
  }
  int asked = 0;

 private:
  Upstreams& servers_;
};

class FakeServers final : public Upstreams {
 public:
  std::size_t size() const noexcept override { return servers.size(); }
  Upstream& at(std::size_t index) noexcept override { return *servers[index]; }
  bool suits(std::size_t, const ServerDemand&) const noexcept override { return true; }
  void on_change(std::function<void(std::size_t)> callback) override { changed = callback; }

  std::vector<std::unique_ptr<FakeServer>> servers;
  std::function<void(std::size_t)> changed;
};

}  // namespace keep::tier::test
