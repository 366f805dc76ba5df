#include "plugins/roles/roles_plugin.hpp"

#include "openai/roles/role_fit.hpp"

#include <utility>

namespace keep::roles {

namespace {

class RolesStage final : public Stage {
 public:
  explicit RolesStage(ChatTemplates& templates) : templates_(templates) {}

  MaybeTask<> on_upstream_request(Exchange& exchange) override { return put_in_order(exchange); }
  MaybeTask<> on_count(Exchange& exchange) override { return put_in_order(exchange); }

 private:
  MaybeTask<> put_in_order(Exchange& exchange) {
    if (fit(exchange, openai::kStrictest).empty()) return Result<>{};
    return ask_template(exchange);
  }

  Task<> ask_template(Exchange& exchange) {
    const auto orders = co_await templates_.orders(exchange.route.upstream);
    if (!orders) co_return Result<>{};
    for (openai::BodyEdit& edit : fit(exchange, *orders)) {
      exchange.attempt_edits.push_back(std::move(edit));
    }
    co_return Result<>{};
  }

  static openai::BodyEdits fit(const Exchange& exchange, const openai::RoleOrders& orders) {
    return openai::fit_roles(exchange.chat, exchange.request_edits, exchange.attempt_edits, orders);
  }

  ChatTemplates& templates_;
};

class RolesPlugin final : public Plugin {
 public:
  std::string_view name() const noexcept override { return "roles"; }

  Task<> start(Services& services) override {
    templates_ = &services.templates;
    co_return Result<>{};
  }
  std::unique_ptr<Stage> begin(Exchange& exchange) override {
    if (!exchange.chat.messages_raw.is_array()) return nullptr;
    return std::make_unique<RolesStage>(*templates_);
  }

 private:
  ChatTemplates* templates_ = nullptr;
};

}  // namespace

std::unique_ptr<Plugin> make_roles() { return std::make_unique<RolesPlugin>(); }

}  // namespace keep::roles
