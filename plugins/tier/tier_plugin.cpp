#include "plugins/tier/tier_plugin.hpp"

#include "plugins/tier/archive/archive.hpp"

namespace keep::tier {

namespace {

class TierStage final : public Stage {
 public:
  explicit TierStage(TierArchive& archive) : archive_(archive) {}
  void on_finish(const Exchange& exchange, const Outcome&) noexcept override {
    archive_.answered(exchange);
  }

 private:
  TierArchive& archive_;
};

class RamTier final : public TierPlugin {
 public:
  RamTier(const TierSettings& settings, Services& services, const Servers& servers)
      : archive_(settings, services, servers) {}

  std::string_view name() const noexcept override { return "tier"; }
  Task<> start() override { return archive_.start(); }
  std::unique_ptr<Stage> begin(Exchange& exchange) override {
    if (!exchange.dialect->generates()) return nullptr;
    return std::make_unique<TierStage>(archive_);
  }
  SlotArchive& archive() noexcept override { return archive_; }
  ConversationObserver& observer() noexcept override { return archive_; }

 private:
  TierArchive archive_;
};

}  // namespace

std::unique_ptr<TierPlugin> make_tier(const TierSettings& settings, Services& services,
                                      const Servers& servers) {
  return std::make_unique<RamTier>(settings, services, servers);
}

}  // namespace keep::tier
