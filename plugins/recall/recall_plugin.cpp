#include "plugins/recall/recall_plugin.hpp"

#include "plugins/recall/choose/fact_ranker.hpp"
#include "plugins/recall/recall_stage.hpp"

#include <utility>

namespace keep::recall {

namespace {

class RecallPlugin final : public Plugin {
 public:
  RecallPlugin(RecallSettings settings, Services& services, const RecallSources& sources)
      : shared_(std::move(settings), services, sources) {
    sources.conversations.attach(observer_);
  }

  std::string_view name() const noexcept override { return "recall"; }
  Task<> start() override;
  Task<> stop() override;
  std::unique_ptr<Stage> begin(Exchange& exchange) override {
    if (exchange.surface == openai::Surface::kPassThrough) return nullptr;
    return begin_stage(shared_, exchange);
  }
  void report(json::Writer& health) const override;

 private:
  // What is ended is forgotten here as well.
  class Observer final : public ConversationObserver {
   public:
    explicit Observer(Shared& shared) : shared_(shared) {}
    void forget(const ConversationName& name) override {
      shared_.search.forget(name);
      if (shared_.vectors) shared_.vectors->forget(name);
      shared_.frozen.forget(hash_of(name));
    }
    // Its sidecar has the blocks as they were before.
    void cut(const ConversationName& name, Position end) override {
      shared_.search.cut(name, end);
      if (shared_.vectors) shared_.vectors->cut(name, end);
      shared_.frozen.forget(hash_of(name));
    }
    std::size_t index_entries(const ConversationName& name) const override {
      return shared_.search.index_entries(name);
    }
    std::size_t memory_bytes() const override {
      const std::size_t vectors = shared_.vectors ? shared_.vectors->memory_bytes() : 0;
      return shared_.search.memory_bytes() + vectors + shared_.frozen.bytes();
    }

   private:
    Shared& shared_;
  };

  Shared shared_;
  Observer observer_{shared_};
};

Task<> RecallPlugin::start() {
  if (shared_.vectors) shared_.vectors->start();
  co_return Result<>{};
}

Task<> RecallPlugin::stop() {
  if (shared_.vectors) co_await shared_.vectors->stop();
  co_return Result<>{};
}

void RecallPlugin::report(json::Writer& health) const {
  health.key("recall").begin_object();
  health.member("memory_bytes", observer_.memory_bytes());
  if (shared_.vectors) shared_.vectors->report(health);
  health.end_object();
}

}  // namespace

std::unique_ptr<Plugin> make_recall(RecallSettings settings, Services& services,
                                    const RecallSources& sources) {
  return std::make_unique<RecallPlugin>(std::move(settings), services, sources);
}

std::shared_ptr<const TextRanker> make_ranker() { return std::make_shared<FactRanker>(); }

}  // namespace keep::recall
