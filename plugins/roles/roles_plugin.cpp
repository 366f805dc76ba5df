#include "plugins/roles/roles_plugin.hpp"

#include "openai/roles/role_fit.hpp"

#include <utility>

namespace keep::roles {

namespace {

class RolesPlugin final : public Plugin {
 public:
  std::string_view name() const noexcept override { return "roles"; }

  Task<> start(Services& services) override {
    services_ = &services;
    co_return Result<>{};
  }

  Task<> on_upstream_request(Exchange& exchange) override { return put_in_order(exchange); }
  Task<> on_count(Exchange& exchange) override { return put_in_order(exchange); }

 private:
  Task<> put_in_order(Exchange& exchange) {
    if (!exchange.chat.messages_raw.is_array() || fit(exchange, openai::kStrictest).empty()) {
      co_return Result<>{};
    }
    const auto orders = co_await services_->templates.orders(exchange.route.upstream);
    if (!orders) co_return Result<>{};
    for (openai::BodyEdit& edit : fit(exchange, *orders)) {
      exchange.attempt_edits.push_back(std::move(edit));
    }
    co_return Result<>{};
  }

  static openai::BodyEdits fit(const Exchange& exchange, const openai::RoleOrders& orders) {
    return openai::fit_roles(exchange.chat, exchange.request_edits, exchange.attempt_edits, orders);
  }

  Services* services_ = nullptr;
};

}  // namespace

std::unique_ptr<Plugin> make_roles() { return std::make_unique<RolesPlugin>(); }

}  // namespace keep::roles
