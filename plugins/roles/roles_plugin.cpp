#include "plugins/roles/roles_plugin.hpp"

#include "exchange/large_request.hpp"
#include "openai/roles/role_fit.hpp"

#include <utility>

namespace keep::roles {

namespace {

class RolesStage final : public Stage {
 public:
  RolesStage(ChatTemplates& templates, Pool& cpu) : templates_(templates), cpu_(cpu) {}

  MaybeTask<> on_upstream_request(Exchange& exchange) override { return put_in_order(exchange); }
  MaybeTask<> on_count(Exchange& exchange) override { return put_in_order(exchange); }

 private:
  MaybeTask<> put_in_order(Exchange& exchange) {
    const bool fits = openai::roles_fit(exchange.chat, exchange.request_edits,
                                        exchange.attempt_edits, openai::kStrictest);
    if (fits) return Result<>{};
    return ask_template(exchange);
  }

  Task<> ask_template(Exchange& exchange) {
    const auto orders = co_await templates_.orders(exchange.route.upstream);
    if (!orders) co_return Result<>{};
    auto job = [&exchange, orders = *orders] {
      return openai::fit_roles(exchange.chat, exchange.request_edits, exchange.attempt_edits,
                               orders);
    };
    openai::BodyEdits edits = co_await off_loop(cpu_, is_large(exchange), job);
    for (openai::BodyEdit& edit : edits) exchange.attempt_edits.push_back(std::move(edit));
    co_return Result<>{};
  }

  ChatTemplates& templates_;
  Pool& cpu_;
};

class RolesPlugin final : public Plugin {
 public:
  RolesPlugin(Services& services, ChatTemplates& templates)
      : templates_(templates), cpu_(services.pools.cpu) {}

  std::string_view name() const noexcept override { return "roles"; }
  std::unique_ptr<Stage> begin(Exchange& exchange) override {
    if (!exchange.chat.messages_raw.is_array()) return nullptr;
    return std::make_unique<RolesStage>(templates_, cpu_);
  }

 private:
  ChatTemplates& templates_;
  Pool& cpu_;
};

}  // namespace

std::unique_ptr<Plugin> make_roles(Services& services, ChatTemplates& templates) {
  return std::make_unique<RolesPlugin>(services, templates);
}

}  // namespace keep::roles
