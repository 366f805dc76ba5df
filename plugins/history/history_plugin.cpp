#include "plugins/history/history_plugin.hpp"

#include "base/json/json.hpp"
#include "base/log.hpp"
#include "exchange/conversations.hpp"
#include "plugins/history/history_stage.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace keep::history {

namespace {

class HistoryPlugin final : public Plugin, public Conversations {
 public:
  explicit HistoryPlugin(HistorySettings settings) : shared_(std::move(settings)) {}

  std::string_view name() const noexcept override { return "history"; }
  Task<> start(Services& services) override;
  Task<> stop() override;
  std::unique_ptr<Stage> begin(Exchange& exchange) override {
    if (exchange.surface == openai::Surface::kPassThrough) return nullptr;
    return make_stage(shared_);
  }
  asio::awaitable<Reply> on_endpoint(const Exchange& exchange) override;
  void report(json::Writer& health) const override;
  bool degraded() const override { return shared_.shelf->trouble().any(); }

  Task<std::vector<StoredMessage>> read(ConversationName name, Position from,
                                        std::size_t max_bytes) override;
  bool has(const ConversationName& name) const override {
    return shared_.shelf->find(name).has_value();
  }
  Task<std::string> read_sidecar(ConversationName name, Sidecar which) override;
  Task<> write_sidecar(ConversationName name, Sidecar which, std::string text) override;
  void attach(ConversationKeeper& keeper) override { shared_.endpoints->attach(keeper); }

 private:
  Shared shared_;
};

Task<> HistoryPlugin::start(Services& services) {
  shared_.services = &services;
  shared_.metrics.emplace(services.metrics);
  ShelfSettings shelf;
  if (shared_.settings.folder.empty()) {
    co_return Error(Fault::kStorage, Side::kInternal, "history.folder: no place to keep anything");
  }
  shelf.folder = shared_.settings.folder + "/conversations";
  shelf.max_open = shared_.settings.max_open;
  shelf.max_bytes = shared_.settings.max_bytes;
  shelf.ttl = std::chrono::duration_cast<std::chrono::seconds>(shared_.settings.ttl);
  shelf.on_removed = [this](const ConversationName& name) {
    shared_.zones->forget(name);
    shared_.endpoints->removed(name);
  };
  shared_.shelf.emplace(services, std::move(shelf));
  shared_.endpoints.emplace(services, *shared_.shelf, shared_.settings);
  shared_.zones.emplace(services, shared_.settings, *shared_.metrics);
  auto opened = co_await shared_.shelf->open();
  if (!opened) co_return opened.error();
  services.conversations = this;
  co_return Result<>{};
}

// What ended last may still wait.
Task<> HistoryPlugin::stop() {
  if (!shared_.shelf) co_return Result<>{};
  co_await shared_.shelf->write_all();
  co_await shared_.shelf->put_away();
  const std::uint64_t lost = shared_.shelf->trouble().refused_bytes();
  if (lost > 0) log::error("conversations lost what is not on disk", {{"bytes", lost}});
  co_return Result<>{};
}

asio::awaitable<Reply> HistoryPlugin::on_endpoint(const Exchange& exchange) {
  return shared_.endpoints->answer(exchange);
}

void HistoryPlugin::report(json::Writer& health) const {
  const Totals totals = shared_.shelf->totals();
  health.key("history").begin_object();
  health.member("conversations", totals.conversations).member("messages", totals.messages);
  health.member("turns", totals.turns).member("tokens", totals.tokens);
  health.member("disk_bytes", totals.disk_bytes).member("open", totals.open);
  health.member("unwritten_bytes", shared_.shelf->trouble().refused_bytes());
  health.member("lost_messages", shared_.shelf->trouble().lost_messages()).end_object();
}

Task<std::vector<StoredMessage>> HistoryPlugin::read(ConversationName name, Position from,
                                                     std::size_t max_bytes) {
  auto job = [from, max_bytes](ConversationLog& log) { return log.read(from, max_bytes); };
  co_return co_await shared_.shelf->with(std::move(name), false, std::move(job));
}

Task<std::string> HistoryPlugin::read_sidecar(ConversationName name, Sidecar which) {
  auto job = [which](ConversationLog& log) { return log.sidecar(which); };
  co_return co_await shared_.shelf->with(std::move(name), false, std::move(job));
}

Task<> HistoryPlugin::write_sidecar(ConversationName name, Sidecar which, std::string text) {
  auto job = [which, text = std::move(text)](ConversationLog& log) {
    return log.set_sidecar(which, text);
  };
  co_return co_await shared_.shelf->with(std::move(name), false, std::move(job));
}

}  // namespace

std::unique_ptr<Plugin> make_history(HistorySettings settings) {
  return std::make_unique<HistoryPlugin>(std::move(settings));
}

}  // namespace keep::history
