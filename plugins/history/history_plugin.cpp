#include "plugins/history/history_plugin.hpp"

#include "base/json/json.hpp"
#include "base/log.hpp"
#include "exchange/interfaces/conversations.hpp"
#include "plugins/history/history_stage.hpp"

#include <string>
#include <utility>
#include <vector>

namespace keep::history {

namespace {

class HistoryPlugin final : public LendingPlugin<Conversations> {
 public:
  HistoryPlugin(HistorySettings settings, Services& services, const Servers& servers)
      : shared_(std::move(settings), services, servers, *this) {}

  std::string_view name() const noexcept override { return "history"; }
  Task<> start() override;
  Task<> stop() override;
  std::unique_ptr<Stage> begin(Exchange& exchange) override {
    if (exchange.surface == openai::Surface::kPassThrough) return nullptr;
    return make_stage(shared_);
  }
  asio::awaitable<Reply> on_endpoint(const Exchange& exchange) override;
  void report(json::Writer& health) const override;
  bool degraded() const override { return shared_.store.trouble().any(); }

  Task<std::vector<StoredMessage>> read(ConversationName name, Position from,
                                        std::size_t max_bytes) override;
  bool has(const ConversationName& name) const override {
    return shared_.store.find(name).has_value();
  }
  Task<std::string> read_sidecar(ConversationName name, Sidecar which) override;
  Task<> write_sidecar(ConversationName name, Sidecar which, std::string text) override;
  void attach(ConversationObserver& observer) override { shared_.endpoints.attach(observer); }

 private:
  Shared shared_;
};

Task<> HistoryPlugin::start() {
  if (shared_.settings.folder.empty()) {
    co_return Error(Fault::kStorage, Side::kInternal, "history.folder: no place to keep anything");
  }
  co_return co_await shared_.store.open();
}

// What ended last may still wait.
Task<> HistoryPlugin::stop() {
  co_await shared_.store.write_all();
  co_await shared_.store.put_away();
  const std::uint64_t lost = shared_.store.trouble().refused_bytes();
  if (lost > 0) log::error("conversations lost what is not on disk", {{"bytes", lost}});
  co_return Result<>{};
}

asio::awaitable<Reply> HistoryPlugin::on_endpoint(const Exchange& exchange) {
  return shared_.endpoints.answer(exchange);
}

void HistoryPlugin::report(json::Writer& health) const {
  const Totals totals = shared_.store.totals();
  health.key("history").begin_object();
  health.member("conversations", totals.conversations).member("messages", totals.messages);
  health.member("turns", totals.turns).member("tokens", totals.tokens);
  health.member("disk_bytes", totals.disk_bytes).member("open", totals.open);
  health.member("unwritten_bytes", shared_.store.trouble().refused_bytes());
  health.member("lost_messages", shared_.store.trouble().lost_messages()).end_object();
}

Task<std::vector<StoredMessage>> HistoryPlugin::read(ConversationName name, Position from,
                                                     std::size_t max_bytes) {
  auto job = [from, max_bytes](ConversationLog& log) { return log.read(from, max_bytes); };
  co_return co_await shared_.store.with(std::move(name), false, std::move(job));
}

Task<std::string> HistoryPlugin::read_sidecar(ConversationName name, Sidecar which) {
  auto job = [which](ConversationLog& log) { return log.sidecar(which); };
  co_return co_await shared_.store.with(std::move(name), false, std::move(job));
}

Task<> HistoryPlugin::write_sidecar(ConversationName name, Sidecar which, std::string text) {
  auto job = [which, text = std::move(text)](ConversationLog& log) {
    return log.set_sidecar(which, text);
  };
  co_return co_await shared_.store.with(std::move(name), false, std::move(job));
}

}  // namespace

std::unique_ptr<LendingPlugin<Conversations>> make_history(HistorySettings settings,
                                                           Services& services,
                                                           const Servers& servers) {
  return std::make_unique<HistoryPlugin>(std::move(settings), services, servers);
}

}  // namespace keep::history
